import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Project = Callable[[Mapping[str, str]], Path]
Run = Callable[..., subprocess.CompletedProcess[str]]

NET = """
    import torch.nn as nn


    class Net(nn.Module):
        def __init__(self, width=100):
            super().__init__()
            self.one = nn.Conv2d(3, width, 3)
            self.two = nn.Conv2d(width, 64, 3)
            self.three = nn.Conv2d(64, 64, 3)
"""
CONFIG = '[tool.hwlint]\ndevices = ["h100-sxm"]\n'


@pytest.fixture
def net(project: Project) -> Path:
    return project({"pyproject.toml": CONFIG, "net.py": NET})


def found(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    return json.loads(done.stdout)["findings"]


def as_json(hwlint: Run, root: Path, *arguments: str | Path) -> list[dict[str, object]]:
    return found(hwlint("check", "--output-format", "json", *arguments, cwd=root))


def test_a_finding_names_the_literal_the_rule_and_the_device(hwlint: Run, net: Path):
    done = hwlint("check", cwd=net)
    assert done.returncode == 0, done.stderr
    assert "net.py:6:30  HW101 misaligned-channels  warning" in done.stdout
    assert "def __init__(self, width=100):" in done.stdout
    assert "= h100-sxm bf16  " in done.stdout
    assert "1 finding (1 warning) in 1 file · h100-sxm (bf16)" in done.stdout
    assert "Read 1 of 1 entry point fully." in done.stdout
    assert done.stderr == ""
    assert "\x1b" not in done.stdout


def test_concise(hwlint: Run, net: Path):
    done = hwlint("check", "--output-format", "concise", cwd=net)
    assert done.stdout.startswith("net.py:6:30: HW101 [misaligned-channels] ")
    assert done.stdout.count("\n") == 1
    assert "Read 1 of 1 entry point fully." in done.stderr


def test_json_says_everything(hwlint: Run, net: Path):
    done = hwlint("check", "--output-format", "json", cwd=net)
    document = json.loads(done.stdout)
    (finding,) = document["findings"]
    assert (finding["path"], finding["line"], finding["column"]) == ("net.py", 6, 30)
    assert finding["contexts"] == {"holds": 1, "of": 1, "worst": "Net"}
    assert document["coverage"]["percent"] == 100
    assert document["targets"] == [{"device": "h100-sxm", "dtype": "bf16"}]


def test_exit_codes(hwlint: Run, net: Path):
    def code(*arguments: str) -> int:
        return hwlint("check", *arguments, cwd=net).returncode

    assert code() == 0
    assert code("--fail-on", "warning") == 1
    assert code("--fail-on", "warning", "--exit-zero") == 0
    assert code("--fail-on", "warning", "--ignore", "HW101") == 0
    assert code("--device", "nothing") == 2
    assert code("nowhere.py") == 2
    assert code("--no-such-option") == 2


def test_severity_makes_an_error_of_it(hwlint: Run, net: Path, project: Project):
    project({"pyproject.toml": CONFIG + 'severity.misaligned-channels = "error"\n'})
    assert hwlint("check", cwd=net).returncode == 1
    project({"pyproject.toml": CONFIG + 'severity.HW1 = "off"\n'})
    assert "No findings in 1 file" in hwlint("check", cwd=net).stdout


@pytest.mark.parametrize("options", [("--ignore", "HW1"), ("--select", "HW2,HW3")])
def test_selection(hwlint: Run, net: Path, options: tuple[str, ...]):
    assert as_json(hwlint, net, *options) == []


def test_one_row_a_device(hwlint: Run, net: Path):
    (finding,) = as_json(hwlint, net, "--device", "h100,ethos-u55-128", "--device", "stm32h743")
    devices = finding["devices"]
    assert isinstance(devices, list)
    assert {row["device"] for row in devices} >= {"h100-sxm", "ethos-u55-128"}


def test_without_a_configured_device_one_is_assumed_and_said(hwlint: Run, project: Project):
    done = hwlint("check", cwd=project({"net.py": NET}))
    assert "No device is configured: assumed h100-sxm in bf16, batch 1, inference" in done.stdout


SILENCED = [
    NET.replace("width=100):", "width=100):  # hwlint: ignore[HW101] as published"),
    NET.replace("width=100):", "width=100):  # hwlint: ignore[misaligned-channels]"),
    NET.replace("width=100):", "width=100):  # hwlint: ignore[HW1]"),
    NET + "\n    # hwlint: ignore-file[HW101]\n",
    NET.replace("nn.Conv2d(width, 64, 3)", "nn.Conv2d(width, 64, 3)  # hwlint: ignore[HW101] why"),
]


@pytest.mark.parametrize("text", SILENCED)
def test_a_comment_at_the_anchor_or_a_related_line_silences(
    hwlint: Run, project: Project, text: str
):
    root = project({"pyproject.toml": CONFIG, "net.py": text})
    done = hwlint("check", cwd=root)
    assert "No findings in 1 file" in done.stdout
    assert "1 finding suppressed by comments." in done.stdout


def test_a_comment_for_another_rule_does_not(hwlint: Run, project: Project):
    text = NET.replace("width=100):", "width=100):  # hwlint: ignore[HW201]")
    told = as_json(hwlint, project({"pyproject.toml": CONFIG, "net.py": text}))
    assert [found["code"] for found in told] == ["HW101", "HW003"]


def test_a_broken_file_is_a_finding_and_the_rest_is_still_read(hwlint: Run, project: Project):
    root = project({"pyproject.toml": CONFIG, "net.py": NET + "\n    def broken(:\n        pass\n"})
    done = hwlint("check", "--output-format", "json", cwd=root)
    assert {f["code"] for f in found(done)} == {"HW001", "HW101"}
    assert done.returncode == 1


def test_naming_paths_only_filters(hwlint: Run, project: Project):
    other = NET.replace("Net", "Other").replace("100", "60")
    root = project(
        {
            "pyproject.toml": CONFIG,
            "net.py": NET,
            "pkg/__init__.py": "",
            "pkg/other.py": other,
            "train.py": """
                from net import Net
                from pkg.other import Other

                first = Net(36)
                second = Other(52)
            """,
            "inner/hwlint.toml": 'devices = ["ethos-u55-128"]\n',
            "inner/net.py": NET,
        }
    )
    everything = as_json(hwlint, root, ".")
    assert {f["path"] for f in everything} == {"train.py", "inner/net.py"}
    for chosen in (["train.py"], ["net.py", "pkg"], ["inner/net.py"], ["inner", "train.py"]):
        filtered = [
            f for f in everything if any(str(f["path"]).startswith(name) for name in chosen)
        ]
        assert as_json(hwlint, root, *chosen) == filtered


def test_what_is_excluded_is_read_where_it_is_named_unless_told_otherwise(
    hwlint: Run, project: Project
):
    config = CONFIG + 'exclude = ["old"]\n'
    root = project({"pyproject.toml": config, "net.py": NET, "old/net.py": NET})
    both = ("net.py", "old/net.py")
    assert {f["path"] for f in as_json(hwlint, root, *both)} == set(both)
    assert {f["path"] for f in as_json(hwlint, root, *both, "--force-exclude")} == {"net.py"}


def test_the_number_of_processes_changes_nothing(hwlint: Run, project: Project):
    files = {f"net{n}.py": NET.replace("100", str(84 + 4 * n)) for n in range(12)}
    root = project({"pyproject.toml": CONFIG, **files})
    one, three = (as_json(hwlint, root, "--no-cache", "--jobs", n) for n in ("1", "3"))
    assert one == three
    assert len(one) > 4


def test_paths_elsewhere(hwlint: Run, net: Path, tmp_path: Path):
    (finding,) = as_json(hwlint, tmp_path, net / "net.py")
    assert finding["path"] == "project/net.py"


def test_output_goes_to_a_file(hwlint: Run, net: Path):
    done = hwlint("check", "--output-format", "json", "-o", "out/report.json", cwd=net)
    assert done.stdout == ""
    assert "1 finding (1 warning)" in done.stderr
    assert len(json.loads((net / "out" / "report.json").read_text())["findings"]) == 1


def test_statistics(hwlint: Run, net: Path):
    assert hwlint("check", "--statistics", cwd=net).stdout == "     1  HW101 misaligned-channels\n"


def test_min_coverage(hwlint: Run, project: Project):
    unknown = NET.replace("Net", "Other") + "\n\n    other = Other(int(open('x').read()))\n"
    root = project({"pyproject.toml": CONFIG, "net.py": NET, "other.py": unknown})
    assert hwlint("check", cwd=root).returncode == 0
    done = hwlint("check", "--min-coverage", "90", cwd=root)
    assert done.returncode == 2
    assert "Read 1 of 2 entry points fully; 1 not:" in done.stdout
    assert "coverage 50.0 % is below 90 %" in done.stderr


def test_a_folder_without_models_does_not_look_clean(hwlint: Run, project: Project):
    done = hwlint("check", cwd=project({"a.py": "print(1)\n"}))
    assert done.returncode == 0
    assert "No entry point found" in done.stdout


ERRORS = [
    (("check", "nowhere"), "hwlint: nowhere: no such file or folder"),
    (("check", "--device", "h10"), 'unknown device "h10"; did you mean "h100"?'),
    (("check", "--select", "HW10x"), 'select: no rule "HW10x"; did you mean'),
    (("check", "--dtype", "int3"), 'h100-sxm has no dtype "int3"; it has bf16'),
    (("check", "--python", "nowhere"), "command line: nowhere: no such interpreter"),
    (("inspect", "net.py:Nat"), "net.py:Nat: "),
    (("inspect", "nat.py:Net"), "nat.py: no such file or folder"),
    (("rule", "HW40l"), 'no rule "HW40l"; did you mean "HW405"?'),
    (("device", "show", "h10"), 'unknown device "h10"; did you mean "h100"?'),
]


@pytest.mark.parametrize(("arguments", "message"), ERRORS)
def test_an_error_is_one_line(hwlint: Run, net: Path, arguments: tuple[str, ...], message: str):
    done = hwlint(*arguments, cwd=net)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_error_in_the_configuration_names_its_line(hwlint: Run, project: Project):
    root = project({"pyproject.toml": '[tool.hwlint]\ndevcies = ["a"]\n', "net.py": NET})
    done = hwlint("check", cwd=root)
    expected = 'hwlint: pyproject.toml:2: unknown key "devcies"; did you mean "devices"?\n'
    assert (done.returncode, done.stderr) == (2, expected)
    project({"pyproject.toml": '[tool.hwlint]\ndevices = ["h10"]\n'})
    done = hwlint("check", cwd=root)
    assert done.stderr.startswith('hwlint: pyproject.toml:2: unknown device "h10"; did you mean')


def test_a_reader_that_leaves_is_no_error(net: Path):
    process = subprocess.Popen(
        [sys.executable, "-m", "hwlint", "rule", "--all"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == 0
    process.stderr.close()


def test_an_interrupt_ends_quietly(project: Project):
    # Enough files that the run is still going when the signal comes.
    files = {f"net{n}.py": NET for n in range(1500)}
    root = project({"pyproject.toml": CONFIG, **files})
    process = subprocess.Popen(
        [sys.executable, "-m", "hwlint", "check", "--no-cache", "--jobs", "1"],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # A shell's background job is started with the signal ignored, and would hand that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads
    )
    time.sleep(0.8)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"")
