"""Objects made to recurse, to never end, or to run something when they are looked at."""

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Survives = Callable[..., Any]

HEAD = """\
import dataclasses, functools, os, sys
import torch
import torch.nn as nn
"""


def write(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "x.py").write_text(text)
    return folder


# Special methods that never come back; USES looks at the object in every way there is.
METHODS = {
    "getattr": "def __getattr__(self, name): return getattr(self, name + 'x')",
    "getattribute": "def __getattribute__(self, name): return self.other",
    "setattr": "def __setattr__(self, name, value): self.name = value",
    "delattr": "def __delattr__(self, name): del self.name",
    "eq": "def __eq__(self, other): return self == other",
    "ne": "def __ne__(self, other): return other != self",
    "lt": "def __lt__(self, other): return other < self",
    "hash": "def __hash__(self): return hash(self)",
    "bool": "def __bool__(self): return bool(self)",
    "len": "def __len__(self): return len(self)",
    "len-large": "def __len__(self): return 10**18",
    "iter": "def __iter__(self): return iter(self)",
    "iter-endless": "def __iter__(self):\n    while True: yield self",
    "next-endless": "def __iter__(self): return self\ndef __next__(self): return 1",
    "getitem-endless": "def __getitem__(self, index): return 1",
    "getitem": "def __getitem__(self, index): return self[index]",
    "contains": "def __contains__(self, item): return item in self",
    "missing": "def __missing__(self, key): return self[key]",
    "call": "def __call__(self, *args): return self(*args)",
    "repr": "def __repr__(self): return repr(self) + repr(self)",
    "str": "def __str__(self): return f'{self}{self}'",
    "format": "def __format__(self, spec): return format(self, spec)",
    "int": "def __int__(self): return int(self)",
    "float": "def __float__(self): return float(self)",
    "index": "def __index__(self): return range(10)[self]",
    "add": "def __add__(self, other): return self + other",
    "radd": "def __radd__(self, other): return other + self",
    "mul": "def __mul__(self, other): return self * other",
    "enter": "def __enter__(self):\n    with self: pass",
    "loop": "def __len__(self):\n    while True: pass",
    "loop-attribute": "def __getattr__(self, name):\n    while True: pass",
    "property": "@property\ndef value(self): return self.value",
    "property-setter": "@property\ndef value(self): return 1\n"
    "@value.setter\ndef value(self, v): self.value = v",
    "cached-property": "@functools.cached_property\ndef value(self): return self.value",
    "new": "def __new__(cls): return cls()",
    "init": "def __init__(self): type(self)()",
    "init-subclass": "def __init_subclass__(cls):\n    class Sub(cls): pass",
    "class-getitem": "def __class_getitem__(cls, key): return cls[key]",
    "deepcopy": "def __deepcopy__(self, memo):\n    import copy\n    return copy.deepcopy(self)",
    "reduce": "def __reduce__(self): return os.remove, ('marker',)",
    "del": "def __del__(self): os.remove('marker')",
    "dir": "def __dir__(self): return dir(self)",
    "get": "def __get__(self, obj, owner): return owner.thing",
    "set-name": "def __set_name__(self, owner, name):\n    while True: setattr(owner, name, self)",
}

USES = """
x.value; x.value = 1; x.nothing; hasattr(x, "a"); getattr(x, "b", None); len(x); bool(x); list(x)
x == x; x != 1; x < x; {x: x}; hash(x); x[0]; x["k"]; 1 in x; x(1); repr(x); str(x); f"{x}{x!r:>9}"
int(x); float(x); range(x); x + 1; 1 + x; x * 2; dir(x); x and 1; [*x]; {**x}; print(*x); a, b = x
if x: pass
while x: pass
for _ in x: pass
with x: pass
del x.gone
class Sub(type(x)): thing = x
type(x)[int]; Sub(); Sub.thing; isinstance(x, type(x)); sorted([x, x]); min(x, x); sum([x, x])
""".strip()

METHOD = (
    HEAD
    + """
class Thing(dict):
{method}

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        x = Thing()
        self.fc = nn.Linear(x, x.value)
{uses}

class Module(nn.Module):
{method}
    fc = nn.Linear(100, 8)

x = Thing()
{flat}
"""
)


@pytest.mark.parametrize("name", METHODS)
def test_a_method(name: str, tmp_path: Path, survives: Survives):
    # One use to a try: what raises must not hide the next.
    uses = "\n".join(f"try:\n{textwrap.indent(use, '    ')}\nexcept: pass" for use in _single(USES))
    text = METHOD.format(
        method=textwrap.indent(METHODS[name], " " * 4),
        uses=textwrap.indent(uses, " " * 8),
        flat=uses,
    )
    survives(write(tmp_path / "case", text))


def _single(text: str) -> list[str]:
    return [part.strip() for line in text.splitlines() for part in line.split("; ")]


SOURCES = {
    "constructor": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.child = Net()
        """,
    "constructor-counts": """
        class Net(nn.Module):
            def __init__(self, n=0):
                super().__init__()
                self.fc = nn.Linear(n, n + 1)
                self.child = Net(n + 1)
        """,
    "constructor-doubles": """
        class Net(nn.Module):
            def __init__(self, n=60):
                super().__init__()
                self.fc = nn.Linear(8, 8)
                if n:
                    self.left, self.right = Net(n - 1), Net(n - 1)
        """,
    "constructor-doubles-differently": """
        class Net(nn.Module):
            def __init__(self, n=60, path=""):
                super().__init__()
                self.fc = nn.Linear(8, 8)
                if n:
                    self.left, self.right = Net(n - 1, path + "l"), Net(n - 1, path + "r")
        """,
    "mutual": """
        class A(nn.Module):
            def __init__(self):
                super().__init__()
                self.b = B()
        class B(nn.Module):
            def __init__(self):
                super().__init__()
                self.a = A()
        """,
    "factory": """
        def make(width=8):
            return nn.Sequential(nn.Linear(width, width), make(width + 1))
        """,
    "super": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                super(Net, self).__init__()
                self.__init__()
        """,
    "bases": """
        class A(B): pass
        class B(A): pass
        class Net(A, B, nn.Module): pass
        """,
    "own-base": """
        class Net(Net): pass
        """,
    "dataclass": """
        @dataclasses.dataclass
        class Config:
            width: int = 8
            def __post_init__(self):
                self.child = Config(self.width + 1)
        class Net(nn.Module):
            def __init__(self, config: Config = Config()):
                super().__init__()
                self.fc = nn.Linear(config.width, config.child.width)
        """,
    "decorator": """
        def deco(f):
            return deco(deco(f))
        @deco
        def net():
            return nn.Linear(100, 8)
        @deco
        class Net(nn.Module):
            @deco
            def __init__(self):
                super().__init__()
        """,
    "decorator-of-itself": """
        @net
        def net():
            return net()
        """,
    "registry": """
        TABLE = {}
        def register(f):
            TABLE[len(TABLE)] = f
            return register(f)
        @register
        def net(): return nn.Linear(100, 8)
        """,
    "lru-cache": """
        @functools.lru_cache
        def width(n): return width(n + 1)
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(width(0), 8)
        """,
    "meta-call": """
        class Meta(type):
            def __call__(cls, *args): return cls(*args)
        class Net(nn.Module, metaclass=Meta): pass
        """,
    "meta-new": """
        class Meta(type):
            def __new__(meta, name, bases, space): return Meta(name + "x", bases, space)
        class Net(nn.Module, metaclass=Meta): pass
        """,
    "meta-prepare": """
        class Space(dict):
            def __setitem__(self, key, value):
                while True: pass
        class Meta(type):
            def __prepare__(name, bases): return Space()
        class Net(nn.Module, metaclass=Meta):
            width = 100
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(self.width, 8)
        """,
    "meta-prepare-runs": """
        class Meta(type):
            @classmethod
            def __prepare__(meta, name, bases):
                os.remove("marker")
                return {}
        class Net(nn.Module, metaclass=Meta): pass
        """,
    "meta-getattr": """
        class Meta(type):
            def __getattr__(cls, name): return getattr(cls, name + "x")
            def __instancecheck__(cls, x): return isinstance(x, cls)
            def __subclasscheck__(cls, x): return issubclass(x, cls)
            def __iter__(cls): return iter(cls)
            def __len__(cls): return len(cls)
        class Kind(metaclass=Meta): pass
        class Net(nn.Module):
            def __init__(self, kind=Kind):
                super().__init__()
                self.fc = nn.Linear(kind.width, len(kind) if isinstance(1, kind) else [*kind][0])
        """,
    "meta-of-itself": """
        class Meta(type, metaclass=Meta): pass
        class Net(nn.Module, metaclass=lambda *a: Net): pass
        """,
    "mro-entries": """
        class Entry:
            def __mro_entries__(self, bases): return (Entry(),) * 10**9
        class Net(Entry(), nn.Module): pass
        """,
    "module-getattr": """
        def __getattr__(name): return sys.modules[__name__].anything
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                import x
                self.fc = nn.Linear(x.width, 8)
        """,
    "self-import": """
        import x
        from x import *
        from x import Net as Base
        class Net(Base): pass
        """,
    "enum": """
        import enum
        class Kind(enum.IntEnum):
            A = 10**10**8
            def _generate_next_value_(name, start, count, last):
                while True: pass
            B = enum.auto()
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(Kind.A, Kind.B)
        """,
    "sequential-children": """
        class Net(nn.Sequential):
            def __init__(self, *args):
                super().__init__(Net(), *args)
            def __iter__(self):
                while True: yield self
        net = nn.Sequential(*Net())
        """,
    "apply": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(100, 8)
                self.apply(self._init)
            def _init(self, m):
                for p in m.modules(): self.apply(self._init)
        """,
    "name-mangling": "class " + "_" * 50_000 + ":\n    __x = __y = 1\n",
    "unions": """
        class Net(nn.Module):
            def __init__(self, flag):
                super().__init__()
                self.w = 1
    """
    + "".join(f"{' ' * 12}    if flag[{i}]: self.w += {i}\n" for i in range(300))
    + "                self.fc = nn.Linear(self.w, 8)\n",
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_source(name: str, tmp_path: Path, survives: Survives):
    survives(write(tmp_path / "case", HEAD + textwrap.dedent(SOURCES[name])))


# Ways to get something done by being imported, built, called or looked at.
ACTIONS = {
    "os.remove": "import os; os.remove({0!r})",
    "pathlib": "import pathlib; pathlib.Path({0!r}).unlink()",
    "subprocess": "import subprocess; subprocess.run(['rm', {0!r}])",
    "os.system": "import os; os.system('rm ' + {0!r})",
    "exec": "exec('import os; os.remove(' + repr({0!r}) + ')')",
    "eval": "eval('__import__(\"os\").remove(' + repr({0!r}) + ')')",
    "compile": "exec(compile('import os; os.remove(' + repr({0!r}) + ')', 'x', 'exec'))",
    "dunder-import": "__import__('os').remove({0!r})",
    "importlib": "import importlib; importlib.import_module('os').remove({0!r})",
    "open": "open({0!r}, 'w').write('gone')",
    "getattr": "import os; getattr(os, 're' + 'move')({0!r})",
    "builtins": "import builtins; builtins.open({0!r}, 'w').close()",
    "globals": "globals()['__builtins__']['open']({0!r}, 'w')",
    "subclasses": "[c for c in ().__class__.__base__.__subclasses__() if c.__name__ == 'Popen']"
    "[0](['rm', {0!r}])",
    "sys.modules": "import sys; sys.modules['os'].remove({0!r})",
    "shutil": "import shutil; shutil.move({0!r}, {0!r} + '.gone')",
    "ctypes": "import ctypes; ctypes.CDLL(None).unlink({0!r}.encode())",
    "map": "import os; list(map(os.remove, [{0!r}]))",
    "partial": "import os, functools; functools.partial(os.remove, {0!r})()",
    "sorted-key": "import os; sorted([{0!r}], key=os.remove)",
    "reduce": "import os, functools; functools.reduce(lambda a, b: os.remove(b), [0, {0!r}])",
    "re.sub": "import os, re; re.sub('.*', lambda m: os.remove({0!r}), 'x')",
    "pickle": "from pickle import loads; loads(b'cos\\nremove\\n(V' + {0!r}.encode() + b'\\ntR.')",
    "torch.load": "import torch; torch.load({0!r}, weights_only=False)",
    "torch.save": "import torch; torch.save(1, {0!r})",
    "numpy": "import numpy; numpy.save(open({0!r}, 'wb'), [1])",
    "json": "import json; json.dump(1, open({0!r}, 'w'))",
    "atexit": "import atexit, os; atexit.register(os.remove, {0!r})",
    "format": "'{{0.__class__.__init__.__globals__[os].remove}}'.format(open({0!r}, 'w'))",
    "default-factory": "import os, collections as c; c.defaultdict(lambda: os.remove({0!r}))[0]",
    "print-file": "print('gone', file=open({0!r}, 'w'))",
    "logging": "import logging; logging.basicConfig(filename={0!r}, filemode='w')",
    "tempfile": "import os; os.rename({0!r}, {0!r} + '.gone')",
    "exit": "import os; os.remove({0!r}); os._exit(0)",
    "kill": "import os, signal; os.remove({0!r}); os.kill(os.getppid(), signal.SIGKILL)",
}

ACTION = """
import torch.nn as nn
{0}

def deco(f):
    {0}
    return f

class Meta(type):
    {0}

class Net(nn.Module):
    {0}
    def __init__(self):
        {0}
        super().__init__()
        self.fc = nn.Linear(self.width, 8)

    @property
    def width(self):
        {0}
        return 100

@deco
def net(model=Net()):
    {0}
    return model

net()
if __name__ == "__main__":
    {0}
"""


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action(name: str, tmp_path: Path, survives: Survives):
    folder = tmp_path / "case"
    survives(write(folder, ACTION.format(ACTIONS[name].format(str(folder / "marker")))))
