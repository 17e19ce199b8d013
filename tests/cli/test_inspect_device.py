"""`hwlint inspect --device`: what each part takes on each device, and which line breaks where."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

Project = Callable[[Mapping[str, str]], Path]
Run = Callable[..., subprocess.CompletedProcess[str]]

NET = """
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, width=512):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.act = nn.ReLU(inplace=True)
        self.gelu = nn.GELU()
        self.body = nn.Conv2d(width, width, 3)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        x = self.act(self.bn(self.stem(x)))
        x = x + self.gelu(x)
        x = self.pool(self.body(x))
        if x.size(0) == 0:
            return x
        return self.head(x.flatten(1))
"""
INPUT = ("--input", "1x3x64x64")


@pytest.fixture
def net(project: Project) -> Path:
    return project({"net.py": NET, "pyproject.toml": ""})


def row(text: str, name: str) -> str:
    (found,) = (line for line in text.splitlines() if line.split()[:1] == [name])
    return found


def test_one_device_in_full(hwlint: Run, net: Path):
    done = hwlint("inspect", "net.py:Net", "--device", "stm32l4r5", *INPUT, cwd=net)
    assert done.returncode == 0, done.stderr
    text = done.stdout
    for name in ("time", "bound by", "of peak", "moved", "energy", "breaks"):
        assert (name in text) == (name != "of peak"), name  # the peak of this chip is not known
    assert "Conv2d 3->512" in row(text, "stem")
    assert " compute " in row(text, "stem")
    assert " ms" not in row(text, "bn")  # folded into the convolution before it
    assert " ms" not in row(text, "act")  # fused with it, though it works in place
    assert "GELU not supported" in row(text, "gelu")
    assert "flash 2.27 MiB > 2 MiB" in row(text, "total")
    assert "SRAM" in row(text, "total")
    assert "size" not in text


def test_several_devices_side_by_side(hwlint: Run, net: Path):
    asked = ("--device", "h100", "--device", "rpi4", "--device", "arm64", "--device", "stm32g0b1")
    text = hwlint("inspect", "net.py:Net", *asked, *INPUT, cwd=net).stdout
    head = text.splitlines()[1]
    # No column for a device of which there is nothing to say line by line.
    assert head.split()[-3:] == ["h100-sxm", "raspberry-pi-4", "stm32g0b1"]
    assert "dispatch" in row(text, "gelu")
    assert row(text, "gelu").count("GELU not supported") == 1
    assert "flash 2.27 MiB > 512 KiB" in row(text, "total")
    assert "arm64-xnnpack (int8): no estimate, the profile has no achievable.tops.int8" in text


def test_the_slowest_part_comes_first(hwlint: Run, net: Path):
    asked = ("--device", "stm32h743", "--sort", "time")
    text = hwlint("inspect", "net.py:Net", *asked, *INPUT, cwd=net).stdout
    assert text.splitlines()[2].split()[0] == "body"


def test_for_programs(hwlint: Run, net: Path):
    asked = ("--device", "h100", "--device", "stm32l4r5", "--output-format", "json", *INPUT)
    found = json.loads(hwlint("inspect", "net.py:Net", *asked, cwd=net).stdout)
    devices: list[dict[str, Any]] = found["entry_points"][0]["devices"]
    assert [device["device"] for device in devices] == ["h100-sxm", "stm32l4r5"]
    for device in devices:
        seconds = sum(part["seconds"] for part in device["parts"])
        assert device["total"]["seconds"] == pytest.approx(seconds)
        assert device["silent_for"] is None
    assert devices[0]["total"]["achieved"] < 1
    assert devices[1]["total"]["joules"] == pytest.approx(0.042 * devices[1]["total"]["seconds"])
    assert devices[1]["weight_bytes"] == 512 * 27 + 2 * 512 + 512 * 512 * 9 + 512 + 5130


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--device", "h10"), "did you mean"),
        (("--device", "h100", "--dtype", "fp13"), "fp13"),
        (("--sort", "time"), "need a --device"),
        (("--device", "h100", "--output-format", "jsonl"), "not with jsonl"),
    ],
)
def test_what_cannot_be_asked(hwlint: Run, net: Path, asked: tuple[str, ...], said: str):
    done = hwlint("inspect", "net.py:Net", *asked, cwd=net)
    assert done.returncode == 2
    assert said in done.stderr
