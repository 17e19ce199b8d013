"""HW501."""

from collections.abc import Iterable, Iterator

from hwlint.api import Finding, Flow, Place, Reading, Rule, product_of
from hwlint_rules._runs import Work, given_run, share_words, steps
from hwlint_rules._text import count, listed, related

__all__ = ["MemoryBoundLayer"]


class MemoryBoundLayer(Rule):
    """A layer with weights that waits for them.

    What it checks
    --------------
    Convolutions, linear layers and recurrences of which the estimate says that moving their bytes
    takes longer than computing, and whose weights are most of these bytes, where they take a large
    part of the model's time together. Only inputs that somebody has given are judged: how many
    rows there are decides. Element-wise work always waits for memory and has rules of its own,
    depthwise convolutions too (HW502), and products of activations have no weights.

    Why it costs
    ------------
    Every weight is fetched once for each call, however few rows use it. With one row, each is used
    for one multiply-accumulate: the unit that computes idles until the next ones arrive.

    Example
    -------
        nn.Linear(25088, 4096)      # 103 M weights for one image

    Use instead
    -----------
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 4096)

    Fix safety
    ----------
    No fix: what may become smaller is a question of the model.

    Profile fields
    --------------
    `memory`, `reporting.time_model_share`.

    References
    ----------
    - https://doi.org/10.1145/1498765.1498785 (Roofline)
    - https://docs.nvidia.com/deeplearning/performance/dl-performance-gpu-background/index.html
    """

    code = "HW501"
    name = "memory-bound-layer"
    default_severity = "info"
    example_devices = ("h100-sxm",)
    VALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(2048, 8192)
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(8192, 8192)

            def forward(self, x):
                return self.fc(x)
        """,
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.embed = nn.Embedding(1000, 4096)
                self.fc = nn.Linear(4096, 4096)

            def forward(self, tokens):
                return self.fc(self.embed(tokens))
        """,
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 64, 512, 512)
            def __init__(self):
                super().__init__()
                self.norm = nn.GroupNorm(8, 64)

            def forward(self, x):
                return self.norm(x)
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 25088)
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(25088, 4096)

            def forward(self, x):
                return self.fc(x)
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield at most one finding for a model, at the layers that take most of the time."""
        limits = reading.profile.reporting
        if limits is None:
            return
        works = list(_waiting(reading))
        share = reading.share(operations=[work.number for work in works])
        if works and share is not None and share >= limits.time_model_share:
            yield _finding(reading, _costliest(reading, works), works, share)


def _waiting(reading: Reading) -> Iterator[Work]:
    """Yield the layers that wait for their weights."""
    flow, known = given_run(reading), reading.estimate
    if reading.graph is None or flow is None or known is None:
        return
    for work in steps(reading.graph):
        product = product_of(flow, work.operation)
        if product is None or product.kind in ("matmul", "depthwise") or work.layer is None:
            continue
        cost = known.operations[work.number]
        weights, others = _items(flow, work)
        if cost.bound == "memory" and cost.memory > cost.compute and weights > others:
            yield work


def _costliest(reading: Reading, works: list[Work]) -> Place:
    """Return the place at which most of the time is taken."""
    known = reading.estimate
    taken: dict[Place, float] = {}
    for work in works:
        seconds = known.operations[work.number].seconds if known is not None else 0.0
        taken[work.place] = taken.get(work.place, 0.0) + seconds
    return max(taken, key=lambda place: (taken[place], place))


def _items(flow: Flow, work: Work) -> tuple[int, int]:
    """How many numbers are weights, and how many go in and out."""
    operation = work.operation
    read = [flow.tensors[i] for i in operation.inputs]
    weights = sum(tensor.items or 0 for tensor in read if tensor.kind == "parameter")
    others = sum(tensor.items or 0 for tensor in read if tensor.kind != "parameter")
    return weights, others + sum(flow.tensors[i].items or 0 for i in operation.outputs)


def _finding(reading: Reading, place: Place, works: list[Work], share: float) -> Finding:
    known, flow = reading.estimate, given_run(reading)
    assert known is not None
    assert flow is not None
    costs = [known.operations[work.number] for work in works]
    moved, memory = sum(cost.moved for cost in costs), sum(cost.memory for cost in costs)
    compute = sum(cost.compute for cost in costs)
    layers = [work.layer for work in works if work.layer is not None]
    ops = listed(dict.fromkeys(layer.op for layer in layers))
    macs = sum(work.operation.macs or 0 for work in works)
    memory_ = reading.profile.memory
    evidence = f" [{memory_.evidence}]" if memory_ is not None else ""
    batch = f"for {_shapes(flow)}"
    return Finding(
        place,
        f"{ops} waits for weights: {_bytes(moved)} moved in {count(len(works), 'call')}, "
        f"{share_words(reading, share)}",
        f"{macs / moved:.1f} multiply-accumulates a byte {batch}: moving takes "
        f"{_times(memory, compute)} computing{evidence}",
        "more rows a call (batch), fewer bits for the weights, or a narrower layer",
        related=related(layers, place, lambda layer: f"{layer.op} too"),
        model_share=share,
        data={"bytes": round(moved), "macs": macs, "layers": len(works)},
    )


def _shapes(flow: Flow) -> str:
    shapes = ["x".join(map(str, shape)) for _, shape, _ in flow.inputs]
    return listed(shapes, 2)


def _bytes(number: float) -> str:
    for unit in ("bytes", "KB", "MB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} GB"


def _times(memory: float, compute: float) -> str:
    if not compute:
        return "longer than"
    return f"{memory / compute:.1f} times as long as"
