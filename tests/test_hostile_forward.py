"""Forward methods that never end or that grow: following them ends, and takes as little.

Each case is a file next to a harmless model, checked by a real `python -m hwlint check`. Every
forward begins with a tanh, which stands in what the reader says of it: it was really entered.
"""

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hwlint.graph import Flow
from hwlint.reader import ForwardOptions, Reader, ReadOptions

Survives = Callable[..., Any]

MODEL = """\
import copy, functools, itertools, math, operator
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

{before}

class Net(nn.Module):
{members}
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
{init}
    def forward(self, x):
        x = torch.tanh(x)
{body}
        return x
"""


@dataclass(frozen=True)
class Case:
    """What stands in forward, and what it needs."""

    body: str
    init: str = ""
    members: str = ""
    before: str = ""
    files: Mapping[str, str] = field(default_factory=dict[str, str])


CASES = {
    # --- loops ------------------------------------------------------------------------------
    "while": Case("while True: x = self.fc(x)"),
    "while-on-a-tensor": Case("while x.sum() > 0: x = self.fc(x)"),
    "for": Case("for _ in range(10**12): x = self.fc(x)"),
    "for-operations": Case("for _ in range(10**12): x = x + 1"),
    "nested-loops": Case(
        "for a in self.many:\n    for b in self.many: x = b(a(x))",
        "self.many = nn.ModuleList([nn.Linear(8, 8) for _ in range(1000)])",
    ),
    "nested-loops-one-module": Case(
        "for a in range(1000):\n    for b in range(1000): x = self.fc(x)"
    ),
    "count": Case("for i in itertools.count(): x = self.fc(x)"),
    "cycle": Case("for m in itertools.cycle([self.fc]): x = m(x)"),
    "product": Case("for t in itertools.product(range(1000), repeat=9): x = self.fc(x)"),
    "match": Case("while True:\n    match x.shape:\n        case (a, b): x = self.fc(x)"),
    "exceptions": Case(
        "while True:\n    try: raise ValueError(self.fc(x))\n    except ValueError: continue"
    ),
    "finally": Case("while True:\n    try: return self.fc(x)\n    finally: continue"),
    "refusals": Case("while True:\n    try: self.fc(x[:, :3])\n    except RuntimeError: continue"),
    "generator": Case(
        "for y in self.walk(x): x = x + y",
        members="    def walk(self, x):\n        while True: yield self.fc(x)",
    ),
    "generator-recursive": Case(
        "x = sum(self.walk(x))",
        members="    def walk(self, x):\n        yield self.fc(x)\n        yield from self.walk(x)",
    ),
    "comprehension": Case("x = sum([self.fc(x) for _ in range(10**9)])"),
    "reduce": Case("x = functools.reduce(lambda a, _: self.fc(a), range(10**12), x)"),
    "map": Case("x = torch.stack(list(map(self.fc, itertools.repeat(x))))"),
    # --- recursion --------------------------------------------------------------------------
    "forward": Case("x = self.forward(x)"),
    "call": Case("x = self(x)"),
    "call-grows": Case("x = self(torch.cat([x, x]))"),
    "module-cycle": Case("x = self.me(x)", "self.me = self"),
    "two-modules": Case(
        "x = self.other(x)",
        "self.other = Other(self)",
        before="class Other(nn.Module):\n    def __init__(self, net):\n"
        "        super().__init__()\n        self.net = [net]\n"
        "    def forward(self, x): return self.net[0](x)",
    ),
    "across-files": Case(
        "x = back(self, x)",
        before="from y import back",
        files={"y.py": "import x\ndef back(net, t): return x.Net.forward(net, t + 1)\n"},
    ),
    "lambda": Case("x = (lambda f: f(f))(lambda f: f(f))"),
    "fibonacci": Case(
        "x = self.fib(x, 60)",
        members="    def fib(self, x, n):\n"
        "        return self.fc(x) if n < 2 else self.fib(x, n - 1) + self.fib(x, n - 2)",
    ),
    "property": Case(
        "x = x + self.scale",
        members="    @property\n    def scale(self): return self.scale * 2",
    ),
    "getattr": Case(
        "x = self.nothing(x)",
        members="    def __getattr__(self, name): return getattr(self, name + 'x')",
    ),
    "own-call": Case(
        "x = self.own(x)",
        "self.own = Own()",
        before="class Own(nn.Module):\n    def __call__(self, x): return self(x)",
    ),
    "hook": Case(
        "x = self.fc(x)",
        "self.fc.register_forward_hook(lambda m, args, out: m(out))",
    ),
    "pre-hook": Case(
        "x = self.fc(x)",
        "self.fc.register_forward_pre_hook(lambda m, args: (m(*args),))",
    ),
    "checkpoint": Case("x = checkpoint(self, x, use_reentrant=False)"),
    "compiled": Case("x = torch.compile(self)(x)"),
    "scripted": Case("x = torch.jit.script(self)(x)"),
    "decorated": Case(
        "x = again(self, x)",
        before="def wrap(f):\n    @functools.wraps(f)\n"
        "    def run(*args): return wrap(run)(*args)\n    return run\n"
        "@wrap\ndef again(net, x): return net.fc(x)",
    ),
    "torch-function": Case(
        "x = torch.add(Sub(x), 1)",
        before="class Sub(torch.Tensor):\n    @classmethod\n"
        "    def __torch_function__(cls, func, types, args=(), kwargs=None):\n"
        "        return func(*args, **(kwargs or {}))",
    ),
    # --- what grows -------------------------------------------------------------------------
    "list": Case("xs = []\nwhile True: xs.append(self.fc(x))"),
    "list-of-itself": Case("xs = [x]\nfor y in xs: xs.append(F.relu(y))"),
    "list-doubles": Case("xs = [x]\nfor _ in range(100): xs = xs + xs\nx = torch.cat(xs)"),
    "tuple-nests": Case("t = (x,)\nfor _ in range(100): t = (t, t)\nx = self.fc(t)"),
    "text": Case("s = 'x'\nwhile True:\n    s += s\n    print(s, x)"),
    "attributes": Case("i = 0\nwhile True:\n    setattr(self, f'x{i}', F.relu(x))\n    i += 1"),
    "global": Case("while True: KEPT.append(F.relu(x))", before="KEPT = []"),
    "cat-doubles": Case("for _ in range(10**6): x = torch.cat([x, x], 1)"),
    "pad-doubles": Case("for _ in range(10**4): x = F.pad(x, (0, x.shape[1]))"),
    "rank-grows": Case("while True: x = x.unsqueeze(0)"),
    "repeat": Case("x = x.repeat(10**9, 10**9).repeat(10**9, 10**9)\nx = x + x.tolist()[0][0]"),
    "expand": Case("x = x.expand(10**15, 10**15, -1, -1)\nx = x.reshape(-1).tolist()"),
    "zeros": Case("y = torch.zeros(10**12)\nx = x + sum(y.tolist()) + y[0]"),
    "arange": Case("x = x + sum(i for i in torch.arange(10**12))"),
    "zeros-of-rank": Case("x = x + torch.zeros(*[1] * 10**5)"),
    "reshape": Case("x = x.reshape(*[1] * 10**5, -1).permute(*range(10**5 + 1))"),
    "view-huge": Case("x = x.view(10**4000, -1)"),
    "split": Case("x = torch.cat([self.fc(y) for y in torch.zeros(10**9, 8).split(1)])"),
    "chunk": Case("x = sum(torch.zeros(10**9, 8).chunk(10**9))"),
    "unbind": Case("x = torch.stack([F.relu(y) for y in torch.zeros(10**9, 8).unbind(0)])"),
    "iterate": Case("for row in torch.zeros(10**9, 8): x = x + self.fc(row)"),
    "shrinks": Case("y = torch.zeros(10**6, 8)\nwhile len(y):\n    x = self.fc(y)\n    y = y[1:]"),
    "index-of-itself": Case("y = torch.arange(10**4)\nwhile True: y = y[y][y]"),
    "one-hot": Case("x = F.one_hot(torch.arange(10**6), 10**6) @ torch.zeros(10**6, 8)"),
    "meshgrid": Case("x = torch.meshgrid(*[torch.arange(1000)] * 50)[0]"),
    "einsum": Case(
        "x = torch.einsum(','.join(['ab'] * 10**5) + '->ab', *[x] * 10**5)",
    ),
    "einsum-letters": Case(
        "t = torch.zeros(*[2] * 52)\n"
        "x = torch.einsum('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ->z', t)"
    ),
    "tensor-doubles": Case("y = torch.ones(1)\nwhile True: y = torch.cat([y, y * 2])"),
    "number-grows": Case("n = 3\nwhile True:\n    n = n * n\n    x = x * n"),
    "interpolate": Case("while True: x = F.interpolate(x[None, None], scale_factor=2)[0, 0]"),
    # --- modules ----------------------------------------------------------------------------
    "builds": Case("while True: x = nn.Linear(8, 8)(x)"),
    "builds-wider": Case("while True: x = nn.Linear(x.shape[-1], x.shape[-1] + 1)(x)"),
    "builds-itself": Case("x = Net()(x)"),
    "copies": Case("while True: x = copy.deepcopy(self)(x)"),
    "adds": Case(
        "while True:\n    self.all.append(nn.Linear(8, 8))\n    x = self.all(x)",
        "self.all = nn.Sequential()",
    ),
    "long": Case(
        "while True: x = self.long(x)",
        "self.long = nn.Sequential(*[nn.Linear(8, 8) for _ in range(2000)])",
    ),
    "wide": Case(
        "x = self.wide(x)",
        "self.wide = Wide(30)",
        before="class Wide(nn.Module):\n    def __init__(self, n):\n        super().__init__()\n"
        "        self.n, self.fc = n, nn.Linear(8, 8)\n"
        "        self.sub = Wide(n - 1) if n else nn.Identity()\n"
        "    def forward(self, x): return self.sub(self.sub(self.fc(x) * self.n))",
    ),
    "recurrent": Case("while True: x, _ = self.rnn(x)", "self.rnn = nn.LSTM(8, 8, 1000)"),
    "refused-late": Case(
        "for _ in range(1000): x = F.relu(x + 1)\nx = self.fc(x[:, :, :3])",
        members="    image_size = 64",
        init="self.fc = nn.Linear(7, 7)\nself.stem = nn.Conv2d(3, 8, 3)",
    ),
}


def write(folder: Path, case: Case) -> Path:
    folder.mkdir(exist_ok=True)
    text = MODEL.format(
        before=case.before,
        members=case.members,
        init=textwrap.indent(case.init, " " * 8),
        body=textwrap.indent(case.body, " " * 8),
    )
    (folder / "x.py").write_text(text)
    for name, other in case.files.items():
        (folder / name).write_text(other)
    return folder


def flows(folder: Path) -> list[Flow]:
    """What the reader says of the forward of Net."""
    options = ReadOptions(folder, (folder,), forward=ForwardOptions())
    graphs = Reader(options).read(str(folder / "x.py")).graphs
    return [graph.flow for graph in graphs if graph.flow is not None]


@pytest.mark.parametrize("name", CASES)
def test_a_forward(name: str, tmp_path: Path, survives: Survives):
    folder = write(tmp_path / "case", CASES[name])
    survives(folder)
    assert any(operation.name == "tanh" for flow in flows(folder) for operation in flow.operations)


def test_modules_deeper_than_any_call_reaches(tmp_path: Path, survives: Survives):
    init = "m = nn.Linear(8, 8)\nfor _ in range(10**4): m = nn.Sequential(m)\nself.deep = m"
    folder = write(tmp_path / "case", Case("x = self.deep(x)", init))
    survives(folder)
    (flow,) = flows(folder)
    assert [unread.reason for unread in flow.missing] == ["modules nested too deeply"]
