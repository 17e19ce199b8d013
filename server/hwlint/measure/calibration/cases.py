"""What is timed to know a machine: single operations of many sizes, drawn once and for all.

Sizes are spread over what networks have, evenly on a logarithmic scale, from a seed; nothing is
taken from a particular model.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from math import exp, log

from attrs import evolve, frozen

from hwlint.cost import Product
from hwlint.cost.work import Kind

__all__ = ["Case", "cases_of", "visits_of"]

Spec = Mapping[str, object]
_SEED = 20
_LEAST_MACS, _MOST_MACS = 2e4, 2.5e8
_MOST_ITEMS = 4 << 20


@frozen
class Case:
    """One operation to time."""

    id: str
    spec: Spec
    """What the runner makes of it: a layer of torch.nn with arguments, or a function, and the
    shapes of the inputs."""
    product: Product | None = None
    """As the matrix product that it is."""
    inputs: float = 0.0
    """Items of the input of a product."""
    function: str = ""
    """Of a pass over items: hwlint's name of the function."""
    items: float = 0.0
    """Of a pass: items that it goes through, see `items_of`; of a width that is gone over step by
    step: that width."""
    parts: tuple[str, ...] = ()
    """Of operations in a row: the cases that time each of them alone."""
    group: str = ""
    """What it is timed for, where that is no curve: "row" of layers, or
    the widths of one operand: "linear in", "conv out"."""


def cases_of() -> list[Case]:
    """Return all cases."""
    draw = random.Random(_SEED)
    found = [
        *_convolutions(draw, "kxk", 56),
        *_convolutions(draw, "1x1", 44),
        *_depthwise(draw, 36),
        *_grouped(draw, 12),
        *_linears(draw, 40),
        *_matmuls(draw, 20),
        *_attentions(draw, 14),
        *_passes(),
        *_rows(),
        *_alignments(),
    ]
    return list({case.id: case for case in found}.values())


def visits_of(cases: Sequence[Case], visits: int) -> list[dict[str, object]]:
    """Return what a runner goes through: every case once in a shuffled order, then again in
    another one, so that a stop after any time leaves a sample of all of them."""
    shuffle = random.Random(_SEED)
    found: list[dict[str, object]] = []
    for visit in range(visits):
        order = list(cases)
        shuffle.shuffle(order)
        found += [_visit(case, visit) for case in order]
    return found


def _visit(case: Case, number: int) -> dict[str, object]:
    return {"id": case.id, "visit": number, "case": dict(case.spec)}


def _spread(draw: random.Random, low: float, high: float, step: int = 1) -> int:
    value = exp(draw.uniform(log(low), log(high)))
    return max(step, round(value / step) * step)


def _channels(draw: random.Random, low: int, high: int) -> int:
    """Mostly a multiple of 8, as people have them."""
    return _spread(draw, low, high, 8 if draw.random() < 0.9 else 1)


def _drawn(make: "Iterator[Case]", count: int) -> Iterator[Case]:
    """The first so many of the right size."""
    taken = 0
    for case in make:
        macs = case.product.macs if case.product is not None else 0
        if _LEAST_MACS <= macs <= _MOST_MACS and case.inputs <= _MOST_ITEMS:
            yield case
            taken += 1
            if taken == count:
                return


def _conv(
    kind: Kind,
    batch: int,
    size: int,
    channels: tuple[int, int],
    groups: int,
    window: tuple[int, int],
) -> Case:
    cin, cout = channels
    kernel, stride = window
    out = (size - 1) // stride + 1
    kwargs = {"stride": stride, "padding": kernel // 2, "groups": groups, "bias": False}
    spec: dict[str, object] = {
        "layer": "Conv2d",
        "args": [cin, cout, kernel],
        "kwargs": kwargs,
        "inputs": [[batch, cin, size, size]],
    }
    each = cin // groups
    product = Product(
        kind,
        batch * out * out,
        each * kernel * kernel,
        cout // groups,
        groups,
        each,
        "1x1" if kernel == 1 else "kxk",
    )
    name = f"{kind} {batch}x{cin}x{size}x{size} {cout} {kernel}x{kernel}/{stride} g{groups}"
    return Case(name, spec, product, batch * cin * size * size)


def _convolutions(draw: random.Random, kernel: str, count: int) -> Iterator[Case]:
    """Neighbouring layers of networks lie within a factor of 8, but for the first one."""

    def make() -> Iterator[Case]:
        while True:
            k = 1 if kernel == "1x1" else draw.choice((3, 3, 3, 3, 3, 5, 7))
            stride = draw.choice((1, 1, 1, 2) if k > 1 else (1, 1, 1, 1, 1, 2))
            first = kernel == "kxk" and draw.random() < 0.12
            cin = 3 if first else _channels(draw, 8, 768)
            times = exp(draw.uniform(-log(8), log(8)))
            cout = _channels(draw, 8, 128) if first else max(8, round(cin * times / 8) * 8)
            size, batch = _spread(draw, 4, 160), draw.choice((1, 1, 1, 1, 2, 4))
            yield _conv("conv", batch, size, (cin, min(cout, 1024)), 1, (k, stride))

    return _drawn(make(), count)


def _depthwise(draw: random.Random, count: int) -> Iterator[Case]:
    def make() -> Iterator[Case]:
        while True:
            c, k, stride = (
                _channels(draw, 8, 1024),
                draw.choice((3, 3, 5, 7)),
                draw.choice((1, 1, 2)),
            )
            size, batch = _spread(draw, 4, 128), draw.choice((1, 1, 2, 4))
            yield _conv("depthwise", batch, size, (c, c), c, (k, stride))

    return _drawn(make(), count)


def _grouped(draw: random.Random, count: int) -> Iterator[Case]:
    def make() -> Iterator[Case]:
        while True:
            groups, each = draw.choice((2, 4, 8, 16, 32)), draw.choice((4, 8, 16, 32))
            size, k = _spread(draw, 7, 64), draw.choice((1, 3, 3))
            channels = (groups * each, groups * each)
            yield _conv("grouped", 1, size, channels, groups, (k, draw.choice((1, 1, 2))))

    return _drawn(make(), count)


def _linears(draw: random.Random, count: int) -> Iterator[Case]:
    def make() -> Iterator[Case]:
        while True:
            rows, wide, out = (
                _spread(draw, 1, 2048),
                _channels(draw, 16, 3072),
                _channels(draw, 8, 3072),
            )
            spec = {"layer": "Linear", "args": [wide, out], "inputs": [[1, rows, wide]]}
            product = Product("linear", rows, wide, out, 1, wide, "any")
            yield Case(f"linear {rows}x{wide} {out}", spec, product, rows * wide)

    return _drawn(make(), count)


def _heads(draw: random.Random) -> tuple[int, int, int]:
    """Draw how many heads an attention has, how many rows, and how wide each head is."""
    heads, rows = draw.choice((1, 2, 4, 8, 16)), _spread(draw, 16, 512)
    return heads, rows, draw.choice((16, 32, 64, 128))


def _matmuls(draw: random.Random, count: int) -> Iterator[Case]:
    def make() -> Iterator[Case]:
        while True:
            heads, rows, each = _heads(draw)
            depth, columns = draw.choice(((each, rows), (rows, each)))
            shapes = [[1, heads, rows, depth], [1, heads, depth, columns]]
            product = Product("matmul", rows, depth, columns, heads, depth, "any")
            name = f"matmul {heads}x{rows}x{depth}x{columns}"
            yield Case(
                name, {"function": "matmul", "inputs": shapes}, product, heads * rows * depth
            )

    return _drawn(make(), count)


def _attentions(draw: random.Random, count: int) -> Iterator[Case]:
    """As `Product` counts it: both products as one, its depth the width of a head."""

    def make() -> Iterator[Case]:
        while True:
            heads, rows, each = _heads(draw)
            shapes = [[1, heads, rows, each]] * 3
            product = Product("matmul", rows, each, rows, 2 * heads, each, "any")
            spec = {"function": "scaled_dot_product_attention", "inputs": shapes}
            name = f"attention {heads}x{rows}x{each}"
            yield Case(name, spec, product, heads * rows * each, "scaled_dot_product_attention")

    return _drawn(make(), count)


_LAYERS = {
    "relu": "ReLU", "relu6": "ReLU6", "gelu": "GELU", "silu": "SiLU", "sigmoid": "Sigmoid",
    "tanh": "Tanh", "hardswish": "Hardswish", "hardsigmoid": "Hardsigmoid", "elu": "ELU",
    "leaky_relu": "LeakyReLU",
}  # fmt: skip
_SIZES = (1 << 9, 1 << 13, 1 << 16, 1 << 18, 1 << 20, 1 << 22)
"""Items of a pass: in the first cache, in the others, and out of them."""


def _passes() -> Iterator[Case]:
    for items in _SIZES:
        size = [1, 64, items // 64]
        for function, layer in _LAYERS.items():
            yield _pass(function, items, [size], {"layer": layer, "args": []})
        for function in ("add", "mul", "contiguous", "exp", "mean"):
            yield _pass(function, items, [size] * (2 if function in ("add", "mul") else 1))
        yield _pass("softmax", items, [[1, max(1, items // 128), min(items, 128)]])
        yield _pass("cat", items, [[1, 32, items // 64]] * 2)
        yield from _with_maps(items)


def _with_maps(items: int) -> Iterator[Case]:
    """Passes whose cost depends on more than the number of items, at usual shapes."""
    side = {9: 4, 13: 8, 16: 16, 18: 32, 20: 64, 22: 128}[items.bit_length() - 1]
    maps = [1, items // (side * side), side, side]
    wide = [1, max(1, items // 256), min(items, 256)]
    for function, layer, args in (
        ("batch_norm", "BatchNorm2d", [maps[1]]),
        ("group_norm", "GroupNorm", [4, maps[1]]),
        ("adaptive_avg_pool2d", "AdaptiveAvgPool2d", [1]),
    ):
        yield _pass(function, items, [maps], {"layer": layer, "args": args})
    yield _pass("layer_norm", items, [wide], {"layer": "LayerNorm", "args": [wide[-1]]})
    quarter = [1, maps[1], side // 2, side // 2]
    yield _pass("interpolate", items, [quarter])
    for function, layer in (("max_pool2d", "MaxPool2d"), ("avg_pool2d", "AvgPool2d")):
        spec = {"layer": layer, "args": [3, 1, 1]}
        yield _pass(function, 9 * items, [maps], spec)


def _pass(function: str, items: int, shapes: list[list[int]], spec: Spec | None = None) -> Case:
    """`spec`: the layer that does it; None: a function of that name does."""
    made = {**(spec or {"function": function}), "inputs": shapes}
    size = "+".join("x".join(map(str, shape)) for shape in shapes)
    return Case(f"{function} {size}", made, function=function, items=float(items))


_ROWS: Sequence[tuple[tuple[int, ...], tuple[tuple[str, tuple[object, ...]], ...]]] = (
    ((1, 32, 28, 28), (("Conv2d", (32, 32, 3, 1, 1)), ("BatchNorm2d", (32,)), ("ReLU", ()))),
    ((1, 96, 14, 14), (("Conv2d", (96, 96, 1)), ("BatchNorm2d", (96,)), ("Hardswish", ()))),
    (
        (1, 64, 28, 28),
        (("Conv2d", (64, 64, 3, 1, 1, 1, 64)), ("BatchNorm2d", (64,)), ("ReLU6", ())),
    ),
    ((1, 16, 56, 56), (("ReLU", ()), ("Conv2d", (16, 16, 3, 1, 1)), ("BatchNorm2d", (16,)))),
    ((1, 64, 192), (("Linear", (192, 192)), ("GELU", ()), ("Linear", (192, 192)))),
    ((1, 128, 256), (("LayerNorm", (256,)), ("Linear", (256, 256)), ("SiLU", ()))),
    ((4, 256), (("Linear", (256, 256)), ("ReLU", ()), ("Linear", (256, 256)), ("Tanh", ()))),
)
"""Usual rows of layers of which each keeps the shape, by the shape."""


WIDTHS = tuple(n + off for n in (16, 24, 32, 48, 64, 96, 128) for off in (-1, 0, 1))
"""Around multiples of what vector and matrix units are wide."""


def _alignments() -> Iterator[Case]:
    """Layers whose widths go over steps one by one."""
    for width in WIDTHS:
        for operand, (wide, out) in {"in": (width, 256), "out": (256, width)}.items():
            spec = {"layer": "Linear", "args": [wide, out], "inputs": [[1, 128, wide]]}
            product = Product("linear", 128, wide, out, 1, wide, "any")
            name = f"step linear {operand} {width}"
            yield Case(name, spec, product, 128 * wide, items=width, group=f"linear {operand}")
            cin, cout = (width, 64) if operand == "in" else (64, width)
            conv = _conv("conv", 1, 14, (cin, cout), 1, (3, 1))
            name = f"step conv {operand} {width}"
            yield evolve(conv, id=name, items=width, group=f"conv {operand}")


def _rows() -> Iterator[Case]:
    """Rows, and each of their layers alone."""
    for shape, layers in _ROWS:
        size, inputs = "x".join(map(str, shape)), [list(shape)]
        specs = [{"layer": layer, "args": list(args)} for layer, args in layers]
        names = [f"alone {size} {layer} {args}" for layer, args in layers]
        for name, spec in zip(names, specs, strict=True):
            yield Case(name, {**spec, "inputs": inputs}, group="row")
        for count in range(2, len(layers) + 1):
            told = ", ".join(layer for layer, _ in layers[:count])
            spec = {"chain": specs[:count], "inputs": inputs}
            parts = tuple(names[:count])
            yield Case(f"row {size} {told}", spec, parts=parts, group="row")
