"""Constructions that are remembered: nobody can tell that they were not run again."""

import textwrap
from typing import Any

import pytest

HEAD = """
import torch
from torch import nn
class Block(nn.Module):
    shared = []
    def __init__(self, dim, ratio=4, norm=nn.LayerNorm):
        super().__init__()
        self.dim = dim
        self.sizes = [dim, dim * ratio]
        self.norm = norm(dim)
        self.fc = nn.Linear(dim, dim * ratio)
        self.inner = nn.Sequential(nn.Linear(dim, dim), nn.ReLU())
"""

PROGRAMS = r"""
def build():  # replacing in one leaves the others alone
    a, b = Block(8), Block(8)
    a.fc = nn.Linear(a.fc.in_features, 3)
    a.inner[0] = nn.Linear(8, 5)
    a.inner.append(nn.Linear(5, 5))
    return nn.ModuleList([a, b, Block(8)])
-
def build():  # so does changing what is no module
    a, b = Block(8), Block(8)
    a.sizes.append(7)
    a.dim += 1
    b.sizes[0] = 5
    c = Block(8)
    return nn.ModuleList(
        [nn.Linear(*x.sizes[:2]) for x in (a, b, c)]
        + [nn.Linear(len(a.sizes), a.dim), nn.Linear(len(c.sizes), c.dim)]
    )
-
def build():  # tied weights count once, equal ones twice
    a, b, c = Block(8), Block(8), Block(8)
    a.fc.weight = b.fc.weight
    a.norm = c.norm
    return nn.ModuleList([a, b, c, Block(8)])
-
def build():  # a module that is given is shared, not copied
    norm = nn.LayerNorm(8)

    class Holder(nn.Module):
        def __init__(self, norm):
            super().__init__()
            self.norm = norm
            self.fc = nn.Linear(8, 8)

    a, b = Holder(norm), Holder(norm)
    norm.extra = nn.Linear(1, 1)
    return nn.ModuleList([a, b])
-
class Inner(nn.Module):
    def __init__(self, given):
        super().__init__()
        self.given = given
        self.own = nn.Linear(2, 2)
class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        one = nn.Linear(3, 3)
        self.a, self.b = Inner(one), Inner(one)
def build():
    x, y = Outer(), Outer()
    x.a.given.bias = None
    return nn.ModuleList([x, y])
-
def counting():  # variables of a function that has returned are changed later
    width, made = 3, {"n": 0}
    def wide(self):
        made["n"] += 1
        return width + made["n"]
    def widen():
        nonlocal width
        width += 10
    return wide, widen
wide, widen = counting()
class Net(nn.Module):
    wide = wide
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(self.wide(), 1)
def build():
    a = Net()
    b = Net()
    widen()
    return nn.ModuleList([a, b, Net(), Net()])
-
def plainly():
    width = 3
    def wide(self):
        return width
    def widen():
        nonlocal width
        width += 10
    return wide, widen
wide, widen = plainly()
class Net(nn.Module):
    wide = wide
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(self.wide(), 1)
def build():
    a, b = Net(), Net()
    widen()
    return nn.ModuleList([a, b, Net(), Net()])
-
def build():  # a function that still runs changes its variables
    width = 3
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(width, 1)
    a, b = Net(), Net()
    width = 5
    return nn.ModuleList([a, b, Net(), Net()])
-
from contextvars import ContextVar
WIDTH = ContextVar("width", default=3)
class Net(nn.Module):  # what reads a context variable is never remembered
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(WIDTH.get(), 1)
def build():
    a, b = Net(), Net()
    token = WIDTH.set(5)
    c, d = Net(), Net()
    WIDTH.reset(token)
    return nn.ModuleList([a, b, c, d, Net()])
-
class Setting(nn.Module):  # nor what sets one
    def __init__(self):
        super().__init__()
        WIDTH.set(WIDTH.get() + 1)
        self.fc = nn.Linear(WIDTH.get(), 1)
from contextvars import ContextVar
WIDTH = ContextVar("width", default=3)
def build():
    return nn.ModuleList([Setting(), Setting(), Setting()])
-
KNOWN = {"width": 3}
class Net(nn.Module):  # what is set again as it is has not changed, something else has
    def __init__(self, width):
        super().__init__()
        KNOWN["width"] = width
        self.fc = nn.Linear(KNOWN["width"], len(KNOWN))
def build():
    a, b = Net(3), Net(3)
    c = Net(5)
    KNOWN["more"] = 1
    return nn.ModuleList([a, b, c, Net(3), Net(5)])
-
class Counting(nn.Module):  # what counts its calls is not the same twice
    made = 0
    def __init__(self):
        super().__init__()
        Counting.made += 1
        self.fc = nn.Linear(Counting.made, 1)
def build():
    return nn.ModuleList([Counting(), Counting(), Counting()])
-
class Reading(nn.Module):  # nor what reads something that changes
    width = 2
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(self.width, WIDTHS[-1])

WIDTHS = [3]
def build():
    out = [Reading()]
    Reading.width = 4
    out.append(Reading())
    WIDTHS.append(9)
    out.append(Reading())
    return nn.ModuleList(out)
-
DEFAULT = 4
class Reading(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(DEFAULT, 1)
def build():
    global DEFAULT
    out = [Reading()]
    DEFAULT = 5
    return nn.ModuleList([*out, Reading()])
-
class Filling(nn.Module):  # an argument that is changed is changed each time
    def __init__(self, sizes, cfg):
        super().__init__()
        sizes.append(len(sizes))
        cfg["n"] = cfg.get("n", 0) + 1
        self.fc = nn.Linear(sizes[-1], cfg["n"])
def build():
    sizes, cfg = [1], {}
    return nn.ModuleList([Filling(sizes, cfg), Filling(sizes, cfg), Filling([1], {})])
-
class Config:
    def __init__(self):
        self.dim, self.sub = 4, {"heads": 2}
class Net(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.fc = nn.Linear(config.dim, config.sub["heads"])
def build():
    c = Config()
    out = [Net(c)]
    c.dim = 6
    out.append(Net(c))
    c.sub["heads"] = 3
    out.append(Net(c))
    out[0].config.dim = 7
    return nn.ModuleList([*out, Net(c)])
-
class Default(nn.Module):  # a default that is a list belongs to all
    def __init__(self, seen=[], **kw):
        super().__init__()
        seen.append(1)
        self.fc = nn.Linear(len(seen), kw.get("n", 1))
def build():
    return nn.ModuleList([Default(), Default(n=2), Default(n=2)])
-
class Child(Block):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.register_buffer("steps", torch.zeros(self.dim))
        self.hooks = {"dim": self.dim}
def build():
    a, b = Child(4), Child(4, ratio=2)
    a.hooks["dim"] = 9
    return nn.ModuleList([a, b, Child(4), nn.Linear(Child(4).hooks["dim"], a.hooks["dim"])])
-
def build():  # True is not 1, 4 is not 4.0
    class Typed(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.fc = nn.Linear(2 if isinstance(n, bool) else 3 if isinstance(n, int) else 4, 1)

    return nn.ModuleList([Typed(1), Typed(True), Typed(1.0)])
-
class Typed(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.fc = nn.Linear(2 if isinstance(n, bool) else 3 if isinstance(n, int) else 4, 1)
def build():
    return nn.ModuleList([Typed(1), Typed(True), Typed(1.0), Typed(-0.0), Typed(0.0)])
-
class Wrap(nn.Module):  # functions that are made anew hold other variables
    def __init__(self, make):
        super().__init__()
        self.layer = make()
def build():
    return nn.ModuleList(
        [Wrap(lambda n=n: nn.Linear(n, n)) for n in (1, 2)]
        + [Wrap(lambda: nn.Linear(k, k)) for k in (3, 4)]
    )
-
class Cached(nn.Module):  # an iterator that is used up stays used up
    def __init__(self, widths):
        super().__init__()
        self.fc = nn.Linear(next(widths), 1)
def build():
    widths = iter([1, 2, 3])
    return nn.ModuleList([Cached(widths), Cached(widths), Cached(iter([1]))])
-
class Order(nn.Module):  # the order of keywords is seen by **kwargs
    def __init__(self, **kw):
        super().__init__()
        for k, v in kw.items():
            setattr(self, k, nn.Linear(v, v))
def build():
    return nn.ModuleList([Order(a=1, b=2), Order(b=2, a=1)])
-
class Keyed(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.fc = nn.Linear(cfg["a"], cfg.get("b", 7))
def build():  # so are keys, not values only
    return nn.ModuleList(
        [Keyed({"a": 1, "b": 2}), Keyed({"a": 1, "c": 2}), Keyed({"b": 2, "a": 1})]
    )
-
class Parent(nn.Module):
    def __init__(self, child):
        super().__init__()
        child.parent_width = 3
        self.child = child
def build():
    blocks = [Block(4), Block(4)]
    parents = [Parent(b) for b in blocks]
    return nn.ModuleList([*parents, nn.Linear(blocks[0].parent_width, 1), *blocks])
""".strip().split("\n-\n")


@pytest.mark.parametrize("program", [HEAD + textwrap.dedent(p) for p in PROGRAMS])
def test_a_template_is_never_seen(lab: Any, program: str) -> None:
    lab.agree(program)


TWO_CALLERS = """
from torch import nn
class Block(nn.Module):
    def __init__(self, dim, ratio):
        super().__init__()
        self.fc = nn.Linear(dim, dim * ratio)
class Pair(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.one = Block(width, 4)
        self.two = Block(768, 4)
def build():
    first = 768
    return nn.ModuleList([Block(first, 4), Block(768, 4), Pair(768), Pair(first)])
"""


def _lines(graph: Any, argument: str, end: str = "") -> dict[str, set[int]]:
    """Return by layer the lines of the literals that an argument comes from."""
    return {
        name: {leaf.place.line for leaf in node.layer.args[argument].origin.leaves()}
        for name, node in graph.walk()
        if node.layer is not None and name.endswith(end)
    }


def test_equal_numbers_from_two_places_keep_their_places(lab: Any) -> None:
    graph = lab.agree(TWO_CALLERS)
    text = TWO_CALLERS.splitlines()
    first, call, one, two = (
        next(number for number, line in enumerate(text) if part in line)
        for part in ("first = 768", "[Block(first", "Block(width, 4)", "two = Block(768")
    )
    wanted = {
        "0.fc": {first}, "1.fc": {call}, "2.one.fc": {call}, "2.two.fc": {two},
        "3.one.fc": {first}, "3.two.fc": {two},
    }  # fmt: skip
    ratios = {
        "0.fc": call, "1.fc": call, "2.one.fc": one, "2.two.fc": two, "3.one.fc": one,
        "3.two.fc": two,
    }  # fmt: skip
    assert _lines(graph, "in_features") == wanted
    outs = {name: lines | {ratios[name]} for name, lines in wanted.items()}
    assert _lines(graph, "out_features") == outs


PACKED = """
from functools import partial
from torch import nn
class Block(nn.Module):
    def __init__(self, sizes, make):
        super().__init__()
        self.fc = nn.Linear(sizes[0], sizes[1][0])
        self.conv = nn.Conv2d(3, 8, sizes[1])
        self.norm = make(sizes[0])
def build():
    side = 5
    return nn.ModuleList([
        Block((16, (3, 3)), partial(nn.GroupNorm, 4)),
        Block((16, (3, 3)), partial(nn.GroupNorm, 4)),
        Block(
            (16, (side, side)),
            partial(nn.GroupNorm, 8),
        ),
        Block((16, (5, 5)), partial(nn.GroupNorm, 8)),
    ])
"""


def test_numbers_in_tuples_and_partials_keep_their_places(lab: Any) -> None:
    graph = lab.agree(PACKED)
    text = PACKED.splitlines()
    first, last = [number for number, line in enumerate(text) if "Block((16, (" in line][::2]
    side, inner, groups = (
        next(number for number, line in enumerate(text) if part in line)
        for part in ("side = 5", "(16, (side", "partial(nn.GroupNorm, 8),")
    )
    ins = {"0": first, "1": first + 1, "2": inner, "3": last}
    assert _lines(graph, "in_features", "fc") == {f"{k}.fc": {v} for k, v in ins.items()}
    outs = {**ins, "2": side}
    assert _lines(graph, "out_features", "fc") == {f"{k}.fc": {v} for k, v in outs.items()}
    norms = {**ins, "2": groups}
    assert _lines(graph, "num_groups", "norm") == {f"{k}.norm": {v} for k, v in norms.items()}
    # Two equal numbers have one origin only where they are one number.
    convs = {name: node.layer for name, node in graph.walk() if name.endswith("conv")}
    known = {name: layer.args["kernel_size"].origin is not None for name, layer in convs.items()}
    assert known == {"0.conv": False, "1.conv": False, "2.conv": True, "3.conv": False}
    assert {x.place.line for x in convs["2.conv"].args["kernel_size"].origin.leaves()} == {side}
