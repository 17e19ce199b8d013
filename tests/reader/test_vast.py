"""Statements too long to be followed: what they bind is not known, and all else is."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hwlint.reader import FileReading, Reader, ReadOptions

Project = Callable[[Mapping[str, str]], Path]

TABLE = "[" + "16, " * 60_000 + "]"
NETS = """
class Known(nn.Module):
    def __init__(self, width=24):
        super().__init__()
        self.fc = nn.Linear(width, 8)

class Asks(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(WIDTHS[0], 8)
"""


def read(project: Project, text: str) -> FileReading:
    root = project({})
    (root / "net.py").write_text(text)
    return Reader(ReadOptions(root, (root,))).read(str(root / "net.py"))


def by_name(reading: FileReading) -> dict[str, Any]:
    return {graph.entry.name: graph for graph in reading.graphs}


def widths(graph: Any) -> Any:
    layer = graph.root.children["fc"].layer
    return layer.args["in_features"].value


def test_a_name_bound_to_a_vast_table_is_not_known(project: Project):
    text = f"from torch import nn\nWIDTHS = [32]\nWIDTHS = {TABLE}\n{NETS}"
    found = by_name(read(project, text))
    assert found["Known"].complete
    assert widths(found["Known"]) == 24
    assert not found["Asks"].complete
    assert widths(found["Asks"]) is None


def test_what_else_a_vast_statement_may_change_is_not_read(project: Project):
    change = f"WIDTHS.extend({TABLE})\n"
    reading = read(project, f"from torch import nn\nWIDTHS = [32]\n{change}{NETS}")
    assert not reading.graphs
    [problem] = reading.problems
    assert problem.place is not None
    assert problem.place.line == 2
    assert "too long to be followed: what stands below is not read" in problem.reason


def test_a_vast_function_is_not_followed(project: Project):
    vast = f"def make():\n    WIDTHS[:] = {TABLE}\n    return Known(40)\n"
    found = by_name(read(project, f"from torch import nn\nWIDTHS = [32]\n{NETS}{vast}"))
    assert widths(found["Asks"]) == 32
    assert "make" not in found or not found["make"].complete
