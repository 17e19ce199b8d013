"""Classes and what makes them: each program ends in the reader as it ends in Python."""

from typing import Any

import pytest

# Each program binds `result`; a line with a dash stands between them.
PROGRAMS = r"""
from collections import UserDict

class Once(UserDict[str, int]):
    def __setitem__(self, key, value):
        if key not in self.data:
            super().__setitem__(key, value)

once = Once()
once["a"] = 3
once["a"] = 4
result = once["a"], len(once), isinstance(once, dict), list(once.data.values()), sum(once.values())
-
class Kept:
    def __setattr__(self, key, value):
        super().__setattr__(key, value)

kept = Kept()
for name, value in {"t_x": 3, "y": 4}.items():
    if name.startswith("t_"):
        kept.__setattr__(name[2:], value)
result = kept.x, hasattr(kept, "y")
-
from collections import OrderedDict, defaultdict, namedtuple, Counter, deque

d = defaultdict(list)
d["a"].append(1)
P = namedtuple("P", "x y", defaults=[5])
o = OrderedDict(b=1)
o["a"] = 2
p = P(1)
result = d, p.x + p.y, p._replace(y=1)[1], tuple(p), list(o), p._asdict()["y"]
-
class A:
    kind = "a"
    count = 0
    def __init__(self, x=1):
        self.x = x
        A.count += 1
    @property
    def twice(self):
        return self.x * 2
    @twice.setter
    def twice(self, v):
        self.x = v // 2
    @classmethod
    def make(cls, x):
        return cls(x + 1)
    @staticmethod
    def helper(v):
        return v * 10
class B(A):
    kind = "b"
    def __init__(self, x, y):
        super().__init__(x)
        self.y = y
    @classmethod
    def make(cls, x):
        return cls(x, x)

b = B(3, 4)
b.twice = 10
result = (
    b.x, b.y, b.twice, B.make(2).y, A.make(2).x, b.kind, A.helper(2), A.count, isinstance(b, A),
    issubclass(B, (int, A)), type(b).__name__, B.__mro__[1].__name__, vars(b),
)
-
class A:
    def who(self):
        return ["A"]
class B(A):
    def who(self):
        return ["B"] + super().who()
class C(A):
    def who(self):
        return ["C"] + super().who()
class D(B, C):
    def who(self):
        return ["D"] + super().who()

result = D().who(), [c.__name__ for c in D.__mro__]
-
class V:
    def __init__(self, *v):
        self.v = v
    def __len__(self):
        return len(self.v)
    def __getitem__(self, i):
        return self.v[i]
    def __iter__(self):
        return iter(self.v[::-1])
    def __add__(self, o):
        return V(*self.v, *o.v)
    def __eq__(self, o):
        return self.v == o.v
    def __contains__(self, x):
        return x == "magic"
    def __call__(self, n):
        return n + len(self)
    def __getattr__(self, name):
        return f"no {name}"
    def __bool__(self):
        return False
    def __enter__(self):
        return self.v
    def __exit__(self, *a):
        return True

v = V(1, 2, 3)
with v as w:
    raise ValueError
result = (
    len(v), v[0], v[1:], list(v), (v + V(4)).v, v == V(1, 2, 3), "magic" in v, v(10), v.thing,
    "yes" if v else "no", w,
)
-
from dataclasses import dataclass, field, asdict, replace
@dataclass
class Config:
    dim: int = 64
    heads: int = 4
    depths: list = field(default_factory=lambda: [2, 2])
    head_dim: int = None
    def __post_init__(self):
        if self.head_dim is None:
            self.head_dim = self.dim // self.heads
@dataclass
class Large(Config):
    dim: int = 128
    extra: str = "x"

c = Large(heads=8)
c.depths.append(6)
result = (
    c, asdict(c), Config(), replace(Config(), dim=32, head_dim=None), Config() == Config(),
    Large(1, 1, [], 1, "y").extra,
)
-
from typing import NamedTuple, Optional
from enum import Enum, IntEnum
class Spec(NamedTuple):
    width: int
    depth: int = 3
class Kind(Enum):
    CONV = "conv"
    POOL = "pool"
class Level(IntEnum):
    LOW = 1
    HIGH = 2

s = Spec(8)
result = (
    s.width * s.depth, s._replace(width=1).width, list(s), Kind("pool").name, Kind.CONV.value,
    Kind["CONV"] is Kind.CONV, [k.value for k in Kind], Level.HIGH + 1,
)
-
def deco(n):
    def wrap(f):
        def inner(*a):
            return f(*a) * n

        inner.name = f.__name__
        return inner

    return wrap
@deco(3)
def f(x):
    return x + 1

REG = {}
def register(cls):
    REG[cls.__name__] = cls
    return cls
@register
class Thing:
    size = 4

result = f(1), f.name, {k: v.size for k, v in REG.items()}
-
class Meta(type):
    def __new__(m, name, bases, ns, **kw):
        ns["tag"] = name.lower()
        return super().__new__(m, name, bases, ns, **kw)
class Base(metaclass=Meta):
    subs = []
    def __init_subclass__(cls, scale=1, **kw):
        super().__init_subclass__(**kw)
        Base.subs.append((cls.__name__, scale))
class One(Base, scale=3):
    pass
class Two(Base):
    pass

result = One.tag, Two().tag, Base.subs
-
class Descriptor:
    def __set_name__(self, owner, name):
        self.name = "_" + name
    def __get__(self, obj, owner=None):
        return getattr(obj, self.name, 7)
    def __set__(self, obj, value):
        setattr(obj, self.name, value * 2)
class Holder:
    width = Descriptor()

h = Holder()
before = h.width
h.width = 4
result = before, h.width, hasattr(h, "_width"), getattr(h, "missing", None)
-
class Cfg(dict):
    __getattr__ = dict.__getitem__
    def __setattr__(self, k, v):
        self[k] = v

c = Cfg(width=3)
c.depth = 4
result = c.width, c["depth"], dict(c), isinstance(c, dict), len(c)
-
from dataclasses import dataclass
@dataclass
class Point:
    x: int
    y: int = 0
def kind(v):
    match v:
        case None | False:
            return "nothing"
        case str(s):
            return "text " + s
        case Point(x=0):
            return "origin"
        case Point(x, y) if x == y:
            return ["diagonal", x]
        case {"type": "conv", "k": k, **rest}:
            return ["conv", k, rest]
        case [first, *_, last]:
            return [first, last]
        case int() | float():
            return "number"
        case _:
            return "other"

result = [
    kind(v)
    for v in (
        None, "a", Point(0, 1), Point(2, 2), Point(1), {"type": "conv", "k": 3, "s": 1},
        (1, 2, 3), [4], 2.5, {}, True,
    )
]
-
class Grow:
    def __init__(self):
        self.n = 1
        self.setup()
        f = self.later
        f()
    def setup(self):
        g = self.grow
        g()
        for step in (self.grow, self.grow):
            step()
    def grow(self):
        self.n += 5
    def later(self):
        self.m = self.n

result = Grow().n, Grow().m
-
size, sizes = 1, [1]
def f(a=size, b=sizes, *, c=size + 1):
    return a, b, c

fs = []
for i in range(3):
    fs.append(lambda i=i: i)
size = 2
sizes = sizes + [2]
class K:
    width = 3
    def get(self, w=width):
        return w

    width = 4

result = f(), [g() for g in fs], K().get()
-
from types import SimpleNamespace

n = SimpleNamespace(a=1, b=SimpleNamespace(c=[2]))
n.b.c.append(3)
setattr(n, "d", 4)
result = n.a, n.b.c, n.d, hasattr(n, "e"), vars(n)["a"]
""".strip().split("\n-\n")


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_ends_as_in_python(lab: Any, program: str) -> None:
    found, wanted = lab.values(program, "result")
    assert repr(found) == repr(wanted)
