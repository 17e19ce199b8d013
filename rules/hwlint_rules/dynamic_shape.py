"""HW207."""

from collections.abc import Iterable, Iterator

from hwlint.api import Finding, Flow, ModelGraph, Operation, Place, Reading, Rule
from hwlint_rules._waits import times

__all__ = ["DynamicShape"]


class DynamicShape(Rule):
    """A tensor whose shape depends on its values, for a device that takes fixed shapes.

    What it checks
    --------------
    Operations of which all inputs have known shapes and the result has not, because how many items
    there are is decided by the data: `nonzero`, `masked_select`, `unique`, a boolean mask as an
    index. Operations on constants are left alone, and so are sizes that are merely not known and
    what only a check looks at.

    Why it costs
    ------------
    The compiler plans memory and code before the first run. A shape that it cannot know ends the
    compilation, leaves the rest of the graph on the host, or compiles again for every new shape.

    Example
    -------
        kept = boxes[scores > 0.5]

    Use instead
    -----------
        kept = torch.where(scores[:, None] > 0.5, boxes, 0.0)
        # or torch.topk(scores, k): as many as there can be, every time

    Fix safety
    ----------
    No fix: what follows has to work with a fixed number of items.

    Profile fields
    --------------
    `requirements.static_shapes`.

    References
    ----------
    - https://docs.pytorch.org/docs/stable/export.html (data-dependent shapes)
    - https://docs.pytorch.org/xla/release/stable/perf/recompilation.html
    """

    code = "HW207"
    name = "dynamic-shape"
    example_devices = ("ethos-u55-128", "tpu-v5e", "stm32h743")
    VALID = (
        """
        import torch
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 16, 8, 8)
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(16, 16, 3)

            def forward(self, x):
                y = self.conv(x)
                mask = torch.tensor([True, False])
                few = torch.arange(2)[mask]
                return torch.where(y > 0, y, 0.0), few
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 16, 8, 8)
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(16, 16, 3)

            def forward(self, x):
                y = self.conv(x)
                return y[y > 0]
        """,
        """
        import torch
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 16, 8, 8)
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(16, 16, 3)

            def forward(self, x):
                return torch.nonzero(self.conv(x) > 0)
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each line that makes such a tensor."""
        known, graph = reading.profile.requirements, reading.graph
        flow = graph.flow if graph is not None else None
        if known is None or not known.static_shapes or graph is None or flow is None:
            return
        if _is_joined(flow):
            return
        found: dict[Place, list[str]] = {}
        for name, place in _dependent(graph, flow):
            found.setdefault(place, []).append(name)
        for place, names in found.items():
            counted = times(reading, len(names))
            often = f" ({counted})" if counted else ""
            yield Finding(
                place,
                f"how many items {names[0]} gives depends on the data{often}: "
                "shapes have to be fixed here",
                f"all shapes are planned before the first run [{known.evidence}]",
                "keep the shape and mask the values (torch.where), or take a fixed number (topk)",
                severity="warning",
                data={"operation": names[0], "times": len(names)},
            )


def _dependent(graph: ModelGraph, flow: Flow) -> Iterator[tuple[str, Place]]:
    alive = {i for i, tensor in enumerate(flow.tensors) if tensor.kind == "input"}
    for number, operation in enumerate(flow.operations):
        if alive.isdisjoint(operation.inputs):
            continue
        alive.update(operation.outputs)
        known = _by_value(flow, operation) and all(
            flow.tensors[i].items is not None for i in operation.inputs
        )
        shapes = [flow.tensors[i].shape for i in operation.outputs]
        read = number in graph.used
        if known and read and operation.place is not None and any(s and None in s for s in shapes):
            yield operation.name, operation.place


_BY_VALUE = (
    *("nonzero", "argwhere", "masked_select", "unique", "unique_consecutive", "unique_dim"),
    *("where", "repeat_interleave", "bincount", "nms", "batched_nms"),
)
"""Functions that make as many items as their arguments' values say."""


def _by_value(flow: Flow, operation: Operation) -> bool:
    """Whether how many items there are can depend on values: by a mask, or by what it does."""
    if operation.name in ("index", "__getitem__", "getitem"):
        return any(flow.tensors[i].dtype == "bool" for i in operation.inputs)
    return operation.name in _BY_VALUE


def _is_joined(flow: Flow) -> bool:
    """Whether part of the run may be only one side of a branch: there nothing is proved."""
    return any("branch" in missing.reason for missing in flow.missing)
