"""HW301."""

from collections.abc import Iterable, Iterator

from hwlint.api import Change, Finding, Layer, Links, ModelGraph, Place, Reading, Rule, Swap
from hwlint_rules._flow import is_activation, one_axis, stays, title
from hwlint_rules._sequences import Part, fits, parts, plain_runs
from hwlint_rules._text import count, related

__all__ = ["ActivationBeforeNorm"]


class ActivationBeforeNorm(Rule):
    """An activation between a convolution and its batch norm, which keeps the two apart.

    What it checks
    --------------
    A convolution or linear layer, then an activation, then a batch norm, each read by the next one
    alone, in the order in which the model runs them. Of a model whose run could not be followed to
    its end, neighbours inside a plain `nn.Sequential` that stand nowhere else.

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
        """Yield one finding for each call that builds or calls such an activation."""
        fusion = reading.profile.fusion
        if fusion is None or fusion.pointwise_chains is not False or reading.graph is None:
            return
        folds = fusion.batch_norm_folds_into or ()
        links = reading.graph.links
        found = _built(reading.graph, folds) if links is None else _run(links, folds)
        groups: dict[Place, list[tuple[Parts, int]]] = {}
        for run, times in found:
            groups.setdefault(run[1].place, []).append((run, times))
        yield from _findings(reading.graph, groups, fusion.evidence)


Parts = tuple[Part, ...]


def _built(graph: ModelGraph, folds: tuple[str, ...]) -> Iterator[tuple[Parts, int]]:
    """What construction alone proves."""
    for run, times in plain_runs(graph, ("conv|linear", "activation", "norm")):
        producer, _, norm = run
        if producer.op in folds and "BatchNorm" in norm.op and fits(producer, norm):
            yield parts(run), times


def _run(links: Links, folds: tuple[str, ...]) -> Iterator[tuple[Parts, int]]:
    """What the run of the model shows."""
    for norm in links.called(("batch_norm",)):
        activation = norm.maker()
        producer = activation.maker() if activation is not None else None
        if activation is None or producer is None or producer.op not in folds:
            continue
        alone = activation.next is norm and producer.next is activation
        if alone and stays(norm) and is_activation(activation) and one_axis(producer):
            run = [(title(step), step.anchor) for step in (producer, activation, norm)]
            yield tuple(Part(op, place) for op, place in run if place is not None), 1


def _findings(
    graph: ModelGraph, groups: dict[Place, list[tuple[Parts, int]]], evidence: str
) -> Iterator[Finding]:
    for place, found in groups.items():
        producer, activation, norm = (part.op for part in found[0][0])
        number = sum(times for _, times in found)
        where = f", in {count(number, 'place')} of the model" if number > 1 else ""
        yield Finding(
            place,
            f"{norm} cannot fold into {producer}: {activation} stands between{where}",
            f"it stays one more pass over {producer}'s output [{evidence}]",
            f"{producer}, {norm}, {activation} folds (changes results: train again)",
            related=related(found[0][0], place, _role),
            changes=_swapped(graph, [run for run, _ in found]),
        )


def _swapped(graph: ModelGraph, found: list[Parts]) -> tuple[Change, ...]:
    """Return the change of order, where both are written side by side in one `nn.Sequential`."""
    _, activation, norm = found[0]
    places = {(run[1].place, run[2].place) for run in found}
    written = {(a.place, b.place) for (a, b), _ in plain_runs(graph, ("activation", "norm"))}
    if len(places) != 1 or not places <= written:
        return ()
    step = Swap(activation.place, norm.place)
    title = f"Put {norm.op} before {activation.op}"
    return (Change(title, (step,), alters=("op", "operations")),)


def _role(part: Layer | Part) -> str:
    return f"the {part.op} of the same sequence"
