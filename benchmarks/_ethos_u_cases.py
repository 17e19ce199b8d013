"""Small modules with shapes drawn at random, as the text of PyTorch source files."""

import random
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["Case", "Input", "aligned_pairs", "layers", "modules", "single"]

Input = tuple[tuple[int, ...], str]
"""Shape and dtype ("positive": floats that are not negative) of one input."""


@dataclass(frozen=True)
class Case:
    """One module: its source builds with `Net()`."""

    name: str
    kind: str
    """"conv kxk", "linear", "small module", the name of an operator, ..."""
    source: str
    inputs: tuple[Input, ...]
    group: str = ""
    """Of a pair: the same for both."""
    more: bool = False
    """Of a pair: the one with one channel more."""
    facts: dict[str, object] = field(default_factory=dict[str, object])


def net(init: Sequence[str], forward: Sequence[str], arguments: str = "x") -> str:
    """Return a source file with one module class."""
    built = ["super().__init__()", *init]
    lines = [
        "import torch",
        "import torch.nn as nn",
        "import torch.nn.functional as F",
        "",
        "",
        "class Net(nn.Module):",
        "    def __init__(self):",
        *(f"        {line}" for line in built),
        "",
        f"    def forward(self, {arguments}):",
        *(f"        {line}" for line in forward),
    ]
    return "\n".join(lines) + "\n"


def single(name: str, kind: str, call: str, *inputs: Sequence[int], **more: object) -> Case:
    """Return a module of one layer."""
    source = net([f"self.layer = {call}"], ["return self.layer(x)"])
    return Case(name, kind, source, tuple((tuple(i), "float32") for i in inputs), **more)


def _log(draw: random.Random, low: int, high: int) -> int:
    """Draw so that every octave is as likely as the next."""
    return round(low * (high / low) ** draw.random())


def _map(draw: random.Random, least: int = 6) -> tuple[int, int]:
    return draw.randint(least, 40), draw.randint(least, 40)


def _conv(draw: random.Random, kernels: Sequence[int], name: str) -> Case:
    kernel = draw.choice(kernels)
    ins, outs = _log(draw, 3, 160), _log(draw, 8, 160)
    stride = draw.choice((1, 1, 2))
    high, wide = _map(draw, kernel)
    call = f"nn.Conv2d({ins}, {outs}, {kernel}, stride={stride}, padding={kernel // 2})"
    kind = "conv 1x1" if kernel == 1 else "conv kxk"
    return single(name, kind, call, (1, ins, high, wide))


def _depthwise(draw: random.Random, name: str) -> Case:
    channels, kernel, stride = _log(draw, 8, 256), draw.choice((3, 3, 5)), draw.choice((1, 1, 2))
    call = (
        f"nn.Conv2d({channels}, {channels}, {kernel}, stride={stride}, "
        f"padding={kernel // 2}, groups={channels})"
    )
    return single(name, "depthwise", call, (1, channels, *_map(draw)))


def _grouped(draw: random.Random, name: str) -> Case:
    groups = draw.choice((2, 4))
    ins, outs = groups * _log(draw, 4, 40), groups * _log(draw, 4, 40)
    call = f"nn.Conv2d({ins}, {outs}, 3, padding=1, groups={groups})"
    return single(name, "grouped", call, (1, ins, *_map(draw)))


def _linear(draw: random.Random, name: str) -> Case:
    rows = draw.choice((1, 1, draw.randint(2, 64)))
    ins, outs = _log(draw, 16, 768), _log(draw, 8, 768)
    return single(name, "linear", f"nn.Linear({ins}, {outs})", (rows, ins))


def _pool(draw: random.Random, which: str, name: str) -> Case:
    kernel = draw.choice((2, 3))
    call = f"nn.{which}({kernel}, stride=2)"
    return single(name, "pool", call, (1, _log(draw, 8, 160), *_map(draw)))


def _pointwise(draw: random.Random, name: str) -> Case:
    call = draw.choice(("nn.Sigmoid()", "nn.Tanh()", "nn.Hardswish()", "nn.GELU()"))
    return single(name, "activation", call, (1, _log(draw, 8, 160), *_map(draw)))


def _sum(draw: random.Random, name: str) -> Case:
    shape = (1, _log(draw, 8, 160), *_map(draw))
    source = net([], ["return x + y"], "x, y")
    return Case(name, "addition", source, ((shape, "float32"), (shape, "float32")))


def layers(seed: int) -> list[Case]:
    """Return 40 modules of one layer."""
    draw = random.Random(f"layers {seed}")
    cases = [_conv(draw, (1,), f"pointwise{i}") for i in range(7)]
    cases += [_conv(draw, (3,), f"conv3x3_{i}") for i in range(9)]
    cases += [_conv(draw, (5, 7), f"large{i}") for i in range(4)]
    cases += [_depthwise(draw, f"depthwise{i}") for i in range(6)]
    cases += [_grouped(draw, f"grouped{i}") for i in range(2)]
    cases += [_linear(draw, f"linear{i}") for i in range(6)]
    cases += [_pool(draw, "MaxPool2d", f"maxpool{i}") for i in range(2)]
    cases += [_pool(draw, "AvgPool2d", f"avgpool{i}") for i in range(2)]
    return [*cases, _pointwise(draw, "activation"), _sum(draw, "addition")]


def modules(seed: int) -> list[Case]:
    """Return 5 small networks, each of a different build."""
    draw = random.Random(f"modules {seed}")
    builds = (_separable, _residual, _inverted, _perceptron, _hourglass)
    return [build(draw) for build in builds]


def _module(name: str, body: str, *shape: int) -> Case:
    heads = "import torch\nimport torch.nn as nn\n\n\n"
    return Case(name, "small module", heads + textwrap.dedent(body), ((shape, "float32"),))


def _separable(draw: random.Random) -> Case:
    width, classes = _log(draw, 16, 96), draw.randint(4, 20)
    body = f"""\
        def block(width):
            return nn.Sequential(
                nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
                nn.Conv2d(width, width, 1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
            )


        class Net(nn.Module):
            def __init__(self, width={width}):
                super().__init__()
                self.stem = nn.Conv2d(1, width, 5, stride=2, padding=2)
                self.blocks = nn.Sequential(*[block(width) for _ in range({draw.randint(2, 4)})])
                self.pool = nn.AdaptiveAvgPool2d(1)
                self.head = nn.Linear(width, {classes})

            def forward(self, x):
                x = self.blocks(torch.relu(self.stem(x)))
                return self.head(self.pool(x).flatten(1))
        """
    return _module("separable", body, 1, 1, *_map(draw, 20))


def _residual(draw: random.Random) -> Case:
    width, side = _log(draw, 8, 48), draw.randint(16, 40)
    body = f"""\
        class Block(nn.Module):
            def __init__(self, ins, outs, stride):
                super().__init__()
                self.one = nn.Conv2d(ins, outs, 3, stride=stride, padding=1)
                self.norm = nn.BatchNorm2d(outs)
                self.two = nn.Conv2d(outs, outs, 3, padding=1)
                self.skip = nn.Conv2d(ins, outs, 1, stride=stride)

            def forward(self, x):
                y = self.two(torch.relu(self.norm(self.one(x))))
                return torch.relu(y + self.skip(x))


        class Net(nn.Module):
            def __init__(self, width={width}):
                super().__init__()
                self.stem = nn.Conv2d(3, width, 3, padding=1)
                self.one = Block(width, width, 1)
                self.two = Block(width, 2 * width, 2)
                self.pool = nn.AdaptiveAvgPool2d(1)
                self.head = nn.Linear(2 * width, 10)

            def forward(self, x):
                x = self.two(self.one(torch.relu(self.stem(x))))
                return self.head(self.pool(x).flatten(1))
        """
    return _module("residual", body, 1, 3, side, side)


def _inverted(draw: random.Random) -> Case:
    width, factor, side = _log(draw, 8, 40), draw.choice((2, 3, 4, 6)), draw.randint(16, 40)
    body = f"""\
        class Inverted(nn.Module):
            def __init__(self, ins, outs, stride, factor={factor}):
                super().__init__()
                inner = ins * factor
                self.residual = stride == 1 and ins == outs
                self.layers = nn.Sequential(
                    nn.Conv2d(ins, inner, 1, bias=False),
                    nn.BatchNorm2d(inner),
                    nn.ReLU6(),
                    nn.Conv2d(inner, inner, 3, stride=stride, padding=1, groups=inner, bias=False),
                    nn.BatchNorm2d(inner),
                    nn.ReLU6(),
                    nn.Conv2d(inner, outs, 1, bias=False),
                    nn.BatchNorm2d(outs),
                )

            def forward(self, x):
                return x + self.layers(x) if self.residual else self.layers(x)


        class Net(nn.Module):
            def __init__(self, width={width}):
                super().__init__()
                self.stem = nn.Conv2d(3, width, 3, stride=2, padding=1)
                self.layers = nn.Sequential(
                    Inverted(width, width, 1), Inverted(width, {_log(draw, 8, 64)}, 2)
                )

            def forward(self, x):
                return self.layers(torch.relu(self.stem(x)))
        """
    return _module("inverted", body, 1, 3, side, side)


def _perceptron(draw: random.Random) -> Case:
    ins, wide, low = _log(draw, 64, 640), _log(draw, 32, 256), _log(draw, 4, 32)
    body = f"""\
        class Net(nn.Module):
            def __init__(self, ins={ins}, wide={wide}, low={low}):
                super().__init__()
                widths = [ins, wide, wide, low, wide, ins]
                layers = []
                for a, b in zip(widths, widths[1:]):
                    layers += [nn.Linear(a, b), nn.ReLU()]
                self.layers = nn.Sequential(*layers[:-1])

            def forward(self, x):
                return self.layers(x)
        """
    return _module("perceptron", body, 1, ins)


def _hourglass(draw: random.Random) -> Case:
    width, side = _log(draw, 8, 32), 4 * draw.randint(4, 10)
    body = f"""\
        class Net(nn.Module):
            def __init__(self, width={width}):
                super().__init__()
                self.down = nn.Conv2d(3, width, 3, padding=1)
                self.pool = nn.MaxPool2d(2)
                self.middle = nn.Conv2d(width, 2 * width, 3, padding=1)
                self.up = nn.Upsample(scale_factor=2, mode="nearest")
                self.merge = nn.Conv2d(3 * width, width, 3, padding=1)
                self.head = nn.Conv2d(width, {draw.randint(1, 8)}, 1)

            def forward(self, x):
                skip = torch.relu(self.down(x))
                x = torch.relu(self.middle(self.pool(skip)))
                x = torch.cat([self.up(x), skip], dim=1)
                return self.head(torch.relu(self.merge(x)))
        """
    return _module("hourglass", body, 1, 3, side, side)


def _width(draw: random.Random) -> int:
    """Draw a number of channels: half of them are full tiles of 16, a quarter of 8."""
    return draw.choice(
        (16 * draw.randint(1, 8),) * 2 + (8 * draw.randint(1, 16), _log(draw, 5, 140))
    )


def aligned_pairs(seed: int, number: int) -> list[Case]:
    """Return pairs of one layer with c and with c + 1 channels."""
    draw = random.Random(f"pairs {seed}")
    kinds = ("conv 1x1", "conv kxk", "depthwise", "conv kxk", "linear", "conv 1x1")
    drawn = [_pair(draw, kinds[i % len(kinds)], f"pair{i:02}") for i in range(number)]
    return [case for pair in drawn for case in pair]


def _pair(draw: random.Random, kind: str, group: str) -> list[Case]:
    operand = "both" if kind == "depthwise" else draw.choice(("in", "out"))
    ins, outs, (high, wide) = _width(draw), _width(draw), _map(draw)
    kernel = 1 if kind == "conv 1x1" else draw.choice((3, 3, 5))
    cases: list[Case] = []
    for more in (0, 1):
        a, b = ins + more * (operand != "out"), outs + more * (operand != "in")
        facts: dict[str, object] = {"operand": operand, "before": outs if operand == "out" else ins}
        if kind == "linear":
            call, shape = f"nn.Linear({a}, {b})", (1, a)
        elif kind == "depthwise":
            call = f"nn.Conv2d({a}, {a}, {kernel}, padding={kernel // 2}, groups={a})"
            shape = (1, a, high, wide)
        else:
            call = f"nn.Conv2d({a}, {b}, {kernel}, padding={kernel // 2})"
            shape = (1, a, high, wide)
        name = f"{group}_{'more' if more else 'base'}"
        cases.append(single(name, kind, call, shape, group=group, more=bool(more), facts=facts))
    return cases
