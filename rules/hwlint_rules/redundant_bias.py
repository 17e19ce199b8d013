"""HW302."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from hwlint.api import (
    LAYERS,
    Argument,
    Change,
    Finding,
    Layer,
    Links,
    ModelGraph,
    Place,
    Reading,
    Rule,
    Step,
)
from hwlint_rules._changes import without_bias
from hwlint_rules._flow import one_axis, title
from hwlint_rules._homes import Homes
from hwlint_rules._sequences import Part, fits, parts, plain_runs
from hwlint_rules._text import count, related

__all__ = ["RedundantBias"]


class RedundantBias(Rule):
    """A bias that the norm after it takes away again.

    What it checks
    --------------
    A convolution or linear layer with a bias, directly followed by a batch norm or instance norm
    that is all that reads it, in the order in which the model runs them. Of a model whose run could
    not be followed to its end, neighbours inside a plain `nn.Sequential` that stand nowhere else.
    Layer and group norms take their mean over several channels and do not cancel a bias.

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
        """
        import torch.nn as nn

        class Block(nn.Module):
            def __init__(self, norm):
                super().__init__()
                self.conv = nn.Conv2d(16, 16, 3)
                self.norm = norm

            def forward(self, x):
                return self.norm(self.conv(x))

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.stem = nn.Conv2d(3, 16, 3, bias=False)
                self.one = Block(nn.BatchNorm2d(16))
                self.two = Block(nn.Identity())

            def forward(self, x):
                return self.two(self.one(self.stem(x)))
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
        links = reading.graph.links
        found = _built(reading.graph) if links is None else _run(links)
        groups: dict[Place, list[Biased]] = {}
        homes = reading.graph.derived(Homes)
        for biased in found:
            at = homes.called(biased.module, biased.layer) if biased.module else None
            groups.setdefault(at or homes.of(biased.layer), []).append(biased)
        groups = {at: g for at, g in groups.items() if not _others(reading.graph, at, g)}
        yield from _findings(reading.graph, groups, fusion.batch_norm_folds_into)


class Biased(NamedTuple):
    """A layer with a bias, and the norm that takes it away."""

    run: tuple[Part, ...]
    layer: Layer
    channels: int
    times: int
    module: str = ""
    """Which one, where the run tells."""


def _built(graph: ModelGraph) -> Iterator[Biased]:
    """What construction alone proves."""
    for run, times in plain_runs(graph, ("conv|linear", "norm")):
        producer, norm = run
        if _cancels(norm) and _has_bias(producer) and fits(producer, norm):
            yield Biased(parts(run), producer, _channels(producer), times)


def _run(links: Links) -> Iterator[Biased]:
    """What the run of the model shows."""
    for norm in links.called(("batch_norm", "instance_norm")):
        producer = norm.maker()
        if producer is None or not _is_cancelled(producer):
            continue
        bias = producer.tensor(_BIAS)
        layer, place = producer.layer, norm.anchor
        if bias is not None and bias.items and layer is not None and place is not None:
            run = (Part(layer.op, layer.place), Part(title(norm), place))
            yield Biased(run, layer, bias.items, 1, producer.operation.module)


_BIAS = 2
"""Where convolutions and linear layers take their bias."""


def _is_cancelled(producer: Step) -> bool:
    """Whether a norm takes away what a bias adds, wherever that bias is used."""
    spec, bias = LAYERS.get(producer.op), producer.tensor(_BIAS)
    if spec is None or spec.family not in ("conv", "linear") or not one_axis(producer):
        return False
    if bias is None or bias.kind != "parameter" or len(bias.shape or ()) != 1:
        return False
    users = producer.sharing(_BIAS)
    after = [user.next for user in users]
    return all(step is not None and step.name in ("batch_norm", "instance_norm") for step in after)


def _cancels(norm: Layer) -> bool:
    """Whether the norm takes its mean over each channel alone."""
    return "BatchNorm" in norm.op or "InstanceNorm" in norm.op


def _has_bias(layer: Layer) -> bool:
    bias = layer.args.get("bias")
    return bias is not None and bias.known and bias.value is True


def _channels(layer: Layer) -> int:
    made: Argument | None = layer.args.get("out_channels") or layer.args.get("out_features")
    return made.value if made is not None and isinstance(made.value, int) else 0


def _findings(
    graph: ModelGraph, groups: dict[Place, list[Biased]], folds: tuple[str, ...]
) -> Iterator[Finding]:
    for place, found in groups.items():
        norm = found[0].run[1]
        norms = Counter[str]()
        for biased in found:
            norms[biased.run[1].op] += biased.times
        biases = sum(biased.channels * biased.times for biased in found)
        number = sum(biased.times for biased in found)
        where = f" in {number} layers of this call" if number > 1 else ""
        yield Finding(
            place,
            f"{_named(norms)} this bias: {count(biases, 'parameter')} without effect{where}",
            _why([biased.run for biased in found], folds),
            "bias=False (changes the checkpoint)",
            alternatives=_calls(found, place),
            related=(
                *related((norm,), place, lambda part: f"the {part.op} that follows"),
                *related([b.layer for b in found], place, _built_here),
            ),
            data={"parameters": biases, "layers": number},
            changes=_changes(graph, place, found),
        )


def _changes(graph: ModelGraph, place: Place, found: list[Biased]) -> tuple[Change, ...]:
    own = found[0].layer.place == place
    return without_bias(found[0].layer) if own and _is_all(graph, found) else ()


def _built_here(layer: Layer) -> str:
    return f"{layer.op} is built here"


def _calls(found: list[Biased], place: Place) -> tuple[Place, ...]:
    """Return the calls that build the layers, where a helper makes them."""
    return tuple(dict.fromkeys(b.layer.place for b in found if b.layer.place != place))


def _is_all(graph: ModelGraph, found: list[Biased]) -> bool:
    """Whether these are all the layers with a bias that one call builds."""
    place = found[0].layer.place
    built = sum(n for x, n in graph.layers.items() if x.place == place and _has_bias(x))
    modules = {biased.module for biased in found}
    seen = sum(b.times for b in found) if modules == {""} else len(modules)
    return built == seen


def _others(graph: ModelGraph, place: Place, found: list[Biased]) -> bool:
    """Whether the call at a place gives a bias to a layer too in which it has an effect."""
    homes = graph.derived(Homes)
    biased = {
        name
        for name, layer in graph.named_layers.items()
        if LAYERS[layer.op].family in ("conv", "linear")
        and _has_bias(layer)
        and homes.called(name, layer) == place
    }
    known = {one.module for one in found}
    if "" in known:  # which ones is not known where only construction is
        return len(biased) > sum(one.times for one in found)
    return not biased <= known


def _named(norms: Counter[str]) -> str:
    """Say what cancels: "BatchNorm2d cancels", "BatchNorm2d (15) and GroupNorm (3) cancel"."""
    if len(norms) == 1:
        return f"{next(iter(norms))} cancels"
    return f"{' and '.join(f'{op} ({number})' for op, number in norms.items())} cancel"


def _why(runs: Sequence[tuple[Part, ...]], folds: tuple[str, ...]) -> str:
    if all("BatchNorm" in norm.op and producer.op in folds for producer, norm in runs):
        return "it is trained and stored for nothing; once the norm is folded it costs no time"
    folded = any("BatchNorm" in norm.op and producer.op in folds for producer, norm in runs)
    if folded:
        return "it is trained and stored for nothing; where the norm is folded it costs no time"
    return "it is trained, stored and added for nothing"
