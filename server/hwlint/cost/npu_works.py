"""What one operation of a run gives an NPU that works layers off in blocks to do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import cast

from hwlint.cost.blocks import Size, Work
from hwlint.cost.tensors import Deployed
from hwlint.cost.work import Product
from hwlint.graph import Flow, Layer, Operation, TensorInfo

__all__ = ["Job", "jobs_of", "sole_reader"]


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work, how often it is done, and the weights that each takes."""

    work: Work
    times: int = 1
    weights: int = 0
    """Bytes, one for each weight."""


def jobs_of(flow: Flow, number: int, layer: Layer | None, tensors: Deployed) -> tuple[Job, ...]:
    """Return what an operation comes to; nothing for one that moves no data.

    `layer`: the torch.nn layer that ran it, where there is one: it knows strides and dilation.
    """
    operation = flow.operations[number]
    if operation.effect in ("view", "same") or not operation.outputs:
        return ()
    sources = [flow.tensors[i] for i in operation.inputs]
    result = flow.tensors[operation.outputs[0]]
    maps = [t for t in sources if t.kind in ("activation", "input")] or sources
    make = _MAKERS.get(operation.name, _pass)
    own = [sole_reader(tensors, i) for i in operation.inputs]
    product = tensors.run.products[number]
    made = make(_Asked(operation, sources, maps, result, layer, own, product))
    return tuple(job for job in made if all((*job.work.source, *job.work.result)))


def sole_reader(tensors: Deployed, index: int) -> bool:
    """Whether a tensor that the run makes is read once."""
    root = tensors.root(index)
    return tensors.is_made(root) and len(tensors.readers.get(root, ())) == 1


@dataclass(frozen=True, slots=True)
class _Asked:
    operation: Operation
    sources: list[TensorInfo]
    maps: list[TensorInfo]
    result: TensorInfo
    layer: Layer | None
    own: list[bool]
    """Of each source: it is made by the run, and nothing else reads it."""
    product: Product | None
    """The matrix product that it is."""

    def pair(self, name: str, default: int) -> tuple[int, int]:
        """Return one of the layer's arguments for height and width."""
        argument = self.layer.args.get(name) if self.layer is not None else None
        value = argument.value if argument is not None and argument.known else None
        if isinstance(value, int):
            return value, value
        if isinstance(value, tuple):
            items = [item for item in cast("tuple[object, ...]", value) if isinstance(item, int)]
            if items and len(items) == len(cast("tuple[object, ...]", value)):
                return (1, items[0]) if len(items) == 1 else (items[-2], items[-1])
        return default, default


def size_of(tensor: TensorInfo) -> tuple[int, Size]:
    """Return batch, and height, width and channels as the device stores them."""
    shape = [dim or 1 for dim in tensor.shape or ()]
    if len(shape) >= 4:
        return prod(shape[:-3]), (shape[-2], shape[-1], shape[-3])
    batch, rows, channels = ([1, 1, 1, *shape])[-3:]
    return 1, (batch, rows, channels)


def _conv(asked: _Asked) -> tuple[Job, ...]:
    weight = [dim or 1 for dim in asked.sources[1].shape or ()] if asked.sources[1:] else []
    if len(weight) == 3:
        weight.insert(2, 1)
    if len(weight) != 4:
        return _pass(asked)
    times, source = _laid_out(asked.maps[0], asked.sources[1])
    _, result = _laid_out(asked.result, asked.sources[1])
    if "transpose" in asked.operation.name:  # zeros between the inputs, then convolved plainly
        stride, groups = (1, 1), result[2] // weight[1]
        source = result[0], result[1], source[2]
    else:
        stride = _stride(asked, source, result, (weight[2], weight[3]))
        groups = max(1, source[2] // weight[1])
    work = Work("conv", source, result, (weight[2], weight[3]), stride, asked.pair("dilation", 1))
    if groups == 1:
        return (Job(work, times, prod(weight)),)
    if weight[1] == 1 and source[2] == result[2]:
        return (Job(replace(work, task="depthwise"), times, prod(weight)),)
    return _grouped(work, groups, times, prod(weight))


def _grouped(work: Work, groups: int, times: int, weights: int) -> tuple[Job, ...]:
    """Each group is convolved by itself, on its part of the map."""
    (high, wide, ins), (tall, broad, outs) = work.source, work.result
    part = replace(work, source=(high, wide, ins // groups), result=(tall, broad, outs // groups))
    return (Job(part, times * groups, weights // groups),)


def _laid_out(tensor: TensorInfo, weight: TensorInfo) -> tuple[int, Size]:
    """Batch and size of a map; a sequence of (batch, channels, length) is a map of one row."""
    if weight.shape is not None and len(weight.shape) == 3:
        shape = [dim or 1 for dim in tensor.shape or ()]
        return prod(shape[:-2]), (1, shape[-1], shape[-2])
    return size_of(tensor)


def _stride(asked: _Asked, source: Size, result: Size, kernel: tuple[int, int]) -> tuple[int, int]:
    if asked.layer is not None:
        return asked.pair("stride", 1)
    # A function's stride is not kept: what the sizes say, without padding or with a full one.
    guess = [
        max(1, round(n / m)) if n % m == 0 else max(1, (n - k) // max(1, m - 1))
        for n, m, k in zip(source[:2], result[:2], kernel, strict=True)
    ]
    return guess[0], guess[1]


def _linear(asked: _Asked) -> tuple[Job, ...]:
    weight = [dim or 1 for dim in asked.sources[1].shape or ()] if asked.sources[1:] else []
    if len(weight) != 2:
        return _pass(asked)
    rows = (asked.maps[0].items or 0) // weight[1]
    work = Work("conv", (1, rows, weight[1]), (1, rows, weight[0]))  # as the exporter writes it
    return (Job(work, 1, prod(weight)),)


def _matmul(asked: _Asked) -> tuple[Job, ...]:
    shapes = [[dim or 1 for dim in t.shape or ()] for t in asked.sources[:2]]
    if len(shapes) < 2 or min(map(len, shapes)) < 2:
        return _pass(asked)
    left, right = shapes
    rows, depth, columns = left[-2], left[-1], right[-1]
    times = max(1, (asked.operation.macs or 0) // max(1, rows * depth * columns))
    return (Job(Work("linear", (1, rows, depth), (1, rows, columns)), times),)


def _pool(asked: _Asked) -> tuple[Job, ...]:
    times, source = size_of(asked.maps[0])
    _, result = size_of(asked.result)
    kernel = asked.pair("kernel_size", 2)
    stride = asked.pair("stride", 0)
    if "adaptive" in asked.operation.name:
        kernel = source[0] // max(1, result[0]), source[1] // max(1, result[1])
        stride = kernel
    output = "max_pool" if "max" in asked.operation.name else "other"
    stride = stride if all(stride) else kernel
    return (Job(Work("pool", source, result, kernel, stride, output=output), times),)


def _reduction(asked: _Asked) -> tuple[Job, ...]:
    times, source = size_of(asked.maps[0])
    result = size_of(asked.result)[1] if (asked.result.items or 0) > 1 else (1, 1, 1)
    if len(asked.maps[0].shape or ()) == 4 and result[2] != source[2]:
        result = (1, 1, source[2])
    return (Job(Work("pool", source, (1, 1, result[2]), source[:2], source[:2]), times),)


def _binary(asked: _Asked) -> tuple[Job, ...]:
    times, result = size_of(asked.result)
    output = {"add": "add", "sub": "add", "mul": "mul"}.get(asked.operation.name, "other")
    inputs = 2 if len(asked.maps) > 1 else 1
    return (Job(Work("elementwise", result, result, output=output, inputs=inputs), times),)


def _lookup(asked: _Asked) -> tuple[Job, ...]:
    times, result = size_of(asked.result)
    return (Job(Work("pool", result, result, lookup=True), times),)


def _joined(asked: _Asked) -> tuple[Job, ...]:
    """What only goes here is written to its place at once; all else is copied there."""
    copied = [size_of(t) for t, own in zip(asked.sources, asked.own, strict=True) if not own]
    return tuple(Job(Work("pool", size, size), times) for times, size in copied)


def _upsampled(asked: _Asked) -> tuple[Job, ...]:
    times, result = size_of(asked.result)
    return (Job(Work("resize", result, result), times),)


def _pass(asked: _Asked) -> tuple[Job, ...]:
    """All else: a product of matrices, or every number goes through once."""
    product = asked.product
    if product is not None:
        work = Work("conv", (1, product.rows, product.depth), (1, product.rows, product.columns))
        return (Job(work, product.groups, product.depth * product.columns),)
    times, result = size_of(asked.result)
    return (Job(Work("elementwise", result, result), times),)


def _softmax(asked: _Asked) -> tuple[Job, ...]:
    """A greatest, a difference, a table, a sum, a reciprocal and a product."""
    times, result = size_of(asked.result)
    one = Work("elementwise", result, result)
    table = Work("pool", result, result, lookup=True)
    return Job(one, 3 * times), Job(table, 2 * times), Job(replace(one, output="mul"), times)


def _norm(asked: _Asked) -> tuple[Job, ...]:
    """Two means, a difference, a square, a root and two products."""
    times, result = size_of(asked.result)
    one = Work("elementwise", result, result)
    return Job(one, 4 * times), Job(replace(one, output="mul"), 3 * times)


_MAKERS: Mapping[str, Callable[[_Asked], tuple[Job, ...]]] = {
    **dict.fromkeys(("conv1d", "conv2d", "conv_transpose2d"), _conv),
    "linear": _linear,
    **dict.fromkeys(("cat", "concat", "stack"), _joined),
    **dict.fromkeys(("interpolate", "upsample"), _upsampled),
    **dict.fromkeys(("matmul", "bmm", "mm"), _matmul),
    **dict.fromkeys(
        ("max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d"), _pool
    ),
    **dict.fromkeys(("mean", "sum", "amax", "amin"), _reduction),
    **dict.fromkeys(("add", "sub", "mul", "maximum", "minimum"), _binary),
    **dict.fromkeys(
        ("sigmoid", "tanh", "hardswish", "gelu", "elu", "leaky_relu", "exp", "log"), _lookup
    ),
    **dict.fromkeys(("softmax", "log_softmax"), _softmax),
    **dict.fromkeys(("layer_norm", "group_norm", "instance_norm", "rms_norm"), _norm),
}
