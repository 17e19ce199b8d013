"""Packages: what is read does not hang on the file with which reading begins."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hwlint.reader import Reader, ReadOptions

CIRCLE = {
    "models/__init__.py": """
        from .base import *
        from .plain import *
        aliases = {"plain": Plain}
        """,
    "models/base.py": """
        from torch import nn
        class Base(nn.Module):
            pass
        """,
    "models/plain.py": """
        from torch import nn
        from models import Base
        class Plain(Base):
            def __init__(self, width=24):
                super().__init__()
                self.fc = nn.Linear(width, 8)
        """,
    "run.py": """
        from models import aliases
        model = aliases["plain"](40)
        """,
}


@pytest.mark.parametrize("first", ["models/plain.py", "models/__init__.py", "models/base.py"])
def test_a_package_is_executed_before_its_modules(
    first: str, project: Callable[[Mapping[str, str]], Path]
) -> None:
    root = project(CIRCLE)
    reader = Reader(ReadOptions(root, (root,)))
    reader.read(str(root / first))
    (graph,) = reader.read(str(root / "run.py")).graphs
    layer = graph.root.children["fc"].layer
    assert layer is not None
    assert layer.args["in_features"].value == 40
