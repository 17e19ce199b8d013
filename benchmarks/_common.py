"""What the benchmarks share: the libraries they read, children that are timed, result files."""

import compileall
import json
import os
import platform
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
CACHE = ROOT / "benchmarks" / ".cache"
TRUTH = ROOT.parent / "shared" / "truth"
"""Where the recorded truth lies unless a flag says otherwise: beside the checkout."""

LIBRARIES = {
    "timm": "1.0.31",
    "torchvision": "0.28.0",
    "transformers": "5.23.0",
    "pytorchcv": "0.0.74",
}


def compile_as_pip_does() -> None:
    """Write the bytecode of hwlint's own files, which pip does when it installs them: where Python
    is told to write none (PYTHONDONTWRITEBYTECODE), each process would compile all anew."""
    for folder in ("server", "rules", "profiles"):
        compileall.compile_dir(ROOT / folder, quiet=1)


def fetch(libraries: Iterable[str], site: Path | None) -> Path:
    """Return a folder that holds the libraries' sources as site-packages would."""
    if site is not None:
        return site
    target = CACHE / "site"
    for name in libraries:
        wanted = f"{name}-{LIBRARIES[name]}"
        if not (target / f"{wanted}.dist-info").is_dir():
            _download(name, target)
    return target


def _download(name: str, target: Path) -> None:
    wheels = CACHE / "wheels"
    requirement = f"{name}=={LIBRARIES[name]}"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    subprocess.run([*pip, "--dest", str(wheels), requirement], check=True)
    wheel = next(wheels.glob(f"{name}-{LIBRARIES[name]}-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)


@dataclass(frozen=True)
class Run:
    """How a child process went."""

    code: int
    wall: float
    """Seconds."""
    peak: float
    """MB of the largest process among the child and all below it."""
    errors: str
    processor: float = 0.0
    """Seconds of all processes that were waited for."""


def run(
    command: Sequence[str | Path], output: Path, *, environment: Mapping[str, str] | None = None
) -> Run:
    """Run a command, its standard output into a file, and watch its time and memory."""
    output.parent.mkdir(parents=True, exist_ok=True)
    errors = output.with_suffix(".stderr")
    start = time.perf_counter()
    with output.open("wb") as out, errors.open("wb") as err:
        child = subprocess.Popen(
            [str(part) for part in command],
            stdout=out,
            stderr=err,
            env=os.environ | (environment or {}),
        )
        watch = _Watch(child.pid)
        watch.start()
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        watch.stop()
        child.returncode = os.waitstatus_to_exitcode(status)
    peak = max(usage.ru_maxrss, watch.peak) / 1024
    used = usage.ru_utime + usage.ru_stime
    return Run(child.returncode, wall, peak, errors.read_text(errors="replace"), used)


class _Watch(threading.Thread):
    """Follow the memory of a process and of all below it, also of those nobody waits for."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._root = pid
        self._done = threading.Event()
        self.peak = 0

    def run(self) -> None:
        while not self._done.wait(0.05):
            for pid in family(self._root):
                self.peak = max(self.peak, _high_water(pid))

    def stop(self) -> None:
        self._done.set()
        self.join()


def family(root: int) -> list[int]:
    """Return a process and all below it."""
    found = [root]
    for pid in found:
        found.extend(_children(pid))
    return found


def _children(pid: int) -> list[int]:
    listed: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            listed += map(int, path.read_text().split())
        except OSError:
            continue
    return listed


def _high_water(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    line = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM: 0")
    return int(line.split()[1])


def hwlint(*arguments: str | Path) -> list[str | Path]:
    """Return the command line that runs hwlint with this interpreter."""
    return [sys.executable, "-m", "hwlint", *arguments]


def printed(
    words: Sequence[str | Path],
    more: Mapping[str, str] | None = None,
    codes: Sequence[int] = (0,),
) -> str:
    """Run a command from the root, with more in its environment; return what it prints, and stop
    where it ends with another code."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | (more or {}),
    )
    if done.returncode not in codes:
        sys.exit(f"{' '.join(map(str, words))}\n{done.stderr[-2000:]}")
    return done.stdout


def processor() -> str:
    """Return the name of the processor."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return ""


def environment() -> dict[str, object]:
    """Say what the numbers were made with."""
    return {
        "hwlint": version("hwlint"),
        "commit": _commit(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "libraries": LIBRARIES,
    }


def _commit() -> str:
    git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]
    done = subprocess.run(git, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Return rows as a Markdown table, padded so that it reads well in a terminal too."""
    heads = list(rows[0])
    cells = [heads, *([_cell(head, row.get(head)) for head in heads] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(heads))]
    cells.insert(1, ["-" * width for width in widths])
    padded = [[t.ljust(w) for t, w in zip(line, widths, strict=True)] for line in cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)


def _cell(head: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, float):
        return f"{value}"
    return f"{value:.1f}" if head.endswith(" s") else f"{value:.4f}"


def record(
    name: str,
    data: Mapping[str, object],
    title: str,
    body: str,
    folder: Path = RESULTS,
    commit: str = "",
) -> None:
    """Write NAME.json and NAME.md, with the command and what it ran on. `commit`: where it ran
    without git."""
    folder.mkdir(parents=True, exist_ok=True)
    made = environment() | ({"commit": commit} if commit else {})
    command = " ".join(["python", f"benchmarks/{name}.py", *_portable(sys.argv[1:])])
    full = {"command": command, "environment": made, **data}
    (folder / f"{name}.json").write_text(json.dumps(full, indent=1) + "\n")
    ran = f"commit {made['commit']}, Python {made['python']}, {made['cores']} cores"
    (folder / f"{name}.md").write_text(f"# {title}\n\n`{command}`: {ran}\n\n{body}\n")


_PLACES = ("--site", "--truth", "--python", "--out", "--commit")


def _portable(arguments: Sequence[str]) -> list[str]:
    """Leave out where this machine keeps things."""
    kept: list[str] = []
    skip = False
    for argument in arguments:
        if not skip and argument not in _PLACES:
            kept.append(argument)
        skip = argument in _PLACES
    return kept
