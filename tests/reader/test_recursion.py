"""Functions that call themselves: what exponential ones return is read, and nobody can tell that
calls with equal arguments ran once."""

from typing import Any

import pytest

PROGRAMS = r"""
def build():  # more calls than a reading may make
    def width(k):
        return k if k < 2 else width(k - 1) + width(k - 2)
    return nn.Linear(width(24) % 97, (width(23) - width(22)) % 89)
-
def build():  # the channels of layers that are linked to those a power of two before
    def links(layer, growth=10):
        if layer == 0:
            return 4, []
        width, found = growth, []
        for k in range(10):
            if layer % 2**k == 0:
                found.append(layer - 2**k)
                if k > 0:
                    width *= 1.7
        below = [links(layer=t, growth=growth)[0] for t in found]
        return int(int(width + 1) / 2) * 2, found + below
    width, found = links(30)
    return nn.Sequential(nn.Linear(width, len(found)), nn.Linear(sum(found), 3))
-
def build():  # what a caller does to a result stays with that result
    def parts(k):
        if k == 0:
            return [1]
        one, other = parts(k - 1), parts(k - 1)
        one.append(2)
        return one + other
    return nn.Linear(len(parts(7)), sum(parts(7)))
-
calls = []
def build():  # what a call changes, each call changes
    def note(k):
        calls.append(k)
        return len(calls) if k == 0 else note(k - 1) + note(k - 1)
    count = 0
    def up(k):
        nonlocal count
        count += 1
        return count if k < 2 else up(k - 1) + up(k - 2)
    return nn.ModuleList([nn.Linear(note(5), len(calls)), nn.Linear(up(6), count)])
-
def build():  # so does what is changed on the way, late
    scale = {"by": 1}
    def odd(k):
        if k == 3:
            scale["by"] += 1
        return scale["by"] if k < 2 else odd(k - 1) + odd(k - 2)
    return nn.Linear(odd(9), scale["by"])
-
def build():  # a list that is given is the caller's own
    def fill(k, into):
        into.append(k)
        return len(into) if k < 2 else fill(k - 1, into) + fill(k - 1, [k])
    found = []
    return nn.Linear(fill(6, found), len(found))
-
def build():  # modules are made each time
    def tree(k):
        return [nn.Linear(k + 1, k + 2)] if k == 0 else [*tree(k - 1), *tree(k - 1)]
    return nn.Sequential(*tree(4))
-
def build():  # two functions that call each other
    def even(k, n):
        return n if k == 0 else odd(k - 1, n) + odd(k - 1, n + 1)
    def odd(k, n):
        return 1 if k == 0 else even(k - 1, n) + even(k - 1, 1)
    return nn.Linear(even(16, 2) % 97, odd(15, 3) % 89)
-
def build():  # an error is raised each time
    def half(k):
        if k == 3:
            raise ValueError(k)
        if k < 2:
            return 1
        out = 0
        for n in (k - 1, k - 2):
            try:
                out += half(n)
            except ValueError:
                out += 5
        return out
    return nn.Linear(half(9), 2)
-
def build():  # equal numbers of another type are another argument
    def kind(k, of):
        return [type(of).__name__] if k == 0 else kind(k - 1, of) + kind(k - 1, float(of))
    names = kind(4, 2)
    return nn.Linear(names.count("int"), names.count("float"))
"""


@pytest.mark.parametrize("program", PROGRAMS.split("\n-\n"), ids=range(PROGRAMS.count("\n-\n") + 1))
def test_results_are_those_of_python(lab: Any, program: str) -> None:
    lab.agree("from torch import nn\n" + program)


TWO_CALLERS = """
from torch import nn
def width(k, base):
    return base if k < 2 else width(k - 1, base) + width(k - 2, base)
def build():
    one = width(8, 16)
    other = width(8,
        16)
    return nn.ModuleList([nn.Linear(one, 4), nn.Linear(other, 4)])
"""


def test_equal_arguments_from_two_places_keep_their_places(lab: Any) -> None:
    graph = lab.agree(TWO_CALLERS)
    text = TWO_CALLERS.splitlines()
    lines = [number for number, line in enumerate(text) if "16)" in line]
    found = [
        {leaf.place.line for leaf in node.layer.args["in_features"].origin.leaves()}
        for _, node in graph.walk()
        if node.layer is not None
    ]
    assert [lines[0] in found[0], lines[1] in found[0]] == [True, False]
    assert [lines[0] in found[1], lines[1] in found[1]] == [False, True]
