"""Calls that are not followed again: nobody can tell that they were not."""

import textwrap
from pathlib import Path

import pytest

from hwlint.reader import ForwardOptions, Reader, ReadOptions

HEAD = """
import torch
from torch import nn
import torch.nn.functional as F

class Block(nn.Module):
    def __init__(self, dim=8):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.fc1, self.fc2 = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)
        self.scale = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return x + self.scale * self.fc2(F.gelu(self.fc1(self.norm(x))))

class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Linear(8, 8)
        self.make()

    def forward(self, x):
        return self.run(self.stem(x))
"""

# Each a class body with `make` and `run`; what goes before it stands outside of the class.
PROGRAMS = r"""
def make(self):  # equal blocks
    self.blocks = nn.Sequential(*[Block() for _ in range(6)])
def run(self, x):
    return self.blocks(x)
-
def make(self):  # blocks of two kinds, one of them changed after it was built
    self.blocks = nn.ModuleList([Block() for _ in range(6)])
    self.blocks[3].fc2 = nn.Sequential(nn.Linear(32, 32), nn.Linear(32, 8))
def run(self, x):
    for block in self.blocks:
        x = block(x)
    return x
-
CALLS = []
class Counting(Block):
    def forward(self, x):
        CALLS.append(1)
        return super().forward(x) if len(CALLS) % 2 else self.norm(x)
-
def make(self):  # what a call leaves behind steers the next one
    self.blocks = nn.Sequential(*[Counting() for _ in range(5)])
def run(self, x):
    return self.blocks(x)
-
class Remembering(Block):
    last = 0
    def forward(self, x):
        self.seen = self.last
        type(self).last += 1
        return self.norm(x) if self.last % 3 else super().forward(x)
-
def make(self):
    self.blocks = nn.Sequential(*[Remembering() for _ in range(6)])
def run(self, x):
    return self.blocks(x)
-
class Storing(Block):
    def __init__(self):
        super().__init__()
        self.times = 0
    def forward(self, x):
        self.times += 1
        for _ in range(self.times):
            x = super().forward(x)
        return x
-
def make(self):  # a module that changes itself, called twice
    self.block = Storing()
    self.inner = nn.Sequential(self.block)
def run(self, x):
    return self.inner(self.inner(self.block(x)))
-
def make(self):  # one module under two names, one parameter in two
    self.a = Block()
    self.c = nn.Sequential(Block(), Block())
    self.b = nn.Sequential(self.a, Block())
    self.c[1].fc1.weight = self.a.fc1.weight
def run(self, x):
    return self.c(self.b(self.a(x)))
-
class Picking(Block):
    def forward(self, x, index, sizes):
        if index[0] > 1:
            x = self.norm(x)
        return super().forward(x)[..., : sizes[-1]]
-
def make(self):  # values of small tensors and of lists steer
    self.block = Picking()
def run(self, x):
    for i in range(4):
        x = self.block(x, torch.tensor([i, 1]), [3, 8])
    return self.block(x, torch.tensor([0]), [8, 3])
-
class Appending(Block):
    def forward(self, x, kept):
        kept.append(x)
        return super().forward(x), {"all": [x], "n": len(kept)}
-
def make(self):  # what is given is changed; what is returned is changed by the caller
    self.blocks = nn.ModuleList([Appending() for _ in range(4)])
def run(self, x):
    kept = []
    for block in self.blocks:
        x, more = block(x, kept)
        more["all"].append(x)
    return torch.cat(kept + more["all"], -1), x.repeat(1, more["n"])
-
class Returning(Block):
    def forward(self, x):
        y = super().forward(x)
        return y, {"all": [y], "shape": y.shape}
-
def make(self):
    self.blocks = nn.ModuleList([Returning() for _ in range(4)])
def run(self, x):
    found = []
    for block in self.blocks:
        x, more = block(x)
        more["all"].append(x * 2)
        found += more["all"]
    return torch.cat(found, -1)
-
class Views(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(8, 24)
    def forward(self, x):
        q, k, v = self.qkv(x).reshape(1, -1, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2)
        return y.reshape(1, -1, 8)
-
def make(self):  # how a tensor lies in memory decides whether a reshape copies
    self.a, self.b = nn.Sequential(Views(), Views()), nn.Flatten(0, 1)
def run(self, x):
    x = self.a(x)
    y = self.b(x.transpose(0, 1))
    return self.a(y[None]), self.b(x), self.b(x.transpose(1, 2))
-
class Doubtful(Block):
    def forward(self, x):
        return super().forward(torch.whatever(x))
-
def make(self):
    self.blocks = nn.Sequential(*[Doubtful() for _ in range(3)])
def run(self, x):
    return self.blocks(x)
-
def make(self):  # the last one does not fit
    self.blocks = nn.Sequential(*[Block() for _ in range(4)], Block(9))
def run(self, x):
    return self.blocks(x)
-
def make(self):  # another mode for some
    self.drop = nn.Dropout(0.5)
    self.blocks = nn.ModuleList([nn.Sequential(Block(), nn.Dropout(0.1)) for _ in range(4)])
    self.blocks[2].train(True)
    self.blocks[1].register_forward_hook(lambda module, args, out: out[..., :8] * 2)
def run(self, x):
    for block in self.blocks:
        x = self.drop(block(x))
    return x
-
def make(self):  # functions with something around them
    n = [1]
    self.act = lambda x: x * n[0]
    self.grow = lambda: n.append(n.pop() + 1)
    self.block = Block()
def run(self, x):
    times = []
    def again(y):
        times.append(1)
        return self.block(y) if len(times) < 3 else y
    for _ in range(4):
        self.grow()
        x = again(self.act(x))
    return x
"""


def cases():
    parts = [part.strip("\n") for part in PROGRAMS.split("\n-\n")]
    before = ""
    for part in parts:
        if "def make(self)" not in part:
            before += part + "\n"
            continue
        yield f"{HEAD}\n{before}\nclass Net(Base):\n{textwrap.indent(part, '    ')}\n"
        before = ""


CASES = list(cases())


def flows(path: Path, *, memo: bool, names=("Net",)):
    reader = Reader(ReadOptions(path.parent, (path.parent,), forward=ForwardOptions()))
    reader.interp.followed.enabled = memo
    graphs = [g for name in names for g in reader.read_place(str(path), name).graphs]
    return [graph.flow for graph in graphs]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_with_and_without_the_memo(number: int, tmp_path: Path):
    path = tmp_path / "net.py"
    path.write_text(CASES[number])
    first = flows(path, memo=True, names=("Net", "Net"))
    second = flows(path, memo=False, names=("Net", "Net"))
    assert len(first) == 2
    assert first[0] is not None
    assert first[0].operations
    assert first == second
    assert first[0] == first[1] or "CALLS" in CASES[number] or "last = 0" in CASES[number]


def test_equal_blocks_are_followed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from hwlint.reader.forward.memo import ForwardMemo

    path = tmp_path / "net.py"
    path.write_text(CASES[0])
    followed: list[str] = []
    run = ForwardMemo._run

    def counted(self, flow, module, *rest):
        followed.append(module.cls.name)
        return run(self, flow, module, *rest)

    monkeypatch.setattr(ForwardMemo, "_run", counted)
    first, second = flows(path, memo=True, names=("Net", "Net"))
    assert followed.count("Block") == 1
    assert followed.count("Net") == 1  # the second model is the first one's equal
    assert first == second
    assert [call.name for call in first.calls if call.class_name == "Block"] == [
        f"blocks.{i}" for i in range(6)
    ]


def test_the_examples_with_and_without_the_memo(repository: Path):
    for name in ("cnn", "unet", "vit", "gpt", "kws"):
        found = []
        for memo in (True, False):
            root = repository / "examples"
            reader = Reader(ReadOptions(root, (root,), forward=ForwardOptions()))
            reader.interp.followed.enabled = memo
            graphs = reader.read(str(root / f"{name}.py")).graphs
            found.append([(g.entry.name, g.flow) for g in graphs])
        assert found[0] == found[1]
        assert any(flow is not None and flow.operations for _, flow in found[0])
