"""Values, containers and text: each program ends in the reader as it ends in Python."""

from typing import Any

import pytest

# Each program binds `result`; a line with a dash stands between them.
PROGRAMS = r"""
result = [
    7 // 2, -7 // 2, 7 % -3, 2**10, 2**-1, 7 / 2, 10**2 / 4, 3 - 5, +4, -(3), ~5, 6 & 3, 6 | 1,
    6 ^ 3, 1 << 4,
]
-
result = [
    True + True, True and 3, 0 or [], not [], 1 < 2 < 3, 1 < 3 > 2 != 5, None is None,
    3 in (1, 2, 3), 4 not in [4],
]
-
result = [
    round(2.5), round(3.5), round(2.675, 2), round(1234, -2), int(-3.7), int("12"),
    int("ff", 16), float("1e3"), abs(-2),
]
-
result = [
    divmod(17, 5), pow(2, 5, 7), min(3, 1, 2), max([4, 9, 2], default=0), min([], default=7),
    sum([1, 2], 10),
]
-
result = (
    max([(1, "b"), (2, "a")], key=lambda p: p[0]), min("abc", "ab", key=len),
    sorted([3, 1, 2], reverse=True),
)
-
import math

result = [
    math.ceil(7 / 2), math.floor(-1.5), math.sqrt(16), math.log2(8), math.prod([2, 3, 4]),
    math.gcd(12, 18), math.pi, math.inf, math.log(8, 2), math.isqrt(17), math.trunc(2.9),
    math.exp(0),
]
-
a = b = [1]
a += [2]
c = a
a = a + [3]
result = a, b, c is b, c is a
-
a, *b, c = range(5)
(d, e), f = [1, 2], 3
[g, h] = "xy"
*i, j = (1,)
result = a, b, c, d, e, f, g, h, i, j
-
a, b = 1, 2
a, b = b, a + b
x = [0, 1, 2]
i = 0
i, x[i] = 1, 9
result = a, b, x
-
x = list(range(10))
result = x[2:5], x[::-1], x[-3:], x[1:8:3], x[:], x[20:], x[-1], x[::-2]
-
x = list(range(6))
x[1:3] = [9, 9, 9]
x[::2] = [0] * len(x[::2])
del x[0], x[-1:]
x.insert(-1, 5)
x.append(6)
x.extend((7, 8))
x.remove(9)
result = x, x.pop(), x.pop(0), x.index(5), x.count(0), x
-
d = {"a": 1, **{"b": 2}, "c": 3}
d["a"] += 10
d.update(b=5, e=6)
del d["c"]
result = (
    d, list(d), d.get("z", 4), d.setdefault("q", []), d.pop("a"), list(d.items()), "b" in d,
    len(d), d | {"b": 0},
)
-
d = dict([("x", 1), ("y", 2)], z=3)
result = (
    {v: k for k, v in d.items()}, dict.fromkeys("ab", 0), d.popitem(), dict(zip("ab", (1, 2))),
)
-
s = {3, 1, 2} | {5} - {3} & {1, 2, 5}
s.add(9)
s.discard(1)
result = s, 9 in s, frozenset([1, 1]), {1, 2} <= {1, 2, 3}, {1, 2} ^ {2, 3}
-
result = (
    [(x, y) for x in range(3) for y in range(x) if (x + y) % 2], {x % 3 for x in range(9)},
    {k: [k] * 2 for k in "ab"}, list(x * x for x in [1, 2]),
)
-
x = "outer"
inner = [x for x in range(3)]
result = x, inner, [[j for j in range(i)] for i in range(3)], [y := 5, y + 1], y
-
result = [
    f"{3.14159:.2f} {7:03d} {'a'!r} {2 + 3} {[1, 2]} {5:>4}|{'x':<3}|{12:x} {1e6:,.0f} {0.5:%}",
    "%d-%s" % (1, "a"), "{0} {x}".format(1, x=2),
]
-
s = "ir_r2_k3_s2_e6_c40_se0.25"
result = (
    s.split("_"), {p[0]: p[1:] for p in s.split("_")[1:]}, s.upper(), s.replace("_", "-", 2),
    s.find("k"), s.startswith("ir"), s.partition("_"), s[::-2], s.rsplit("_", 1), s.isdigit(),
    "12".zfill(4), " x ".strip(), "a,b".join("xyz"), "layer3".rstrip("0123456789"),
)
-
import re

result = (
    re.split(r"(\d.*)", "k3"), re.match(r"([a-z]+)(\d+)", "conv12").groups(),
    re.sub("[aeiou]", "_", "linear"), re.findall(r"\d+", "a1b22"), bool(re.search("x", "abc")),
    re.fullmatch("a(?P<n>.)", "ab").group("n"),
)
-
import itertools

result = (
    list(itertools.chain([1], (2, 3))), list(itertools.product("ab", [1, 2])),
    list(itertools.islice(itertools.count(5, 2), 3)), list(itertools.accumulate([1, 2, 3])),
    list(itertools.repeat(0, 2)), list(itertools.combinations([1, 2, 3], 2)),
    list(zip(*[[1, 2], [3, 4]])),
)
-
import copy

a = {"x": [1, [2]]}
b, c = copy.copy(a), copy.deepcopy(a)
a["x"][1].append(3)
a["y"] = 1
result = a, b, c
-
x = [[0] * 2] * 2
x[0][0] = 1
y = [[0] * 2 for _ in range(2)]
y[0][0] = 1
z = (1, 2) + (3,) * 2
result = x, y, z, x[0] is x[1]
-
i = iter([1, 2, 3, 4, 5])
result = (
    next(i), list(zip(i, i)), next(i, "end"), list(map(lambda a, b: a + b, [1, 2], [3, 4])),
    list(filter(None, [0, 1, 2])), any([]), all([]), list(reversed([1, 2])),
    any(x > 1 for x in (1, 2)),
)
""".strip().split("\n-\n")


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_ends_as_in_python(lab: Any, program: str) -> None:
    found, wanted = lab.values(program, "result")
    assert repr(found) == repr(wanted)
