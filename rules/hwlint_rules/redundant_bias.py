"""HW302."""

from collections.abc import Iterable, Iterator

from hwlint.api import Argument, Finding, Layer, Place, Reading, Rule
from hwlint_rules._sequences import Run, fits, plain_runs
from hwlint_rules._text import count, related

__all__ = ["RedundantBias"]


class RedundantBias(Rule):
    """A bias that the norm after it takes away again.

    What it checks
    --------------
    Neighbours inside an `nn.Sequential`: a convolution or linear layer with a bias, directly
    followed by a batch norm or instance norm of the same width. Only a plain `nn.Sequential` proves
    the order; layers that are used in more than one place are left out, and what a forward method
    calls is not seen yet. Layer and group norms take their mean over several channels and do not
    cancel a bias.

    Why it costs
    ------------
    The norm subtracts the mean of each channel, and a constant added to the channel with it. The
    bias (one number for each output channel) is stored, trained and updated to no effect; its own
    beta does what a bias would. Where the norm folds into the layer it costs no time at inference,
    elsewhere it is one more addition.

    Example
    -------
        nn.Sequential(nn.Conv2d(64, 64, 3), nn.BatchNorm2d(64))

    Use instead
    -----------
        nn.Sequential(nn.Conv2d(64, 64, 3, bias=False), nn.BatchNorm2d(64))

    Fix safety
    ----------
    Unsafe: the bias leaves the checkpoint, and a model that was trained with it has its effect in
    the norm's running mean.

    Profile fields
    --------------
    `fusion.batch_norm_folds_into`.

    References
    ----------
    - https://arxiv.org/abs/1502.03167 (section 3.2: the bias can be ignored)
    - https://docs.pytorch.org/tutorials/recipes/recipes/tuning_guide.html
    """

    code = "HW302"
    name = "redundant-bias"
    default_severity = "info"
    example_devices = ("h100-sxm", "ethos-u55-128", "stm32h743", "raspberry-pi-5")
    VALID = (
        """
        import torch.nn as nn

        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.body = nn.Sequential(
                    nn.Conv2d(16, 64, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
                    nn.Conv2d(64, 64, 3), nn.GroupNorm(8, 64),
                )
        """,
        """
        import torch.nn as nn

        class Shared(nn.Module):
            def __init__(self):
                super().__init__()
                conv = nn.Conv2d(64, 64, 3)
                self.first = nn.Sequential(conv, nn.BatchNorm2d(64))
                self.second = nn.Sequential(conv, nn.ReLU())
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.body = nn.Sequential(nn.Conv2d(16, 64, 3), nn.BatchNorm2d(64), nn.ReLU())
        """,
        """
        import torch.nn as nn

        class Head(nn.Module):
            def __init__(self, dim=64):
                super().__init__()
                self.body = nn.Sequential(nn.Linear(dim, dim, bias=True), nn.BatchNorm1d(dim))
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each call (or literal) that gives such a bias."""
        fusion = reading.profile.fusion
        if fusion is None or fusion.batch_norm_folds_into is None or reading.graph is None:
            return
        groups: dict[Place, list[tuple[Run, int]]] = {}
        for run, times in plain_runs(reading.graph, ("conv|linear", "norm")):
            producer, norm = run
            if _cancels(norm) and _has_bias(producer) and fits(producer, norm):
                groups.setdefault(producer.place, []).append((run, times))
        yield from _findings(groups, fusion.batch_norm_folds_into)


def _cancels(norm: Layer) -> bool:
    """Whether the norm takes its mean over each channel alone."""
    return "BatchNorm" in norm.op or "InstanceNorm" in norm.op


def _has_bias(layer: Layer) -> bool:
    bias = layer.args.get("bias")
    return bias is not None and bias.known and bias.value is True


def _findings(
    groups: dict[Place, list[tuple[Run, int]]], folds: tuple[str, ...]
) -> Iterator[Finding]:
    for place, found in groups.items():
        producer, norm = found[0][0]
        biases = sum(_channels(run[0]) * times for run, times in found)
        number = sum(times for _, times in found)
        where = f" in {number} layers of this call" if number > 1 else ""
        yield Finding(
            place,
            f"{norm.op} cancels this bias: {count(biases, 'parameter')} without effect{where}",
            _why(producer, norm, folds),
            "bias=False (changes the checkpoint)",
            related=related((norm,), place, lambda layer: f"the {layer.op} that follows"),
            data={"parameters": biases, "layers": number},
        )


def _channels(layer: Layer) -> int:
    made: Argument | None = layer.args.get("out_channels") or layer.args.get("out_features")
    return made.value if made is not None and isinstance(made.value, int) else 0


def _why(producer: Layer, norm: Layer, folds: tuple[str, ...]) -> str:
    if "BatchNorm" in norm.op and producer.op in folds:
        return "it is trained and stored for nothing; once the norm is folded it costs no time"
    return "it is trained, stored and added for nothing"
