"""HW301."""

from collections.abc import Iterable, Iterator

from hwlint.api import Finding, Layer, Place, Reading, Rule
from hwlint_rules._sequences import Run, fits, plain_runs
from hwlint_rules._text import count, related

__all__ = ["ActivationBeforeNorm"]


class ActivationBeforeNorm(Rule):
    """An activation between a convolution and its batch norm, which keeps the two apart.

    What it checks
    --------------
    Neighbours inside an `nn.Sequential`: a convolution or linear layer, then an activation, then a
    batch norm of the same width. Only a plain `nn.Sequential` proves the order; layers that are
    used in more than one place are left out, and what a forward method calls is not seen yet.

    Why it costs
    ------------
    At inference a batch norm is a scale and a shift for each channel, which go into the weights of
    the layer before it for nothing. An activation in between does not commute with them, so the
    norm stays an operator of its own: one more pass over the tensor (2 x channels x positions
    x bytes of traffic). Where the runtime makes one kernel of element-wise operators in a row
    anyway, nothing is said.

    Example
    -------
        nn.Sequential(nn.Conv2d(64, 64, 3), nn.ReLU(), nn.BatchNorm2d(64))

    Use instead
    -----------
        nn.Sequential(nn.Conv2d(64, 64, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU())

    Fix safety
    ----------
    Unsafe: the order of operations changes, so the model has to be trained again.

    Profile fields
    --------------
    `fusion.batch_norm_folds_into`, `fusion.pointwise_chains`.

    References
    ----------
    - https://arxiv.org/abs/1502.03167 (batch norm goes before the nonlinearity)
    - https://arxiv.org/abs/1712.05877 (folding into the convolution)
    """

    code = "HW301"
    name = "activation-before-norm"
    example_devices = ("ethos-u55-128", "stm32h743", "raspberry-pi-5")
    VALID = (
        """
        import torch.nn as nn

        class Block(nn.Sequential):
            def __init__(self):
                super().__init__(
                    nn.Sequential(
                        nn.Conv2d(16, 64, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU()
                    )
                )
        """,
        """
        import torch.nn as nn

        class PreActivation(nn.Module):
            def __init__(self):
                super().__init__()
                self.body = nn.Sequential(nn.BatchNorm2d(64), nn.ReLU(), nn.Conv2d(64, 64, 3))
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.body = nn.Sequential(nn.Conv2d(16, 64, 3), nn.ReLU(), nn.BatchNorm2d(64))
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each call that builds such an activation."""
        fusion = reading.profile.fusion
        if fusion is None or fusion.pointwise_chains is not False or reading.graph is None:
            return
        folds = fusion.batch_norm_folds_into or ()
        groups: dict[Place, list[tuple[Run, int]]] = {}
        for run, times in plain_runs(reading.graph, ("conv|linear", "activation", "norm")):
            producer, activation, norm = run
            if producer.op in folds and "BatchNorm" in norm.op and fits(producer, norm):
                groups.setdefault(activation.place, []).append((run, times))
        yield from _findings(groups, fusion.evidence)


def _findings(groups: dict[Place, list[tuple[Run, int]]], evidence: str) -> Iterator[Finding]:
    for place, found in groups.items():
        first = found[0][0]
        producer, activation, norm = first
        number = sum(times for _, times in found)
        where = f", in {count(number, 'place')} of the model" if number > 1 else ""
        yield Finding(
            place,
            f"{norm.op} cannot fold into {producer.op}: {activation.op} stands between{where}",
            f"it stays one more pass over {producer.op}'s output [{evidence}]",
            f"{producer.op}, {norm.op}, {activation.op} folds (changes results: train again)",
            related=related(first, place, _role),
        )


def _role(layer: Layer) -> str:
    return f"the {layer.op} of the same sequence"
