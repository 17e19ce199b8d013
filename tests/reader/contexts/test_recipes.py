"""How a model is built, as Python that builds it again."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hwlint.graph import Recipe
from hwlint.reader import Reader, ReadOptions

Project = Callable[[Mapping[str, str]], Path]

SETTINGS = """
    from dataclasses import dataclass, field

    @dataclass(frozen=True)
    class Inner:
        kernel: int = 3

    @dataclass
    class Settings:
        widths: tuple = (8, 16)
        inner: Inner = field(default_factory=Inner)
"""
NET = """
    from functools import partial
    from torch import nn
    from settings import Settings

    class Net(nn.Module):
        def __init__(self, given=None, norm=nn.BatchNorm2d, act=nn.ReLU, rate=0.5):
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 3)

    class Configured(nn.Module):
        def __init__(self, settings: Settings):
            super().__init__()
            self.conv = nn.Conv2d(3, settings.widths[0], 3)

    def make(width=8):
        return nn.Conv2d(3, width, 3)

    if __name__ == "__main__":
        net = Net({given})
"""


def recipes(project: Project, given: str = "") -> dict[str, Recipe | None]:
    root = project({"settings.py": SETTINGS, "net.py": NET.format(given=given)})
    reading = Reader(ReadOptions(root, (root,))).read(str(root / "net.py"))
    return {graph.entry.name: graph.entry.recipe for graph in reading.graphs}


@pytest.mark.parametrize(
    ("given", "expression"),
    [
        ("", "Net()"),
        ("2 * 4, rate=1e-3", "Net(8, rate=0.001)"),
        (
            "[1, (2,), {'a': None}], rate=float('inf')",
            "Net([1, (2,), {'a': None}], rate=float(\"inf\"))",
        ),
        ("norm=nn.Identity", 'Net(norm=hwlint_name("torch.nn.Identity"))'),
        (
            "act=partial(nn.LeakyReLU, 0.1, inplace=True)",
            'Net(act=hwlint_partial(hwlint_name("torch.nn.LeakyReLU"), 0.1, inplace=True))',
        ),
        ("make", "Net(make)"),
    ],
)
def test_a_call_of_a_program(project: Project, given: str, expression: str):
    recipe = recipes(project, given)["Net"]
    assert recipe is not None
    assert recipe.module == "net"
    assert recipe.expression == expression


def test_objects_of_settings(project: Project):
    recipe = recipes(project, "Settings(widths=(4, 5))")["Net"]
    assert recipe is not None
    folder = Path(recipe.path).parent
    of = f"'settings', '{folder / 'settings.py'}'"
    assert recipe.expression == (
        f"Net(hwlint_object(hwlint_name('Settings', {of}), {{'widths': (4, 5), 'inner': "
        f"hwlint_object(hwlint_name('Inner', {of}), {{'kernel': 3}})}}))"
    )


def test_factories_and_classes_with_settings(project: Project):
    found = recipes(project)
    factory, configured = found["make"], found["Configured"]
    assert factory is not None
    assert factory.expression == "make()"
    assert configured is not None
    assert configured.expression.startswith(
        "Configured(settings=hwlint_object(hwlint_name('Settings'"
    )


@pytest.mark.parametrize("given", ["lambda x: x", "nn.Linear(2, 2)", "input()"])
def test_what_cannot_be_written_down(project: Project, given: str):
    assert recipes(project, given).get("Net") is None
