"""`hwlint device fit`: a table of measured models becomes a profile that estimates take."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hwlint.cli.device_fit import fit_and_write
from hwlint.engine.errors import UserError

Project = Callable[[Mapping[str, str]], Path]
Run = Callable[..., subprocess.CompletedProcess[str]]

NETS = """
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        layers = [nn.Conv2d(3, width, 3)]
        for _ in range(depth):
            layers += [nn.ReLU(), nn.Conv2d(width, width, 3)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


def net_0():
    return Net(8, 1)


def net_1():
    return Net(16, 2)


def net_2():
    return Net(24, 5)


def net_3():
    return Net(32, 3)


def net_4():
    return Net(64, 6)


def net_5():
    return Net(48, 1)
"""
ROWS = ("place,latency_ms,input", "nets.py:net_0,1.1,1x3x32x32", "nets.py:net_1,2.6,1x3x32x32",
        "nets.py:net_2,7.5,1x3x32x32", "nets.py:net_3,7.8,1x3x32x32",
        "nets.py:net_4,47,1x3x32x32", "nets.py:net_5,6.2,1x3x32x32")  # fmt: skip


def table(*rows: str) -> str:
    return "\n".join(rows) + "\n"


@pytest.fixture
def nets(project: Project) -> Path:
    return project({"nets.py": NETS, "times.csv": table(*ROWS), "pyproject.toml": ""})


def test_a_fit_is_printed_beside_flops_and_written(hwlint: Run, nets: Path):
    done = hwlint("device", "fit", "rpi4", "times.csv", "--dtype", "fp32", cwd=nets)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("raspberry-pi-4 in fp32, 6 models")
    assert [word for word in ("MAPE", "±5 %", "±10 %", "Spearman", "Kendall") if word in lines[2]]
    assert lines[3].startswith("operations, bytes, kernels")
    assert lines[4].startswith("FLOPs alone")
    written = nets / ".hwlint" / "profiles" / "raspberry-pi-4-fitted.toml"
    assert str(written) in lines[-1]
    text = written.read_text(encoding="utf-8")
    assert 'evidence = "measured"' in text
    assert "times.csv (6 models)" in text
    shown = hwlint("device", "show", "raspberry-pi-4-fitted", "--output-format", "json", cwd=nets)
    fit = json.loads(shown.stdout)["fits"]["fp32"]
    assert fit["samples"] == 6
    assert "fitted in fp32" in hwlint("device", "show", "raspberry-pi-4-fitted", cwd=nets).stdout
    again = hwlint(
        "device", "fit", "rpi4", "times.csv", "--dtype", "fp32", "--output-format", "json", cwd=nets
    )
    assert json.loads(again.stdout)["accuracy"]["samples"] == 6


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (("place,ms",), "times.csv:1: no column"),
        (("place,latency_ms,note",), "times.csv:1: unknown column"),
        ((*ROWS[:3], "nets.py:net_2,fast,"), "times.csv:4: latency_ms must be a number above zero"),
        ((*ROWS[:3], "nets.py:net_2,-1,"), "times.csv:4: latency_ms must be a number above zero"),
        ((*ROWS[:3], ",3,"), "times.csv:4: no place"),
        (ROWS[:4], "times.csv: 3 rows; a fit takes at least 5"),
        ((*ROWS, "nets.py:other,3,"), "times.csv:8: nets.py:other: no class or function"),
        ((*ROWS, "gone.py:net,3,"), "times.csv:8: gone.py: no such file"),
        ((*ROWS, "nets.py:net_0#head,3,"), "times.csv:8: nets.py:net_0#head: nothing runs in"),
        ((*ROWS, "nets.py:net_0,3,1by3"), 'times.csv:8: input "1by3"'),
    ],
)
def test_a_fault_has_its_line(
    nets: Path, monkeypatch: pytest.MonkeyPatch, rows: tuple[str, ...], said: str
):
    (nets / "times.csv").write_text(table(*rows), encoding="utf-8")
    monkeypatch.chdir(nets)
    with pytest.raises(UserError) as error:
        fit_and_write("rpi4", Path("times.csv"), None, None, None, None)
    assert said in str(error.value)
    assert not (nets / ".hwlint").exists()


def test_a_profile_of_somebody_else_is_not_overwritten(hwlint: Run, nets: Path):
    own = nets / ".hwlint" / "profiles" / "mine.toml"
    own.parent.mkdir(parents=True)
    own.write_text('extends = "raspberry-pi-4"\nname = "Mine"\n', encoding="utf-8")
    done = hwlint("device", "fit", "rpi4", "times.csv", "--as", "mine", cwd=nets)
    assert done.returncode == 2
    assert "was not written by `device fit`" in done.stderr
    assert own.read_text(encoding="utf-8").endswith('"Mine"\n')
