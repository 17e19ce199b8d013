"""HW403."""

from collections.abc import Iterable
from math import prod

from hwlint.api import Finding, Layer, ModelGraph, Place, Reading, Rule
from hwlint_rules._text import count, number, percent

__all__ = ["TwoFourShape"]

_CONVERTS = (
    "torch.sparse.to_sparse_semi_structured",
    "torch.sparse.SparseSemiStructuredTensor",
    "torchao.sparsity.",
)


class TwoFourShape(Rule):
    """A linear layer whose shape 2:4 sparsity does not take, in a model that is made sparse.

    What it checks
    --------------
    Linear layers with a side that is no multiple of what the sparse kernels take in the deployed
    data type, where the file that builds the model converts weights to two zeros in four. Layers
    that hold next to nothing of the model are left alone.

    Why it costs
    ------------
    Such a weight cannot be converted: torch refuses it, or the layer stays dense and has none of
    the gain (at most twice the rate in the product).

    Example
    -------
        fc = nn.Linear(1000, 1000)
        fc.weight = nn.Parameter(to_sparse_semi_structured(fc.weight))

    Use instead
    -----------
        fc = nn.Linear(1024, 1024)

    Fix safety
    ----------
    Unsafe: another width changes the parameters.

    Profile fields
    --------------
    `sparsity.two_four`, `sparsity.two_four_multiples`, `reporting.slower_model_share`.

    References
    ----------
    - https://docs.pytorch.org/docs/stable/sparse.html#sparse-semi-structured-tensors
    - https://arxiv.org/abs/2104.08378 (Accelerating sparse deep neural networks)
    """

    code = "HW403"
    name = "two-four-shape"
    watches = _CONVERTS
    example_devices = ("h100-sxm",)
    VALID = (
        """
        import torch.nn as nn
        from torch.sparse import to_sparse_semi_structured

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(1024, 1024)

            def forward(self, x):
                return self.fc(x)

        net = Net()
        net.fc.weight = nn.Parameter(to_sparse_semi_structured(net.fc.weight))
        """,
        """
        import torch.nn as nn

        class Dense(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(1000, 1000)

            def forward(self, x):
                return self.fc(x)
        """,
    )
    INVALID = (
        """
        import torch.nn as nn
        from torch.sparse import to_sparse_semi_structured

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(1000, 1000)

            def forward(self, x):
                return self.fc(x)

        net = Net()
        net.fc.weight = nn.Parameter(to_sparse_semi_structured(net.fc.weight))
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each call that builds such layers."""
        known, limits, graph = reading.profile.sparsity, reading.profile.reporting, reading.graph
        step = known.two_four_multiples.get(reading.dtype) if known is not None else None
        if known is None or not known.two_four or step is None or graph is None or limits is None:
            return
        if reading.facts is None or not reading.facts.calls:
            return
        if not any(call.name.startswith(_CONVERTS) for call in reading.facts.calls):
            return
        groups: dict[Place, list[Layer]] = {}
        for layer in graph.layers:
            if layer.op == "Linear" and not layer.maybe and _misses(layer, step):
                groups.setdefault(layer.place, []).append(layer)
        for place, layers in groups.items():
            share = _held(graph, layers) / (_held(graph, graph.layers) or 1)
            if share < limits.slower_model_share:
                continue
            into, out = _sides(layers[0])
            built = sum(graph.layers[layer] for layer in layers)
            yield Finding(
                place,
                f"Linear {into} -> {out} cannot be 2:4 sparse in {reading.dtype}: "
                f"{count(built, 'layer')}, {percent(share)} of all weights of linear layers",
                f"both sides have to be multiples of {step} [{known.evidence}]",
                f"use multiples of {step} (changes the checkpoint)",
                model_share=share,
                data={"layers": built},
            )


def _held(graph: ModelGraph, layers: Iterable[Layer]) -> int:
    """Return how many weights linear layers have."""
    every = [layer for layer in layers if layer.op == "Linear"]
    return sum(prod(side or 0 for side in _sides(layer)) * graph.layers[layer] for layer in every)


def _sides(layer: Layer) -> list[int | None]:
    return [number(layer.args.get(f"{end}_features")) for end in ("in", "out")]


def _misses(layer: Layer, step: int) -> bool:
    sides = _sides(layer)
    return None not in sides and any(side is not None and side % step for side in sides)
