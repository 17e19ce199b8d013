"""HW002 through `hwlint check`: the line that torch refuses, and nothing where it accepts."""

import importlib.util
import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

Project = Callable[[Mapping[str, str]], Path]
Run = Callable[..., subprocess.CompletedProcess[str]]
Findings = Mapping[str, list[dict[str, Any]]]


def mismatches(hwlint: Run, root: Path) -> Findings:
    """What HW002 says of a folder, by the name of the file."""
    done = hwlint("check", "--select", "HW002", "--output-format", "json", "--no-cache", cwd=root)
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, list[dict[str, Any]]] = {}
    for finding in json.loads(done.stdout)["findings"]:
        found.setdefault(Path(finding["path"]).name, []).append(finding)
    assert done.returncode == (1 if found else 0)
    return found


@pytest.fixture(scope="module")
def broken(repository: Path) -> ModuleType:
    path = repository / "tests/reader/forward/broken.py"
    spec = importlib.util.spec_from_file_location("broken_models", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def here(source: str) -> list[int]:
    return [number for number, line in enumerate(source.splitlines(), 1) if "# here" in line]


def test_broken_models_with_configured_inputs(hwlint: Run, project: Project, broken: ModuleType):
    config = ["[tool.hwlint]"]
    files: dict[str, str] = {}
    for number, (inputs, source) in enumerate(broken.CASES):
        files[f"net{number}.py"] = source
        config += [f'[tool.hwlint.models."net{number}.py:Net"]', f"inputs = {json.dumps(inputs)}"]
    found = mismatches(hwlint, project(files | {"pyproject.toml": "\n".join(config)}))
    wrong = [name for name, text in files.items() if _lines(found, name) != here(text)]
    assert wrong == []
    assert all(f["severity"] == "error" for each in found.values() for f in each)


def _lines(found: Findings, name: str) -> list[int]:
    return [finding["line"] for finding in found.get(name, [])]


def test_broken_models_with_inputs_that_nobody_gave(
    hwlint: Run, project: Project, broken: ModuleType
):
    """Less can be proved; what is said stands where torch refuses."""
    files = {f"net{number}.py": source for number, (_, source) in enumerate(broken.CASES)}
    found = mismatches(hwlint, project({"pyproject.toml": "[tool.hwlint]\n", **files}))
    assert [n for n in found if _lines(found, n) != here(files[n])] == []
    assert len(found) >= 15


TWO_LINES = """
    import torch.nn as nn


    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.features = nn.Conv2d(3, 8, 3)
            self.norm = nn.BatchNorm2d(16)

        def forward(self, x):
            return self.norm(self.features(x))
"""


def test_a_finding_names_the_call_and_where_the_layer_was_built(hwlint: Run, project: Project):
    root = project({"pyproject.toml": "[tool.hwlint]\n", "net.py": TWO_LINES})
    (finding,) = mismatches(hwlint, root)["net.py"]
    assert finding["line"] == 12
    assert [related["line"] for related in finding["related"]] == [9]
    assert "8 elements not 16" in finding["message"]


SIZE = """
    import torch.nn as nn


    {comment}
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 3, padding=1)
            self.head = nn.Linear(8 * 40 * 40, 10)

        def forward(self, x):
            return self.head(self.conv(x).flatten(1))
"""
WORDS = """
    import torch.nn as nn


    # hwlint: input((2, 12), types=(2, 12))
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.words = nn.Embedding(50, 32)
            self.types = nn.Linear(12, 31)

        def forward(self, ids, types):
            return self.words(ids).mean(1) + self.types(types)
"""


@pytest.mark.parametrize(
    ("comment", "lines"),
    [
        ("", []),  # some size that hwlint does not try may fit
        ("# hwlint: input(1, 3, 40, 40)", []),
        ("# hwlint: input(1, 3, 41, 41)", [13]),
        ("# hwlint: build() input((1, 3, 41, 41))", [13]),
        ("# hwlint: input(x=(1, 3, 41, 41))", [13]),
    ],
)
def test_the_input_of_a_comment(hwlint: Run, project: Project, comment: str, lines: list[int]):
    files = {"pyproject.toml": "[tool.hwlint]\n", "net.py": SIZE.format(comment=comment)}
    assert _lines(mismatches(hwlint, project(files)), "net.py") == lines


def test_indices_and_named_inputs(hwlint: Run, project: Project):
    root = project({"pyproject.toml": "[tool.hwlint]\n", "net.py": WORDS})
    assert _lines(mismatches(hwlint, root), "net.py") == [13]


def test_batch_size_and_mode_of_the_configuration(hwlint: Run, project: Project):
    text = """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3, padding=1)
                self.odd = nn.Linear(8 * 30 * 20, 10)
                self.two = nn.Linear(7, 10)

            def forward(self, x):
                x = self.odd(self.conv(x).flatten(1))
                return self.two(x) if self.training else x.view(4, 5, 4)
    """
    config = "[tool.hwlint]\nbatch = 8\nimage-size = [30, 20]\n"
    root = project({"pyproject.toml": config, "net.py": text})
    assert mismatches(hwlint, root) == {}
    (root / "pyproject.toml").write_text(config + 'mode = "training"\n')
    assert _lines(mismatches(hwlint, root), "net.py") == [13]
    (root / "pyproject.toml").write_text(
        '[tool.hwlint]\nmode = "training"\n'
        '[tool.hwlint.models."net.py:Net"]\ninputs = [[1, 3, 30, 20]]\nbatch = 8\n'
    )
    (finding,) = mismatches(hwlint, root)["net.py"]
    assert finding["line"] == 13
    assert "[8, 10]" in finding["message"]


WAVE = """
import torch.nn as nn

class Patches(nn.Module):
    def __init__(self, channels, width, size):
        super().__init__()
        self.size = size
        self.proj = nn.Linear(channels * size, width)

    def forward(self, x):
        batch, length, channels = x.shape
        return self.proj(x.reshape(batch, length // self.size, self.size * channels))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Patches(1, 32, 16)
        self.second = Patches(32, 64, 6)
        self.conv = nn.Conv1d(64, 64, 7)

    def forward(self, wave):
        x = self.second(self.first(wave.unsqueeze(-1)))
        return self.conv(nn.functional.pad(x.transpose(1, 2), (6, 0)))
"""


def test_what_a_model_cuts_into_pieces_may_be_of_any_length(hwlint: Run, project: Project):
    assert mismatches(hwlint, project({"net.py": WAVE})) == {}
