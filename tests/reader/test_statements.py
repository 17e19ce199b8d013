"""Functions and control flow: each program ends in the reader as it ends in Python."""

from typing import Any

import pytest

# Each program binds `result`; a line with a dash stands between them.
PROGRAMS = r"""
out = []
for i, (a, b) in enumerate(zip([1, 2, 3], "abc"), start=1):
    if i == 2:
        continue
    out.append((i, a, b))
else:
    out.append("else")
for x in [1, 2, 3]:
    if x == 2:
        break
else:
    out.append("never")
result = out, i, x
-
n, out = 27, []
while n != 1:
    n = n // 2 if n % 2 == 0 else 3 * n + 1
    if n > 100:
        out.append(n)
    if len(out) > 6:
        break
else:
    out.append("done")
result = n, out
-
def f(a, b=2, *args, c, d=4, **kw):
    return a, b, args, c, d, kw

result = f(1, c=3), f(1, 5, 6, 7, c=0, z=9), f(*[1, 2, 3], **{"c": 4, "e": 5}), f(b=1, a=2, c=3)
-
def f(a, /, b, *, c=1):
    return a + b * c
def defaults(x, seen=[]):
    seen.append(x)
    return list(seen)

result = f(1, 2), f(1, b=3, c=2), defaults(1), defaults(2), defaults(3, [])
-
def counter():
    n = 0
    def step(by=1):
        nonlocal n
        n += by
        return n

    return step

c, d = counter(), counter()
c()
c(5)
fs = [lambda: i for i in range(3)]
gs = [lambda i=i: i for i in range(3)]
result = c(), d(), [f() for f in fs], [g() for g in gs]
-
total = 0
def add(n):
    global total
    total += n
    return total

result = add(2), add(3), total
-
def gen(n):
    for i in range(n):
        got = yield i * i
    return "end"
def outer():
    last = yield from gen(3)
    yield last

result = list(outer()), next(gen(2)), dict(zip("ab", gen(5))), sum(gen(4))
-
def fact(n):
    return 1 if n < 2 else n * fact(n - 1)
def make_divisible(v, divisor=8, min_value=None, round_limit=0.9):
    min_value = min_value or divisor
    new_v = max(min_value, int(v + divisor / 2) // divisor * divisor)
    if new_v < round_limit * v:
        new_v += divisor
    return new_v

result = fact(10), [make_divisible(w * 1.3) for w in (16, 24, 40, 80, 112, 3)]
-
from functools import partial, reduce
def f(*a, **k):
    return a, k

p = partial(partial(f, 1, x=2), 3, x=4, y=5)
result = p(6, y=7), p.args, p.keywords, p.func is f, reduce(lambda a, b: a * b, [1, 2, 3, 4])
-
out = []
try:
    out.append(1)
    raise ValueError("no", 3)
except (KeyError, ValueError) as e:
    out.append(type(e).__name__)
    out.append(e.args)
else:
    out.append("else")
finally:
    out.append("finally")
def f():
    try:
        return "try"
    finally:
        out.append("after")

result = f(), out
-
out = []
for action in (
    lambda: [][1], lambda: {}["k"], lambda: int("x"), lambda: 1 / 0, lambda: None.x,
    lambda: undefined, lambda: "a" + 1, lambda: next(iter([])), lambda: [].remove(1),
):
    try:
        action()
    except Exception as e:
        out.append(type(e).__name__)
try:
    try:
        raise KeyError("a")
    except KeyError as e:
        raise RuntimeError("b") from e
except RuntimeError as e:
    out.append(str(e))
    out.append(type(e.__cause__).__name__)
try:
    assert 1 > 2, "assertion"
except AssertionError as e:
    out.append(str(e))
result = out
-
x = 5
result = "big" if x > 10 else "mid" if x > 3 else "small"
match [1, 2, {"k": "v"}]:
    case [1, y, {"k": z}] if y > 5:
        result = "guard"
    case [a, *rest]:
        result = result, a, rest
match ("point", 3):
    case ("line", _):
        result = 0
    case ("point" | "dot", int(n)):
        result = result, n
-
def f(**kw):
    kw = dict(kw)
    width = kw.pop("width", 64)
    kw.setdefault("depth", 2)
    return width, kw
def g(**kw):
    return f(**{**{"width": 32, "act": "relu"}, **kw})

result = g(), g(width=16, depth=1)
-
def ntuple(n):
    def parse(x):
        if isinstance(x, (tuple, list)):
            return tuple(x)
        return tuple([x] * n)

    return parse

pair = ntuple(2)
result = (
    pair(3), pair([1, 2]),
    [type(v).__name__ for v in (1, 1.0, "a", None, True, [], (), {}, len)],
)
-
a = 1
del a
try:
    a
    result = "bound"
except NameError:
    result = "unbound"
def f():
    try:
        x
    except UnboundLocalError:
        return "local"
    x = 1

result = result, f()
-
from contextlib import contextmanager

out, cfg = [], {"width": 1}
@contextmanager
def using(**kw):
    old = dict(cfg)
    cfg.update(kw)
    try:
        yield cfg["width"]
    except KeyError:
        out.append("dealt with")
    finally:
        cfg.clear()
        cfg.update(old)
def f():
    with using(width=5) as w, using(depth=w + 1):
        out.append(dict(cfg))
        return w

with using(width=3):
    out.append(cfg["width"])
    raise KeyError
for i in range(3):
    with using(width=i):
        if i == 1:
            continue
        out.append(cfg["width"])
result = f(), out, cfg
-
def nested(n):
    fs = [lambda k=1: (i, k) for i in range(n)]
    gs = [[lambda: (i, j) for j in range(2)] for i in range(n)]
    return [f() for f in fs], [g() for row in gs for g in row]

hs = {k: (lambda v: [k, v]) for k in "ab"}
result = nested(2), hs["a"](0)
""".strip().split("\n-\n")


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_ends_as_in_python(lab: Any, program: str) -> None:
    found, wanted = lab.values(program, "result")
    assert repr(found) == repr(wanted)
