"""Programs that nobody wrote: what the reader says of their variables is what Python says, or
that it does not know."""

import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

INTEGERS = ("a", "b", "c")
LISTS = ("xs", "ys")
DICTS = ("d",)
NAMES = (*INTEGERS, *LISTS, *DICTS, "s", "o", "p", "log")

MOVES = ("xs = xs + ys", "xs += ys[:3]", "ys = list(xs)", "d = dict(d)")
ALIASES = ("xs = ys", "ys = xs", "o = p", "p = o", "o.items = p.items", "xs = o.items")

HEAD = """
import random
from functools import partial
log = []
class Base:
    total = 1
    def __init__(self, n=2, *rest, **kw):
        self.n = n
        self.items = [*rest, *kw.values()]
    def grow(self, by=1):
        self.n += by
        return self
    @property
    def twice(self):
        return self.n * 2
class Child(Base):
    total = 3
    def grow(self, by=2):
        super().grow(by + self.total)
        self.items.append(self.n)
        return self
def scale(x, by=2, *more, last=1):
    if x > 40:
        return x - by
    for m in more:
        x += m
    return (x * by + last) % 1009
def fail(x):
    if x % 2:
        raise ValueError("odd")
    return x // 2
def pick(items, n=0, seen=[]):
    seen.append(n)
    return items[n % len(items)] if items else len(seen)
a, b, c = 1, 2, 3
xs, ys, d, s = [1, 2], [3], {"k": 1, "m": 4}, "w8"
o, p = Base(3), Child(5)
"""


class Writer:
    """Draws a program. `condition`: what stands where a program decides without knowing."""

    def __init__(self, draw: st.DrawFn, condition: str = "") -> None:
        self.draw = draw
        self.condition = condition
        self.functions = 0

    def one(self, *options: str) -> str:
        return self.draw(st.sampled_from(options))

    def count(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    # --- expressions ------------------------------------------------------------------------

    def integer(self, depth: int = 0) -> str:
        kind = self.count(0, 4 if depth > 1 else 17)
        deeper = depth + 1
        if kind < 2:
            return str(self.count(-2, 9))
        if kind < 5:
            return self.one(*INTEGERS, "o.n", "p.n")
        make = (
            lambda: f"({self.integer(deeper)} {self.one('+', '-')} {self.integer(deeper)})",
            lambda: f"({self.integer(deeper)} * {self.integer(deeper)} % 1009)",
            lambda: f"({self.integer(deeper)} {self.one('//', '%')} {self.count(2, 5)})",
            lambda: f"({self.integer(deeper)} if {self.truth(deeper)} else {self.integer(deeper)})",
            lambda: f"len({self.one(*LISTS, *DICTS, 's')})",
            lambda: f"sum({self.listing(deeper)})",
            lambda: f"d.get({self.one(*'kmz')!r}, {self.integer(deeper)})",
            lambda: f"pick({self.listing(deeper)}, {self.integer(deeper)})",
            lambda: (
                f"scale({self.integer(deeper)}, *{self.one(*LISTS)}[:2], last={self.count(0, 3)})"
            ),
            lambda: self.one("o.twice", "p.twice", "Child.total", "Base.total", "o.grow().n"),
            lambda: f"partial(scale, by={self.count(1, 3)})({self.integer(deeper)})",
            lambda: f"max({self.integer(deeper)}, {self.integer(deeper)})",
            lambda: f"int(s[1:] or {self.count(1, 9)})",
        )
        return make[kind - 5]()

    def truth(self, depth: int = 0) -> str:
        if self.condition and self.count(0, 2) == 0:
            return self.condition
        first = f"{self.integer(depth + 1)} {self.one('<', '==', '>=', '!=')} {self.count(-3, 12)}"
        more = f" {self.one('and', 'or')} {self.one('not xs', 'a', 'ys', 'd')}"
        return first + (more if self.count(0, 3) == 0 else "")

    def listing(self, depth: int = 0) -> str:
        deeper = depth + 1
        kind = self.count(0, 2 if depth > 1 else 8)
        if kind < 3:
            return self.one(*LISTS, "o.items", "p.items", "list(d.values())")
        make = (
            lambda: f"[{self.integer(deeper)}, {self.integer(deeper)}]",
            lambda: (
                f"[i * {self.count(1, 3)} for i in {self.listing(deeper)} "
                f"if i != {self.count(0, 4)}]"
            ),
            lambda: f"{self.listing(deeper)}[{self.count(-2, 1)}:]",
            lambda: f"sorted({self.listing(deeper)}, reverse={self.one('True', 'False')})",
            lambda: f"[x + y for x, y in zip({self.listing(deeper)}, {self.listing(deeper)})]",
            lambda: f"list(range({self.count(0, 4)}))",
        )
        return make[kind - 3]()

    # --- statements -------------------------------------------------------------------------

    def block(self, depth: int, indent: str, looping: bool, inside: bool) -> list[str]:
        lines: list[str] = []
        for _ in range(self.count(1, 3 if depth else 6)):
            lines += self.statement(depth, looping, inside)
        return [indent + line for line in lines]

    def statement(self, depth: int, looping: bool, inside: bool) -> list[str]:
        kind = self.count(0, 9 if depth > 2 else 17)
        if kind < 10:
            return [self.simple(looping, inside)]
        body = lambda again=looping: self.block(depth + 1, "    ", again, inside)  # noqa: E731
        if kind == 10:
            return [
                f"for {self.one(*INTEGERS)} in {self.listing()}[:3]:",
                *body(True),
                *self.other(body),
            ]
        if kind == 11:
            return ["for i, v in enumerate(list(xs)[:3]):", *body(True)]
        if kind in (12, 13, 14):
            return [f"if {self.truth()}:", *body(), *self.other(body)]
        if kind == 15:
            last = ["finally:", *body(False)] if self.count(0, 2) == 0 else []
            handler = (
                f"except {self.one('ValueError', 'Exception', '(KeyError, ValueError)')} as e:"
            )
            return ["try:", *body(), handler, "    log.append(type(e).__name__)", *body(), *last]
        if kind == 16:
            self.functions += 1
            w = f"w{self.functions}"
            return [
                f"{w} = 0",
                f"while {w} < 3 and ({self.truth()}):",
                f"    {w} += 1",
                *body(True),
            ]
        return self.function(depth)

    def other(self, body: Any) -> list[str]:
        return ["else:", *body()] if self.count(0, 1) else []

    def function(self, depth: int) -> list[str]:
        self.functions += 1
        name = f"f{self.functions}"
        inner = self.block(depth + 1, "    ", False, True)
        head = f"def {name}(a, b={self.integer(2)}, *args, c={self.count(0, 3)}):"
        target = self.one(*INTEGERS, "o.n", "d['k']")
        call = f"{target} = {name}({self.integer(2)}{self.one('', ', 4', ', 4, 5', ', c=1')})"
        back = f"    return {self.one('a', 'b', 'c', 'a + b', 'len(args)')}"
        return [head, "    xs = [a, b]", "    global d, o, p, s, ys, log", *inner, back, call]

    def simple(self, looping: bool, inside: bool) -> str:
        options = [
            lambda: f"{self.one(*INTEGERS)} = {self.integer()}",
            lambda: f"{self.one(*INTEGERS)} {self.one('+=', '-=')} {self.integer()}",
            lambda: f"{self.one('a, b', 'b, c', 'c, a')} = {self.integer()}, {self.integer()}",
            lambda: f"{self.one('xs', 'ys')}.append({self.integer()})",
            lambda: self.one(*MOVES, *(() if self.condition else ALIASES)),
            lambda: (
                f"{self.one('o', 'p')} = {self.one('Base', 'Child')}({self.integer()}, *xs[:2])"
            ),
            lambda: f"d[{self.one(*'kmz')!r}] = {self.integer()}",
            lambda: f"{self.one('o', 'p')}.{self.one('n', 'extra')} = {self.integer()}",
            lambda: f"{self.one('o', 'p')}.grow({self.integer()})",
            lambda: f"log.append({self.integer()})",
            lambda: f"{self.one(*INTEGERS)} = fail({self.integer()})",
            lambda: (
                f"s = f's{{{self.integer(2)}}}' if False else "
                f"'w' + str(abs({self.integer(2)}) % 10)"
            ),
            lambda: f"{self.one('Base', 'Child')}.total = {self.integer(2)}",
            lambda: f"{self.one(*LISTS)}[-1:] = [{self.integer()}]",
            lambda: f"{self.one('o', 'p')}.items = list({self.listing()})",
            lambda: f"d.{self.one('pop', 'setdefault')}({self.one(*'kmz')!r}, {self.integer(2)})",
        ]
        if looping:
            options += [lambda: self.one("continue", "break", "pass")] * 2
        if inside:
            options.append(lambda: f"return {self.integer()}")
        return options[self.count(0, len(options) - 1)]()

    def program(self) -> str:
        body = self.block(0, "    ", False, False)
        end = "except Exception as e:\n    log.append((type(e).__name__, 'end'))\n"
        return f"{HEAD}\ntry:\n" + "\n".join(body) + f"\n{end}"


@st.composite
def programs(draw: st.DrawFn, condition: str = "") -> str:
    return Writer(draw, condition).program()


SETTINGS = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@SETTINGS
@given(text=programs())
def test_a_program_that_knows_all(lab: Any, text: str) -> None:
    found, wanted = lab.values(text, *NAMES)
    assert repr(found) == repr(wanted), text


FLIP = "random.random() < 0.5"


LOOPS = """
a = b = c = 1
for i in [0, 1]:
    for _ in []:
        pass
    else:
        if random.random() < 0.5:
            continue
    a = 5
while b < 2:
    b += 1
    for _ in [1, 2]:
        c += 0
    else:
        if random.random() < 0.5:
            break
    b = 7
for x in [1, 2]:
    for _ in [3]:
        if random.random() < 0.5:
            break
    else:
        if random.random() < 0.5:
            continue
        ys = [*ys, x]
    xs = [*xs, x]
for x in [1, *([2] if random.random() < 0.5 else [])]:
    o.n = x
else:
    o.n += 10
while random.random() < 0.5:
    c += 1
else:
    p.n = 3
    s = "else"
"""


def test_sides_that_leave_loops_by_an_else(lab: Any) -> None:
    check_by_chance(lab, HEAD + LOOPS)


@SETTINGS
@given(text=programs(FLIP))
def test_a_program_that_decides_by_chance(lab: Any, text: str) -> None:
    check_by_chance(lab, text)


def check_by_chance(lab: Any, text: str) -> None:
    """Run a program with several seeds: each run must be what was read, as far as that says."""
    lab.write(text)
    read = lab.interpreted()
    found = {name: lab.plain(read.get(name, "<absent>")) for name in NAMES}
    for seed in range(8):
        random.seed(seed)
        run = lab.executed()
        for name in NAMES:
            wanted = lab.plain(run.get(name, "<absent>"))
            assert lab.covers(found[name], wanted), f"{text}\n{name}: {found[name]}, {wanted}"
