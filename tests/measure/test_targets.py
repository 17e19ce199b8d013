"""`hwlint device add`, `remove` and `list`: where models are measured."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from hwlint.cli import hwlint as command
from hwlint.engine.errors import UserError
from hwlint.engine.measure_targets import MeasureTarget
from hwlint.measure.targets import (
    add_target,
    all_targets,
    find_measure_target,
    remove_target,
    targets_file,
)
from hwlint.profile.errors import UnknownDevice

Project = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    """Return a function that runs `hwlint device ...` in here and gives what it printed."""
    monkeypatch.chdir(tmp_path)

    def shown(*arguments: str) -> str:
        done = CliRunner().invoke(command, ["device", *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    return shown


def test_added_listed_and_removed(run: Callable[..., str]):
    said = run("add", "pi", "--profile", "raspberry-pi-5", "--ssh", "pi@board", "--python", "py3")
    assert said == f"pi: raspberry-pi-5, ssh pi@board, onnxruntime. Wrote {targets_file()}.\n"
    run("add", "board 2".replace(" ", "-"), "--profile", "h100", "--command", "measure {model}")
    run("add", "here", "--profile", "raspberry-pi-5", "--runner", "torch")
    shown = run("list").splitlines()
    below = shown[shown.index("Targets to measure on") + 1 :]
    assert [line.split("  ")[0] for line in below if line] == ["board-2", "pi", "here"]
    assert [word for line in below for word in line.split("  ") if "pi@" in word] == [
        "ssh pi@board"
    ]
    listed = {p["id"]: p["targets"] for p in json.loads(run("list", "--output-format", "json"))}
    assert listed["h100-sxm"] == [
        {
            "name": "board-2",
            "profile": "h100",
            "command": "measure {model}",
            "runner": "onnxruntime",
        }
    ]
    assert [target["name"] for target in listed["raspberry-pi-5"]] == ["pi", "here"]
    assert "pi@board" not in run("list", "--kind", "gpu")
    run("remove", "pi")
    assert set(all_targets(None)) == {"board-2", "here"}


PI = MeasureTarget("pi", "raspberry-pi-5", "ssh", "pi@board")


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        (MeasureTarget("pi", "raspberry-pi-5", "ssh", "-oProxyCommand=x"), "--ssh: .* no host"),
        (MeasureTarget("pi", "raspberry-pi-5", "ssh", "pi board"), "--ssh: .* no host"),
        (MeasureTarget("pi", "raspberry-pi-5", "dask", "farm"), "--dask: .*tcp://host:8786"),
        (MeasureTarget("pi", "raspberry-pi-5", "command", " "), "--command: "),
        (MeasureTarget("pi", "raspberry-pi-5", "command", "run 'it"), "--command: cannot be split"),
        (MeasureTarget("pi", "raspberry-pi-5", "command", "run"), "--command: {model} is missing"),
        (MeasureTarget("pi", "h100", "command", "run {mdel}"), 'did you mean "model"'),
        (MeasureTarget("pi", "raspberry-pi-5", runner="tourch"), 'did you mean "torch"'),
        (MeasureTarget("../pi", "raspberry-pi-5"), "NAME: a name has letters"),
        (MeasureTarget("h100", "raspberry-pi-5"), "is the profile of NVIDIA H100"),
        (MeasureTarget("local", "raspberry-pi-5"), "local is this computer's"),
    ],
)
def test_what_cannot_be_added(target: MeasureTarget, problem: str):
    with pytest.raises(UserError, match=problem):
        add_target(target, None)
    assert not targets_file().exists()


def test_an_unknown_profile_and_a_name_that_is_taken():
    with pytest.raises(UnknownDevice, match='did you mean "raspberry-pi-5"'):
        add_target(MeasureTarget("pi", "rasberry-pi-5"), None)
    add_target(PI, None)
    other = MeasureTarget("pi", "raspberry-pi-4")
    with pytest.raises(UserError, match=r"a target pi already \(ssh pi@board\): --replace"):
        add_target(other, None)
    add_target(other, None, replace=True)
    found = find_measure_target("pi", None)
    assert found is not None
    assert (found.profile, found.way()) == ("raspberry-pi-4", "local")
    with pytest.raises(UserError, match='has no target "pie"; did you mean "pi"'):
        remove_target("pie")


def test_what_stands_in_the_file_besides_stays():
    file = targets_file()
    add_target(PI, None)
    text = file.read_text() + "\n# The old one.\n[targets.old]\nprofile = 'raspberry-pi-4' # 4 GB\n"
    file.write_text(text)
    remove_target("pi")
    assert file.read_text().splitlines()[-3:] == [
        "# The old one.",
        "[targets.old]",
        "profile = 'raspberry-pi-4' # 4 GB",
    ]
    # Nothing is guessed about what is written in another way.
    file.write_text("targets = { a = { profile = 'h100' }, b = { profile = 'h100' } }\n")
    with pytest.raises(UserError, match="written by hand: take a out of it there"):
        remove_target("a")
    assert set(all_targets(None)) == {"a", "b"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[targets.pi]\nprofile = 'h100'\nhost = 'a'\n", r'targets.toml:3: unknown key "host"'),
        ("[targets.pi]\nssh = 'a'\n", r'targets.toml:1: a target needs "profile"'),
        ("[targets.pi\n", r"targets.toml:1: "),
        ("[targets.pi]\nprofile = 5\n", r'targets.toml:2: "profile": a string is needed'),
    ],
)
def test_a_file_that_is_not_right(text: str, problem: str, run: Callable[..., str]):
    targets_file().parent.mkdir(parents=True)
    targets_file().write_text(text)
    with pytest.raises(UserError, match=problem):
        run("list")


def test_a_projects_targets_go_first(project: Project):
    add_target(PI, None)
    root = project(
        {
            ".git/HEAD": "",
            "pyproject.toml": "[tool.hwlint.targets.pi]\nprofile = 'h100'\ndask = 'tcp://a:1'\n",
        }
    )
    found = find_measure_target("pi", root)
    assert found is not None
    assert found.way() == "dask tcp://a:1"
    assert found.origin.endswith("pyproject.toml:1")
    assert all_targets(None)["pi"].way() == "ssh pi@board"
    assert find_measure_target("po", root) is None
    local = find_measure_target("local", root)
    assert local is not None
    assert local.way() == "local"


def test_many_at_once_lose_nothing():
    names = [f"pi-{number}" for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: add_target(MeasureTarget(name, "h100"), None), names))
    assert sorted(all_targets(None)) == sorted(names)
    assert not list(targets_file().parent.glob(".targets-*"))
