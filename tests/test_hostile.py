"""Source that is made to hang, to eat memory or to run: reading it does none of these.

Each case is a file next to a harmless model, checked by a real `python -m hwlint check`.
"""

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Survives = Callable[..., Any]

HEAD = """\
import abc, copy, dataclasses, enum, functools, itertools, json, math, operator, os, re, sys
import numpy as np
import torch
import torch.nn as nn
"""


def write(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "x.py").write_text(text)
    return folder


# Expressions whose value nobody can afford. Each stands at module level, in a constructor, in a
# default and in the argument of a layer.
EXPRESSIONS = {
    "string-times": '"a" * 10**10',
    "power-tower": "10**10**8",
    "power": "pow(2, 10**9)",
    "power-modulo-free": "(10**4000) ** (10**4000)",
    "shift": "1 << 10**10",
    "shift-negative": "-(1 << 10**9)",
    "product-of-large": "(1 << 10**8) * (1 << 10**8)",
    "float-power": "2.0 ** 10**400",
    "complex-power": "(1j) ** (10**400)",
    "factorial": "math.factorial(10**6)",
    "comb": "math.comb(10**7, 5 * 10**6)",
    "perm": "math.perm(10**7)",
    "prod": "math.prod(range(1, 10**7))",
    "text-of-large": "str(10**5000)",
    "repr-of-large": "repr(10**5000)",
    "large-of-text": 'int("9" * 10**6)',
    "bytes-of-large": "(1 << 10**7).to_bytes(10**9, 'big')",
    "round": "round(10**5000, -10**9)",
    "fstring-width": 'f"{1:>{10**9}}"',
    "fstring-digits": 'f"{1:{10**9}d}"',
    "fstring-precision": 'f"{1.5:.{10**9}f}"',
    "fstring-of-large": 'f"{10**5000}"',
    "percent-star": '"%*d" % (10**9, 1)',
    "percent-width": '"%1000000000d" % 1',
    "percent-precision": '"%.1000000000f" % 1.5',
    "format-method": '"{:>1000000000}".format(1)',
    "format-nested": '"{:>{}}".format(1, 10**9)',
    "format-builtin": 'format(1, ">1000000000")',
    "zfill": '"1".zfill(10**9)',
    "ljust": '"1".ljust(10**9)',
    "rjust": '"1".rjust(10**9)',
    "center": '"1".center(10**9)',
    "expandtabs": '"\\t".expandtabs(10**9)',
    "join": '",".join(["a" * 10**5] * 10**5)',
    "replace": '("a" * 10**5).replace("a", "b" * 10**5)',
    "translate": '("a" * 10**5).translate({97: "b" * 10**5})',
    "split": '("a " * 10**9).split()',
    "list-times": "[0] * 10**9",
    "tuple-times": "(0,) * 10**10",
    "list-of-range": "list(range(10**12))",
    "tuple-of-range": "tuple(range(10**12))",
    "set-of-range": "set(range(10**12))",
    "sum-of-range": "sum(range(10**12))",
    "sorted-range": "sorted(range(10**12))",
    "max-of-range": "max(range(10**12))",
    "max-with-key": "max(range(10**12), key=lambda i: -i)",
    "any-of-range": "any(False for _ in range(10**12))",
    "starred-range": "[*range(10**12)]",
    "slice": "list(range(10**12))[:10**11]",
    "in-range": "-1.5 in (i for i in range(10**12))",
    "comprehension": "[x for x in range(10**12)]",
    "nested-comprehension": "[x for a in range(10**5) for b in range(10**5) for x in range(10**5)]",
    "empty-comprehension": "[x for x in range(10**12) if x < 0]",
    "dict-comprehension": "{i: i for i in range(10**12)}",
    "map": "list(map(str, range(10**12)))",
    "filter": "list(filter(None, itertools.repeat(0)))",
    "zip": "list(zip(range(10**12), range(10**12)))",
    "enumerate": "dict(enumerate(itertools.count()))",
    "reduce": "functools.reduce(lambda a, b: a + a, range(10**9), [1])",
    "product": "list(itertools.product(range(10**4), repeat=10))",
    "permutations": "list(itertools.permutations(range(20)))",
    "combinations": "list(itertools.combinations(range(60), 30))",
    "repeat": "list(itertools.repeat(1))",
    "cycle": "list(itertools.cycle([1]))",
    "count": "tuple(itertools.count())",
    "chain": "list(itertools.chain.from_iterable(itertools.repeat([1])))",
    "accumulate": "list(itertools.accumulate(itertools.repeat(3), operator.mul))",
    "iter-sentinel": "list(iter(int, 1))",
    "sum-of-lists": "sum([[1] * 10**4] * 10**4, [])",
    "bytes": "bytes(10**10)",
    "bytearray": "bytearray(10**10)",
    "memoryview": "bytes(memoryview(bytes(10**9)))",
    "dict-fromkeys": "dict.fromkeys(range(10**10))",
    "regex-match": 're.match(r"(a+)+$", "a" * 40 + "b")',
    "regex-search": 're.compile(r"(.*)*x$").search("y" * 50)',
    "regex-sub": 're.sub(r"(a|aa)+$", "", "a" * 50 + "b")',
    "regex-split": 're.split(r"(x+x+)+y", "x" * 40)',
    "regex-repeat": 're.match(r"(?:a{1,1000}){1,1000}b", "a" * 10**4)',
    "regex-backreference": 're.findall(r"((a*)*)*\\2b", "a" * 40)',
    "linspace": "torch.linspace(0, 1, 10**10).tolist()",
    "arange": "torch.arange(10**12).tolist()",
    "zeros": "torch.zeros(10**6, 10**6)",
    "numpy-arange": "np.arange(10**12).tolist()",
    "lambda-recursion": "(lambda f: f(f))(lambda f: f(f))",
    "lambda-doubling": "(lambda f: [f(f), f(f)])(lambda f: [f(f), f(f)])",
    "eval": """eval("__import__('os').remove('marker')")""",
    "many-layers": "nn.Sequential(*[nn.Linear(8, 8) for _ in range(10**9)])",
    "module-times": "nn.ModuleList([nn.Linear(8, 8)] * 10**9)",
    "large-layer": "nn.Linear(10**5000, 10**5000)",
    "large-kernel": "nn.Conv2d(3, 8, kernel_size=(1,) * 10**9)",
    "large-depth": "nn.LSTM(8, 8, num_layers=10**12)",
    "deepcopy": "copy.deepcopy([[0] * 1000] * 10**9)",
    "json": 'json.loads("[" * 10**5)',
}

EXPRESSION = (
    HEAD
    + """
VALUE = {0}

class Net(nn.Module):
    def __init__(self, value={0}):
        super().__init__()
        self.local = {0}
        self.a = nn.Linear(value, 8)
        self.b = nn.Linear(VALUE, 8)
        self.c = nn.Linear({0}, 8)
        self.d = nn.Linear(100, 8)
"""
)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_expression(name: str, tmp_path: Path, survives: Survives):
    survives(write(tmp_path / "case", EXPRESSION.format(EXPRESSIONS[name])))


# Statements that do not end, or that grow. Each is the body of a constructor and of a function
# that a module-level call runs.
STATEMENTS = {
    "loop": "for i in range(10**12): pass",
    "nested-loops": "for i in range(10**6):\n    for j in range(10**6):\n        x = i * j",
    "while-true": "while True: pass",
    "while-grows": "x = 3\nwhile True: x = x * x",
    "squaring": "x = 3\nfor _ in range(100): x *= x",
    "string-doubling": "s = 'ab'\nfor _ in range(100): s += s",
    "list-doubling": "x = [0]\nfor _ in range(100): x = x + x",
    "list-nesting": "x = []\nfor _ in range(100): x = [x, x]\ny = x == copy.deepcopy(x), repr(x)",
    "tuple-nesting": "x = ()\nfor _ in range(100): x = (x, x)\ny = {x: hash(x)}",
    "dict-nesting": "x = {}\nfor _ in range(100): x = {'a': x, 'b': x}\ny = str(x), x == dict(x)",
    "deep-list": "x = []\nfor _ in range(10**5): x = [x]\ny = repr(x), x == [x], copy.deepcopy(x)",
    "own-element": "x = []\nx.append(x)\ny = repr(x), x == x[0], copy.deepcopy(x), [x] == [x[0]]",
    "own-value": "x = {}\nx['x'] = x\ny = str(x), x == {'x': x}, copy.deepcopy(x)",
    "list-append": "x = []\nwhile True: x.append(x)",
    "list-extend-itself": "x = [1]\nfor i in x: x.extend(x)",
    "dict-grows": "x, i = {}, 0\nwhile True:\n    x[i] = i\n    i += 1",
    "set-grows": "x, i = set(), 0\nwhile True:\n    x.add(i)\n    i += 1",
    "string-grows": "x = ''\nwhile True: x += 'abc'",
    "provenance": "w = 64\nfor _ in range(10**6): w = (w + w) % 64 + 1\nnn.Linear(w, w)",
    "exceptions": "while True:\n    try: raise ValueError\n    except ValueError: continue",
    "finally": "while True:\n    try: return\n    finally: continue",
    "exception-chain": "def f(n):\n    try: f(n + 1)\n    finally: f(n + 1)\nf(0)",
    "iter-sentinel": "for i in iter(int, 1): pass",
    "unpacking": "a, *b = itertools.count()",
    "star-arguments": "print(*itertools.count())",
    "fibonacci": "fib = lambda n: n if n < 2 else fib(n - 1) + fib(n - 2)\nx = fib(1000)",
    "ackermann": "def a(m, n):\n    return n + 1 if m == 0 else a(m - 1, 1 if n == 0 else "
    "a(m, n - 1))\na(4, 4)",
    "doubling-calls": "f = lambda x: x\nfor _ in range(100): f = lambda x, f=f: f(f(x))\nf(1)",
    "partials": "f = int\nfor _ in range(10**6): f = functools.partial(f)\nf()",
    "class-tower": "C = object\nfor _ in range(10**6):\n    class C(C): pass\nC()",
    "classes": "while True: type('X', (nn.Module,), {})",
    "closures": "x = []\nwhile True: x.append(lambda: x)",
    "module-tower": "m = nn.Linear(8, 8)\nfor _ in range(10**5): m = nn.Sequential(m)",
    "module-cycle": "self.me = self\nself.list = nn.ModuleList([self])",
    "module-list-itself": "m = nn.ModuleList()\nm.append(m)\nself.m = m",
    "modules": "self.l = nn.ModuleList()\nwhile True: self.l.append(nn.Linear(8, 8))",
    "attributes": "i = 0\nwhile True:\n    setattr(self, f'l{i}', nn.Linear(i, i))\n    i += 1",
    "different-layers": "for i in range(10**7): nn.Linear(i, i + 1)",
    "parameters": "while True: self.register_parameter('p', nn.Parameter(torch.zeros(8)))",
    "regex-loop": "for i in range(10**6): re.match('(a+)+$', 'a' * 30 + 'b')",
    "globals": "g = globals()\nwhile True: g[str(len(g))] = g",
    "recursion-limit": "sys.setrecursionlimit(10**9)\ndef f(): f()\nf()",
    "generator": "def g():\n    while True: yield 1\nx = list(g()), sum(g()), max(g()), dict(g())",
    "generator-silent": "def g():\n    while True:\n        if False: yield 1\nx = next(g())",
    "generator-recursive": "def g():\n    yield from g()\nx = list(g())",
    "walrus": "while (n := 1): pass",
    "match": "while True:\n    match [1, 2]:\n        case [a, b]: continue",
    "with": "from contextlib import suppress\nwhile True:\n    with suppress(Exception): 1 / 0",
}

STATEMENT = (
    HEAD
    + """
def work(self=None):
{0}

work()

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.before = nn.Linear(100, 8)
{1}
        self.after = nn.Linear(100, 8)
"""
)


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement(name: str, tmp_path: Path, survives: Survives):
    body = STATEMENTS[name]
    text = STATEMENT.format(textwrap.indent(body, " " * 4), textwrap.indent(body, " " * 8))
    survives(write(tmp_path / "case", text))


# Sources too deep or too long for a parser or for whoever walks the tree.
SHAPES = {
    "brackets": "x = " + "[" * 5000 + "]" * 5000,
    "parentheses": "x = " + "(" * 5000 + "1" + ")" * 5000,
    "open-brackets": "x = " + "[" * 100_000,
    "braces": "x = " + "{0: " * 5000 + "0" + "}" * 5000,
    "calls": "x = " + "f(" * 5000 + ")" * 5000,
    "call-chain": "x = nn" + ".f()" * 5000,
    "attribute-chain": "x = nn" + ".a" * 50_000,
    "subscript-chain": "x = nn" + "[0]" * 50_000,
    "subscripts": "x = " + "a[" * 5000 + "0" + "]" * 5000,
    "unary": "x = " + "-" * 50_000 + "1",
    "not": "x = " + "not " * 50_000 + "1",
    "sum": "x = " + "1 + " * 100_000 + "1",
    "power": "x = " + "1 ** " * 20_000 + "1",
    "comparison": "x = " + "1 < " * 100_000 + "1",
    "conditional": "x = " + "1 if x else " * 20_000 + "1",
    "lambda": "x = " + "lambda: " * 20_000 + "1",
    "boolean": "x = " + "a and " * 100_000 + "b",
    "assignments": "x = " * 50_000 + "1",
    "elif": "if a: pass\n" + "elif a: pass\n" * 20_000,
    "decorators": "@nn\n" * 20_000 + "def f(): pass",
    "indentation": "\n".join(" " * i + "if 1:" for i in range(5000)) + "\n" + " " * 5000 + "x = 1",
    "functions": "\n".join(" " * i + "def f():" for i in range(99)) + "\n" + " " * 99 + "x = 1",
    "classes": "\n".join(" " * i + "class C:" for i in range(99)) + "\n" + " " * 99 + "x = 1",
    "strings": "x = " + "'a' " * 100_000,
    "fstrings": "x = " + "f'{" * 100 + "1" + "}'" * 100,
    "list": "x = [" + "0, " * 100_000 + "]",
    "long-line": "x = '" + "a" * 10_000_000 + "'",
    "digits": "x = " + "9" * 1_000_000,
    "name": "x" * 1_000_000 + " = 1",
    "statements": "x = 1\n" * 20_000,
    "layers": "x = nn.Sequential(" + "nn.Linear(8, 8), " * 5_000 + ")",
    "arguments": "x = f(" + "1, " * 100_000 + ")",
    "star": "x = " + "*" * 50_000 + "a",
    "quotes": "x = " + "'" * 99_999,
    "backslashes": "x = 1 + \\\n" * 50_000 + "1",
    "comments": "# hwlint: ignore[HW101]\n" * 60_000,
    "hints": "# hwlint: build(" + "(" * 5000 + ")\nimport torch",
    "hint-runs": "# hwlint: build(__import__('os').remove('marker'))\nclass Net(nn.Module): pass",
    "type-parameters": "x: " + "List[" * 5000 + "int" + "]" * 5000 + " = 1",
    "async": "async def f():\n  x = " + "await " * 50_000 + "f()",
    "match": "match x:\n  case " + "[" * 5000 + "]" * 5000 + ": pass",
    "nulls": "import torch\n\0\0\0",
    "form-feeds": "\f" * 1_000_000 + "import torch",
    "carriage-returns": "import torch\r" * 20_000,
    "separators": "x = '\u2028\x85\x1c'\n" * 10_000,
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape(name: str, tmp_path: Path, survives: Survives):
    survives(write(tmp_path / "case", HEAD + SHAPES[name] + "\n"))
