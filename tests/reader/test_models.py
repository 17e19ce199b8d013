"""Models as people write them: what the reader says is what torch builds."""

import textwrap
from typing import Any

import pytest

HEAD = """import torch
from dataclasses import dataclass
from functools import partial
from torch import nn, Tensor
"""

MODELS = r"""
class Block(nn.Module):
    expansion = 4
    def __init__(self, inplanes, planes, stride=1, downsample=None, norm_layer=None):
        super().__init__()
        norm_layer = norm_layer or nn.BatchNorm2d
        self.conv1 = nn.Conv2d(inplanes, planes, 1, bias=False)
        self.bn1 = norm_layer(planes)
        self.conv2 = nn.Conv2d(planes, planes * self.expansion, 3, stride, 1, bias=False)
        self.bn2 = norm_layer(planes * self.expansion)
        self.act = nn.ReLU(inplace=True)
        self.downsample = downsample
class Net(nn.Module):
    def __init__(self, layers=(2, 1), width=16, classes=10):
        super().__init__()
        self.inplanes = width
        self.stem = nn.Conv2d(3, width, 7, stride=2, padding=3)
        for i, n in enumerate(layers):
            setattr(self, f"layer{i + 1}", self._make(width * 2**i, n, 1 if i == 0 else 2))
        self.pool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(self.inplanes, classes)
    def _make(self, planes, n, stride):
        down = None
        if stride != 1 or self.inplanes != planes * Block.expansion:
            down = nn.Sequential(
                nn.Conv2d(self.inplanes, planes * 4, 1, stride), nn.BatchNorm2d(planes * 4)
            )
        layers = [Block(self.inplanes, planes, stride, down)]
        self.inplanes = planes * Block.expansion
        layers += [Block(self.inplanes, planes) for _ in range(1, n)]
        return nn.Sequential(*layers)
def build():
    return Net()
-
class Attention(nn.Module):
    def __init__(self, dim, heads=4, qkv_bias=False, norm=partial(nn.LayerNorm, eps=1e-6)):
        super().__init__()
        assert dim % heads == 0, "dim should be divisible by heads"
        self.scale = (dim // heads) ** -0.5
        self.qkv = nn.Linear(dim, dim * 3, bias=qkv_bias)
        self.q_norm = norm(dim // heads)
        self.proj = nn.Linear(dim, dim)
        self.drop = nn.Dropout(0.1) if qkv_bias else nn.Identity()
class Vit(nn.Module):
    def __init__(self, img=32, patch=8, dim=48, depth=3, drop_path=0.2):
        super().__init__()
        self.patches = (img // patch) ** 2
        self.embed = nn.Conv2d(3, dim, patch, patch)
        self.cls = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos = nn.Parameter(torch.randn(1, self.patches + 1, dim) * 0.02)
        dpr = [x.item() for x in torch.linspace(0, drop_path, depth)]
        self.blocks = nn.ModuleList([Attention(dim, qkv_bias=i > 0) for i in range(depth)])
        self.rates = nn.ModuleList(nn.Dropout(p) for p in dpr)
        self.register_buffer("mask", torch.ones(self.patches, self.patches).tril())
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, 0) if False else None
        self.apply(self._init)
    def _init(self, m):
        if isinstance(m, nn.Linear):
            nn.init.trunc_normal_(m.weight, std=0.02)
def build():
    return Vit()
-
def conv(i, o, k=3, **kw):
    return nn.Sequential(
        nn.Conv2d(i, o, k, padding=k // 2, **kw), nn.GroupNorm(o // 8, o), nn.SiLU()
    )
class UNet(nn.Module):
    def __init__(self, widths=(16, 32, 64)):
        super().__init__()
        self.down = nn.ModuleDict()
        c = 3
        for level, w in enumerate(widths):
            self.down[f"l{level}"] = conv(c, w)
            c = w
        self.up = nn.ModuleList()
        for w, skip in zip(widths[-2::-1], widths[::-1]):
            self.up.append(nn.ConvTranspose2d(c, w, 2, stride=2))
            self.up.extend([conv(w * 2, w, groups=8)])
            c = w
        self.up.insert(0, nn.Identity())
        self.out = conv(c, 8, k=1)[0]
def build():
    return UNet()
-
class Gpt(nn.Module):
    def __init__(self, vocab=100, dim=32, n=2):
        super().__init__()
        self.transformer = nn.ModuleDict(
            dict(
                wte=nn.Embedding(vocab, dim),
                h=nn.ModuleList(
                    [
                        nn.TransformerEncoderLayer(dim, 4, dim * 4, batch_first=True)
                        for _ in range(n)
                    ]
                ),
                ln=nn.LayerNorm(dim),
            )
        )
        self.lm_head = nn.Linear(dim, vocab, bias=False)
        self.lm_head.weight = self.transformer.wte.weight
def build():
    return Gpt()
-
def build():
    net = nn.Sequential()
    net.add_module("stem", nn.Conv1d(4, 8, 3))
    net.append(nn.ReLU())
    net.extend([nn.Linear(8, 8), nn.Tanh()])
    net.insert(1, nn.BatchNorm1d(8))
    del net[2]
    net[-1] = nn.GELU()
    head = net[1:]
    return nn.ModuleDict({"net": net, "head": head, "first": net[0]})
-
from collections import OrderedDict
def build():
    body = nn.Sequential(OrderedDict([("a", nn.Linear(4, 8)), ("b", nn.Linear(8, 8))]))
    body.fc = nn.Linear(body.b.out_features, body.a.in_features * 3)
    body.a = nn.Linear(4, 2 * body.fc.out_features)
    for name, child in body.named_children():
        if isinstance(child, nn.Linear) and name != "fc":
            setattr(body, name, nn.Sequential(child, nn.LayerNorm(child.out_features)))
    return body
-
class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(4, 4)
        self.two = self.one
        self.many = nn.ModuleList([self.one] * 3)
def build():
    return Shared()
-
import copy
class Tower(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.Sequential(nn.Linear(8, 8), nn.ReLU())
        self.layers = nn.ModuleList([copy.deepcopy(layer) for _ in range(3)])
        self.layers[1][0] = nn.Linear(8, 16)
        self.original = layer
def build():
    return Tower()
-
class Rnn(nn.Module):
    def __init__(self, kind="LSTM", hidden=12, layers=2, both=True):
        super().__init__()
        self.rnn = getattr(nn, kind)(6, hidden, layers, bidirectional=both, batch_first=True)
        self.cell = nn.GRUCell(input_size=hidden, hidden_size=3)
        self.attn = nn.MultiheadAttention(hidden * (2 if both else 1), num_heads=4, kdim=5)
        self.bi = nn.Bilinear(3, 4, 5, bias=False)
def build():
    return Rnn()
-
class ConvBn(nn.Sequential):
    def __init__(self, i, o, *args, act="relu", **kw):
        acts = {"relu": nn.ReLU, "hswish": nn.Hardswish, None: nn.Identity}
        super().__init__(
            nn.Conv2d(i, o, *args, bias=False, **kw), nn.BatchNorm2d(o, eps=1e-3), acts[act]()
        )
class LayerNorm2d(nn.LayerNorm):
    def __init__(self, c, eps=1e-6):
        super().__init__(c, eps=eps)
class Net(nn.Module):
    cfg = [("c", 3, 16, 2), ("d", 5, 24, 1), ("n",)]
    def __init__(self):
        super().__init__()
        blocks, c = [], 3
        for kind, *rest in self.cfg:
            if kind == "n":
                blocks.append(LayerNorm2d(c))
                continue
            k, o, s = rest
            blocks += [
                ConvBn(c, o, k, stride=s, padding=k // 2, act="hswish" if kind == "d" else None)
            ]
            c = o
        self.blocks = nn.Sequential(*blocks)
def build():
    return Net()
-
class Base(nn.Module):
    width = 8
    def __init__(self):
        super().__init__()
        self.body = self.make_body()
        self.out = nn.Linear(self.width, 1)
    def make_body(self):
        return nn.Linear(self.width, self.width)
class Child(Base):
    width = property(lambda self: 12)
    def make_body(self):
        return nn.Sequential(super().make_body(), nn.Linear(self.width, 12))
def build():
    return Child()
-
REGISTRY = {}
def register(name):
    def add(f):
        REGISTRY[name] = f
        return f

    return add
@register("small")
def small(**kw):
    return make(width=8, **kw)
@register("big")
def big(**kw):
    return make(**{"width": 16, "depth": 3, **kw})
def make(width, depth=1, **kw):
    kw.pop("pretrained", None)
    return nn.Sequential(*[nn.Linear(width, width, **kw) for _ in range(depth)])
def build():
    return nn.ModuleDict(
        {n: REGISTRY[n](bias=n == "big", pretrained=False) for n in sorted(REGISTRY)}
    )
-
class P(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.empty(3, 4))
        self.b = nn.Parameter(torch.zeros(7), requires_grad=False)
        self.list = nn.ParameterList([nn.Parameter(torch.ones(i + 1)) for i in range(3)])
        self.register_parameter("none", None)
        self.register_parameter("named", nn.Parameter(torch.rand(2, 2)))
        self.plain = torch.zeros(100)
        self.alias = self.w
        self.drop = nn.Linear(2, 2)
        del self.drop
        self.gone = nn.Linear(3, 3)
        self.gone = None
def build():
    return P()
-
class Lazy(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim
        self._build()
    def _build(self):
        self.fc = nn.Linear(self.dim, self.dim)
    def widen(self, by):
        self.dim *= by
        self._build()
        return self
def build():
    net = Lazy(4).widen(3)
    net.fc2 = nn.Linear(net.fc.weight.shape[0], sum(p.numel() for p in net.fc.parameters()))
    for p in net.parameters():
        p.requires_grad = False
    return net.eval()
-
def build():
    layers = []
    i = o = 8
    while o < 64:
        i, o = o, o * 2
        layers.append(nn.Conv2d(i, o, (3, 1), padding="same", groups=i // 4))
    seq = nn.Sequential(
        *layers, nn.Flatten(), nn.Unflatten(1, (2, -1)), nn.PReLU(o),
        nn.Upsample(scale_factor=2.0), nn.PixelShuffle(2), nn.LocalResponseNorm(2),
        nn.Softmax(dim=-1), nn.MaxPool2d(2, ceil_mode=True), nn.ZeroPad2d((1, 2, 3, 4)),
        nn.LeakyReLU(0.2), nn.InstanceNorm2d(4, affine=True), nn.RMSNorm(6),
        nn.EmbeddingBag(5, 6), nn.CosineSimilarity(),
    )
    return seq
-
class Gated(nn.Module):
    def __init__(self, gate=None, dims=(4, 8)):
        super().__init__()
        self.a, self.b = (nn.Linear(*dims) for _ in range(2))
        self.gate = gate if gate is not None else lambda x: x
        try:
            self.c = nn.Linear(dims[2], 1)
        except IndexError:
            self.c = nn.Linear(dims[-1], 1)
        finally:
            self.d = nn.Identity()
        if hasattr(self, "c") and not hasattr(self, "e"):
            self.e = nn.ModuleList(
                m for m in (self.a, self.d) if isinstance(m, (nn.Linear, nn.Conv2d))
            )
        self.total = len(self.e) + len(list(self.modules())) + len(self._modules)
        self.f = nn.Linear(self.total, self.total)
def build():
    return Gated()
-
@dataclass
class Settings:
    start: bool = True
    grow: int = 3
class Block(nn.Module):
    def __init__(self, settings):
        super().__init__()
        self.fc = nn.Linear(4, settings.grow)
    def start(self):
        nn.init.zeros_(self.fc.weight)
def widen(block):
    block.wide = nn.Linear(8, 8)
class Net(nn.Module):
    def __init__(self, settings):
        super().__init__()
        self.first, self.second = Block(settings), Block(settings)
        self.visit()
        Block.grow = widen
        self.visit()
    def visit(self):
        for m in self.children():
            if hasattr(m, "start"):
                m.start()
            if hasattr(m, "grow"):
                m.grow()
def build():
    return Net(Settings())
""".strip().split("\n-\n")


@pytest.mark.parametrize("program", [HEAD + textwrap.dedent(p) for p in MODELS])
def test_a_model_is_what_torch_builds(lab: Any, program: str) -> None:
    lab.agree(program)
