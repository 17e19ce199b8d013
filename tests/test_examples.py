"""`hwlint check examples/` finds every planted fault where it stands, and none in the twins."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


class Plant(NamedTuple):
    file: str
    code: str
    text: str
    """A piece of the line at which the finding has to stand."""
    says: str
    """A number or name that the finding has to give."""


PLANTS = [
    Plant("cnn.py", "HW101", "width: int = 100", "100"),
    Plant("cnn.py", "HW302", "nn.Conv2d(3, config.width, kernel_size=3, padding=1)", "bias"),
    Plant("unet.py", "HW101", "base=36", "36"),
    Plant("unet.py", "HW202", "nn.GroupNorm(4, widths[-1])", "GroupNorm"),
    Plant("unet.py", "HW301", "nn.ReLU(inplace=True),", "ReLU"),
    Plant("vit.py", "HW102", "embed_dim=300", "300"),
    Plant("vit.py", "HW201", "self.act = act_layer()", "GELU"),
    Plant("vit.py", "HW202", "self.norm1 = norm_layer(dim)", "LayerNorm"),
    Plant("gpt.py", "HW102", "n_embd: int = 780", "780"),
    Plant("gpt.py", "HW201", "self.act = nn.GELU()", "GELU"),
    Plant("gpt.py", "HW202", "self.ln_1 = nn.LayerNorm(", "LayerNorm"),
    Plant("kws.py", "HW101", "channels: int = 276", "276"),
    Plant("kws.py", "HW201", "act(),", "SiLU"),
    Plant("kws.py", "HW302", "nn.Conv2d(c_in, c_out, kernel, stride", "bias"),
    Plant("prune.py", "HW401", "prune.l1_unstructured(", "l1_unstructured"),
    Plant("prune.py", "HW401", "prune.global_unstructured(", "global_unstructured"),
]
CODES = {plant.code for plant in PLANTS}

# One family of faults and how its findings give their numbers.
FAMILIES = {
    "misaligned dimensions": (("HW101", "HW102"), r"\d+ -> \d+|\(next: \d+"),
    "quantisation": (("HW201", "HW202"), r"\d"),
    "fusion": (("HW301", "HW302"), r"\d"),
    "sparsity": (("HW401",), r"\d"),
}


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> dict[str, Any]:
    """Return what `hwlint check examples/ --output-format json` says."""
    command = ["check", "examples/", "--no-cache", "--output-format", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "hwlint", *command],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def findings(checked: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    return [f for f in checked["findings"] if Path(f["path"]).resolve().parent == folder]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda p: f"{p.file}-{p.code}-{p.says}")
def test_a_planted_fault_is_found(plant: Plant, checked: dict[str, Any], repository: Path):
    folder = repository / "examples"
    lines = (folder / plant.file).read_text().splitlines()
    expected = {i for i, line in enumerate(lines, 1) if plant.text in line}
    assert expected, "the plant is gone"
    found = [
        f
        for f in findings(checked, folder)
        if Path(f["path"]).name == plant.file and f["code"] == plant.code
    ]
    at_its_line = [f for f in found if f["line"] in expected]
    assert at_its_line, [(f["line"], f["message"]) for f in found]
    assert any(plant.says in json.dumps(f) for f in at_its_line)


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_speaks_in_numbers(family: str, checked: dict[str, Any], repository: Path):
    codes, number = FAMILIES[family]
    messages = [
        f["message"] for f in findings(checked, repository / "examples") if f["code"] in codes
    ]
    assert messages
    assert all(re.search(number, message) for message in messages), messages


def test_the_fixed_twins_are_clean(checked: dict[str, Any], repository: Path):
    left = findings(checked, repository / "examples" / "fixed")
    assert [(f["path"], f["line"], f["code"]) for f in left if f["code"] in CODES] == []


def test_no_shape_of_the_examples_is_refused(checked: dict[str, Any]):
    assert [f["path"] for f in checked["findings"] if f["code"] == "HW002"] == []


def test_every_example_is_read(checked: dict[str, Any]):
    coverage = checked["coverage"]
    assert coverage["entry_points"] > 0
    assert coverage["read"] == coverage["entry_points"]


def test_the_twins_alone_exit_with_nought(hwlint: Run, repository: Path, tmp_path: Path):
    # Copied away: nothing but their own folder's configuration and imports.
    shutil.copytree(repository / "examples" / "fixed", tmp_path / "fixed")
    shutil.copy(repository / "examples" / "pyproject.toml", tmp_path / "fixed")
    done = hwlint("check", tmp_path / "fixed", "--fail-on", "info")
    assert done.returncode == 0, done.stdout + done.stderr


RUNNER = """
import runpy, sys
for name in ("cnn", "unet", "vit", "gpt", "kws", "prune"):
    sys.argv = [f"{name}.py"]
    runpy.run_path(f"{name}.py", run_name="__main__")
"""


@pytest.mark.parametrize("folder", ["examples", "examples/fixed"])
def test_the_examples_run(folder: str, repository: Path):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUNNER],
        cwd=repository / folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:5] == [
        "torch.Size([2, 10])",
        "torch.Size([1, 2, 64, 64])",
        "torch.Size([2, 10])",
        "torch.Size([1, 16, 50304])",
        "torch.Size([1, 12])",
    ]
