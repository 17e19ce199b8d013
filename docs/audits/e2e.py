"""Run the tests of the extension in a workbench five times in a row, and write down how they went:
`python docs/audits/e2e.py`. The package is made once, before the first run."""

import datetime as dt
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
RUNS = 5
HEAD = """# The extension in a real workbench, five times

`python docs/audits/e2e.py` makes the package and runs `pytest tests/e2e` {runs} times in a row:
the .vsix is installed into code-server, opened in Chromium, and used. Seconds are wall clock,
starting code-server included; "squiggle" is from the beginning of the installation to the first
finding under the number that is to change. "Load" is the machine's load average before the run.

Made on {date}, {cores} cores, {version}.

| run | passed | failed | seconds | squiggle after | load |
| --- | --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Run:
    """What one run brought."""

    passed: int
    failed: int
    seconds: float
    squiggle: str
    each: dict[str, float]


def main() -> int:
    """Make the package, run, write e2e.md; 1 where a run was not green."""
    with tempfile.TemporaryDirectory() as scratch:
        made = os.environ.get("HWLINT_E2E_PACKAGE")
        package = Path(made) if made else _package()
        runs, rows = [], []
        for number in range(1, RUNS + 1):
            load = os.getloadavg()[0]
            run = _run(package, Path(scratch) / f"{number}.xml")
            runs.append(run)
            rows.append(
                f"| {number} | {run.passed} | {run.failed} | {run.seconds:.0f} "
                f"| {run.squiggle} s | {load:.1f} |"
            )
            sys.stdout.write(rows[-1] + "\n")
    version = subprocess.run(
        ["chromium", "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()
    head = HEAD.format(
        runs=RUNS,
        date=dt.datetime.now(dt.UTC).date(),
        cores=os.cpu_count(),
        version=version,
    )
    (HERE / "e2e.md").write_text(head + "\n".join(rows) + "\n\n" + _slowest(runs))
    return int(any(run.failed for run in runs))


def _package() -> Path:
    folder = REPOSITORY / "extension"
    for old in folder.glob("*.vsix"):
        old.unlink()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "HWLINT_BUNDLE_PYTHON": version}
    for command in (["ci", "--ignore-scripts"], ["run", "package"]):
        subprocess.run(["npm", *command], cwd=folder, env=environment, check=True)
    return next(folder.glob("*.vsix"))


def _run(package: Path, report: Path) -> Run:
    tests = str(REPOSITORY / "tests" / "e2e")
    # Properties of single tests are no part of the newer form of the file.
    form = ["-o", "junit_family=xunit1", f"--junitxml={report}"]
    command = [sys.executable, "-m", "pytest", "-q", *form, tests]
    environment = os.environ | {"CI": "true", "HWLINT_E2E_PACKAGE": str(package)}
    subprocess.run(command, cwd=REPOSITORY, env=environment, check=False)
    suite = next(ET.parse(report).getroot().iter("testsuite"))
    bad = int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
    found = {p.get("name"): p.get("value", "?") for p in suite.iter("property")}
    each = {case.get("name", "?"): float(case.get("time", "0")) for case in suite.iter("testcase")}
    passed = int(suite.get("tests", "0")) - bad
    squiggle = found.get("seconds_from_installing", "?")
    return Run(passed, bad, float(suite.get("time", "0")), squiggle, each)


def _slowest(runs: list[Run]) -> str:
    """The median of each test's time."""
    middle = {
        name: sorted(run.each.get(name, 0.0) for run in runs)[len(runs) // 2]
        for name in runs[0].each
    }
    lines = [f"| {name[5:].replace('_', ' ')} | {middle[name]:.1f} |" for name in middle]
    return "Median seconds of each test:\n\n| test | seconds |\n| --- | --- |\n" + "\n".join(
        [*lines, ""]
    )


if __name__ == "__main__":
    sys.exit(main())
