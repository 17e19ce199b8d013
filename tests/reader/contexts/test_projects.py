"""Projects in the manner of real ones: what torch builds when they run is what is read of them."""

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent / "projects"
RUNS: Mapping[str, Any] = tomllib.loads((HERE / "runs.toml").read_text(encoding="utf-8"))
NAMES = sorted(RUNS)
RECALL = 0.97
RECALL_OF_ONE = 0.9
"""What each project by itself has to reach: one site of ten may be missed."""

pytestmark = pytest.mark.timeout(900)  # the first test waits for the runs of all projects


@pytest.fixture(scope="module")
def workspaces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the projects, away from this one's settings."""
    target = tmp_path_factory.mktemp("workspaces").resolve()
    ignored = shutil.ignore_patterns("__pycache__")
    for name in NAMES:
        shutil.copytree(HERE / name, target / name, ignore=ignored)
        (target / name / "hwlint.toml").touch()
    return target


@pytest.fixture(scope="module")
def built(workspaces: Path, repository: Path) -> Mapping[str, list[Mapping[str, Any]]]:
    """Return what every run of each project builds, told by torch's constructors."""
    ways = [(name, way) for name in NAMES for way in RUNS[name]["ways"]]
    jobs = [_job(workspaces / name, RUNS[name].get("path", []), way) for name, way in ways]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(repository / "benchmarks" / "_recorder.py")],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        timeout=800,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(answers) == len(jobs), done.stderr
    found: dict[str, list[Mapping[str, Any]]] = {name: [] for name in NAMES}
    for (name, way), answer in zip(ways, answers, strict=True):
        assert answer["ended"].startswith("at "), (name, way, answer["ended"])
        assert answer["sites"], (name, way)
        found[name].append(answer)
    return found


def _job(root: Path, path: list[str], way: str) -> dict[str, Any]:
    folder, _, command = way.rpartition(" && ")
    cwd = folder.removeprefix("cd ") or "."
    return {"root": str(root), "cwd": cwd, "path": path, "argv": command.split()}


@pytest.fixture(scope="module")
def scoring(repository: Path) -> Any:
    """Return the module that compares, which the benchmarks use too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(repository / "benchmarks")
        import _scoring

        return _scoring


@pytest.fixture(scope="module")
def scores() -> dict[str, Any]:
    """Return where the tests of single projects leave their results for the last one."""
    return {}


@pytest.mark.parametrize("name", NAMES)
def test_a_project_is_read_as_torch_builds_it(
    name: str,
    workspaces: Path,
    built: Mapping[str, list[Mapping[str, Any]]],
    scoring: Any,
    scores: dict[str, Any],
    hwlint: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    root = workspaces / name
    options = ["--no-forward", "--output-format", "jsonl"]
    done = hwlint("inspect", root, "--root", root, "--python", sys.executable, *options)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    scores[name] = score = scoring.score(scoring.merge(built[name]), records)
    assert not score.wrong
    assert len(score.missed) <= score.sites * (1 - RECALL_OF_ONE), score.missed


def test_recall_over_all(scores: dict[str, Any]) -> None:
    assert set(scores) == set(NAMES)
    sites = sum(score.sites for score in scores.values())
    missed = sum(len(score.missed) for score in scores.values())
    assert sites > 400
    assert missed <= sites * (1 - RECALL), {n: s.missed for n, s in scores.items() if s.missed}
