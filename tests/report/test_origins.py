"""Where a number comes from, in words."""

import pytest

from hwlint.graph import Origin
from hwlint.report.origins import explain
from hwlint.source.spans import Place

CALL = Place("net.py", 20, 0, 20, 40)


def leaf(value: int, line: int, name: str | None = None) -> Origin:
    return Origin(value, place=Place("net.py", line, 0, line, 3), name=name)


WIDTH, TWO = leaf(100, 10, "width"), leaf(2, 52)


@pytest.mark.parametrize(
    ("origin", "text"),
    [
        (Origin(200, operation="*", operands=(WIDTH, TWO)), "width 100 (line 11) * 2 (line 53)"),
        (Origin(25, operation="round", operands=(WIDTH,)), "round(width 100 (line 11))"),
        # What the literal is raised to is counted by a loop.
        (Origin(4, operation="**", operands=(TWO,)), "from 2 (line 53)"),
    ],
)
def test_a_formula_is_shown_where_all_of_it_is_known(origin: Origin, text: str) -> None:
    assert explain(origin, CALL) == text
