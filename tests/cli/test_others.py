import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from hwlint import __version__
from hwlint.cli import hwlint as command
from hwlint.cli import main

Project = Callable[[Mapping[str, str]], Path]
Run = Callable[..., subprocess.CompletedProcess[str]]

NET = """
    import torch.nn as nn


    class Block(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.conv = nn.Conv2d(channels, channels * 2, 3, bias=False)
            self.norm = nn.BatchNorm2d(channels * 2)


    class Net(nn.Module):
        def __init__(self, width=32):
            super().__init__()
            é = nn.ReLU(); self.act = é; self.stem = nn.Conv2d(3, width, (3, 5))
            self.block = Block(width)
            self.head = nn.Linear(64, 10)


    def tiny():
        return Net(width=8)
"""


@pytest.fixture
def net(project: Project) -> Path:
    return project({"pyproject.toml": "[tool.hwlint]\n", "net.py": NET})


def records(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_inspect_shows_the_tree_and_where_numbers_come_from(hwlint: Run, net: Path):
    done = hwlint("inspect", "net.py:tiny", cwd=net)
    assert done.returncode == 0, done.stderr
    head, *lines = done.stdout.splitlines()
    assert head.startswith("tiny (factory)   net.py:20")
    text = "\n".join(lines)
    assert "Conv2d(in_channels=8, out_channels=16" in text
    assert "width 8 (line 21)" in text
    assert "unknown: nothing" in text


def test_inspect_jsonl_has_the_documented_records(hwlint: Run, net: Path):
    done = hwlint("inspect", "net.py", "--output-format", "jsonl", cwd=net)
    read = records(done.stdout)
    layers = [r for r in read if "kind" not in r]
    stem = next(r for r in layers if r["line"] == 15 and r["op"] == "Conv2d")
    assert (stem["file"], stem["class"], stem["context"]) == ("net.py", "Net", "tiny")
    # Bytes before the call, not code points: `é` has two.
    assert stem["col"] == 8 + len("é = nn.ReLU(); self.act = é; self.stem = ".encode())
    args = stem["args"]
    assert isinstance(args, dict)
    assert args["kernel_size"] == [3, 5]
    assert (args["in_channels"], args["out_channels"], args["groups"]) == (3, 8, 1)
    totals = [r for r in read if r.get("kind") == "total"]
    assert {
        "kind": "total",
        "context": "tiny",
        "lib": "net",
        "params": 2202,
        "macs": None,
    } in totals
    assert read[-1] == {"kind": "file", "file": "net.py"}


def test_inspect_paths_are_relative_to_the_root(hwlint: Run, net: Path, tmp_path: Path):
    options = ("--root", tmp_path, "--output-format", "jsonl")
    read = records(hwlint("inspect", net, *options, cwd=tmp_path).stdout)
    assert {r["file"] for r in read if "file" in r} == {"project/net.py"}


def test_inspect_json(hwlint: Run, net: Path):
    done = hwlint("inspect", "net.py", "--output-format", "json", "--context", "tiny", cwd=net)
    (entry,) = json.loads(done.stdout)["entry_points"]
    assert (entry["name"], entry["params"], entry["complete"]) == ("tiny", 2202, True)
    names = [child["name"] for child in entry["model"]["children"]]
    assert names == ["act", "stem", "block", "head"]


def test_inspect_of_a_context_that_is_not_there(hwlint: Run, net: Path):
    done = hwlint("inspect", "net.py", "--context", "huge", cwd=net)
    assert (done.returncode, done.stdout) == (2, "")
    assert 'No entry point called "huge"' in done.stderr


def test_rules_are_listed_and_explained(hwlint: Run):
    listed = hwlint("rule").stdout.splitlines()
    assert any(line.startswith("HW101  misaligned-channels") for line in listed)
    assert any(line.startswith("HW001  syntax-error") for line in listed)
    one = hwlint("rule", "misaligned-channels").stdout
    assert one.startswith("HW101 misaligned-channels (warning by default)\n====")
    assert "Why it costs" in one
    everything = hwlint("rule", "--all").stdout
    assert one.strip() in everything
    assert len(everything.split("\n====")) == len(listed) + 1


def test_a_projects_own_device_is_known(hwlint: Run, net: Path, project: Project):
    project({".hwlint/profiles/mine.toml": 'extends = "h100-sxm"\nname = "Mine"\n'})
    done = hwlint("device", "list", cwd=net)
    assert "mine" in done.stdout, done.stderr
    assert "mine (bf16)" in hwlint("check", "--device", "mine", cwd=net).stdout


def test_config_says_what_is_in_force_and_from_where(hwlint: Run, net: Path, project: Project):
    project({"pyproject.toml": "[tool.hwlint]\nbatch = 4\n"})
    shown = hwlint("config", cwd=net).stdout
    assert "batch = 4  # pyproject.toml:2\n" in shown
    assert 'devices = ["h100-sxm"]  # default\n' in shown
    assert "# h100-sxm computes in bf16\n" in shown


def test_clean_drops_the_caches(hwlint: Run, net: Path):
    hwlint("check", cwd=net)
    assert hwlint("clean").stdout.startswith("Dropped 1 caches in ")
    assert hwlint("clean").stdout.startswith("Dropped 0 caches in ")


def test_version_and_help():
    runner = CliRunner()
    assert runner.invoke(command, ["--version"]).output == f"hwlint {__version__}\n"
    shown = runner.invoke(command, ["check", "-h"])
    assert shown.exit_code == 0
    assert "--min-coverage" in shown.output


def test_an_internal_error_is_one_line_and_debug_names_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("oh\nno")

    monkeypatch.setattr("hwlint.engine.run.check", fail)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(SystemExit) as stop:
        main(["check", str(tmp_path)])
    assert stop.value.code == 2
    said = capsys.readouterr()
    assert said.err.startswith("hwlint: internal error: RuntimeError: oh no (--debug")
    assert said.err.count("\n") == 1
    assert not list(tmp_path.iterdir())
    with pytest.raises(SystemExit):
        main(["check", "--debug", str(tmp_path)])
    (file,) = tmp_path.iterdir()
    assert str(file) in capsys.readouterr().err
    assert "Traceback" in file.read_text()


def test_start_up_imports_little():
    code = "import sys; import hwlint.cli; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"rich", "libcst", "attrs", "attr", "cattrs", "pygls", "asyncio"} & set(done)
