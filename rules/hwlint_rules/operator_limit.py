"""HW204."""

from collections import Counter
from collections.abc import Iterable, Iterator

from hwlint.api import LAYERS, Finding, Layer, Limit, ModelGraph, Origin, Place, Reading, Rule
from hwlint_rules._homes import Homes
from hwlint_rules._origins import describe
from hwlint_rules._properties import applies, holds, value_of
from hwlint_rules._runs import run_of, steps
from hwlint_rules._text import count, related

__all__ = ["OperatorLimit"]


class OperatorLimit(Rule):
    """A layer outside the bounds within which the device runs its operator.

    What it checks
    --------------
    Kernel size, stride, dilation, padding, groups, channels and the like of every layer that is
    built, against the bounds that the profile gives for its operator. A bound that only some
    layers have to keep (strides of padded convolutions, say) is checked on these alone; what is
    not known of a layer is not judged. Channels of a group have a rule of their own (HW105).

    Why it costs
    ------------
    Outside its bounds the accelerator does not run the operator at all: the graph is cut there and
    the layer runs on the host, or the model cannot be compiled.

    Example
    -------
        nn.Conv2d(64, 64, kernel_size=3, stride=4, padding=1)     # strides up to 3

    Use instead
    -----------
        nn.Conv2d(64, 64, kernel_size=3, stride=2, padding=1), nn.MaxPool2d(2)

    Fix safety
    ----------
    No fix: another shape computes something else.

    Profile fields
    --------------
    `limits`.

    References
    ----------
    - https://pypi.org/project/ethos-u-vela/ (vela --supported-ops-report)
    - https://docs.nvidia.com/deeplearning/tensorrt/latest/inference-library/dla-layer-restrictions.html
    """

    code = "HW204"
    name = "operator-limit"
    example_devices = ("ethos-u55-128",)
    VALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self, kernel):
                super().__init__()
                self.conv = nn.Conv2d(64, 64, kernel, stride=4, padding=0)
                self.down = nn.Conv2d(64, 64, 3, stride=2, padding=1)
                self.patches = nn.Conv2d(3, 64, 16, stride=16)
                self.pool = nn.AvgPool2d(2)

        net = Net(3)
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self, stride=4):
                super().__init__()
                self.conv = nn.Conv2d(64, 64, 3, stride=stride, padding=1)
        """,
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(64, 64, 5, padding=32, dilation=16)
        """,
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.up = nn.ConvTranspose2d(64, 64, 4, stride=4)
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each call that builds layers outside a bound."""
        groups: dict[tuple[Place, str, str], list[tuple[Layer, Limit, int]]] = {}
        homes = reading.graph.derived(Homes) if reading.graph is not None else None
        for layer, limit, value in _outside(reading):
            assert homes is not None
            key = (homes.of(layer), limit.property, _bounds(limit))
            groups.setdefault(key, []).append((layer, limit, value))
        return [_finding(reading, place, found) for (place, *_), found in groups.items()]


def _outside(reading: Reading) -> Iterator[tuple[Layer, Limit, int]]:
    for layer in reading.graph.layers if reading.graph is not None else ():
        if layer.maybe:
            continue
        for limit in reading.profile.limits_of(reading.dtype, layer.op):
            if limit.property == "channels_per_group":
                continue  # a matter of HW105
            if limit.property == "stride" and not _is_moved(reading, layer):
                continue
            value = value_of(layer, limit.property)
            if value is not None and applies(layer, limit) and not holds(limit, value):
                yield layer, limit, value


def _is_moved(reading: Reading, layer: Layer) -> bool:
    """Whether the window of a pooling moves: one that covers the whole map has no stride, and that
    it does not takes a run to know."""
    if LAYERS[layer.op].family != "pool":
        return True
    flow = run_of(reading)
    if reading.graph is None or flow is None:
        return False
    made = [
        flow.tensors[i].shape
        for work in steps(reading.graph)
        if work.layer is layer
        for i in work.operation.outputs
    ]
    return any(shape and any(side != 1 for side in shape[_CHANNELS:]) for shape in made)


_CHANNELS = 2
"""Dimensions of a map before its height and width: batch and channels."""


def _finding(reading: Reading, place: Place, found: list[tuple[Layer, Limit, int]]) -> Finding:
    layer, limit, value = found[0]
    layers = [each for each, _, _ in found]
    assert reading.graph is not None
    number = sum(reading.graph.layers[each] for each in dict.fromkeys(layers))
    origin = _origin(layer, limit.property)
    others = [leaf.place for leaf in origin.leaves()] if origin is not None else []
    others += [each.place for each in layers]
    known = reading.profile.requirements
    lost = known.unsupported if known is not None else None
    return Finding(
        place,
        f"{limit.property.replace('_', ' ')} {_values(reading.graph, found)}: {_bounds(limit)} "
        f"is what runs; {_lost(lost, number)}",
        _why(limit, origin, place),
        alternatives=tuple(p for p in dict.fromkeys(others) if p is not None and p != place),
        related=related(layers, place, lambda other: f"{other.op} is built here"),
        model_share=reading.share(layers),
        severity="warning",
        data={"property": limit.property, "value": value, "layers": number},
    )


def _values(graph: ModelGraph, found: list[tuple[Layer, Limit, int]]) -> str:
    """Say what there is: "3 of Conv3d", "3 (19 layers) or 7 (1 layer) of Conv3d"."""
    counts: Counter[int] = Counter()
    for layer, _, value in found:
        counts[value] += graph.layers[layer]
    ops = " or ".join(dict.fromkeys(layer.op for layer, _, _ in found))
    if len(counts) == 1:
        return f"{found[0][2]} of {ops}"
    each = (f"{value} ({count(times, 'layer')})" for value, times in sorted(counts.items()))
    return f"{' or '.join(each)} of {ops}"


def _bounds(limit: Limit) -> str:
    if limit.allowed:
        return " or ".join(map(str, limit.allowed))
    if limit.minimum is not None and limit.maximum is not None:
        return f"{limit.minimum} to {limit.maximum}"
    parts = [
        f"at least {limit.minimum}" if limit.minimum is not None else "",
        f"at most {limit.maximum}" if limit.maximum is not None else "",
        f"a multiple of {limit.multiple}" if limit.multiple is not None else "",
    ]
    return ", ".join(part for part in parts if part)


def _lost(unsupported: str | None, number: int) -> str:
    these = "this layer" if number == 1 else count(number, "layer")
    if unsupported == "fails":
        return f"{these} will not run"
    return f"{these} {'leaves' if number == 1 else 'leave'} the accelerator"


def _why(limit: Limit, origin: Origin | None, place: Place) -> str:
    parts = (describe(origin, place), limit.condition)
    return f"{'; '.join(part for part in parts if part)} [{limit.evidence}]".strip()


def _origin(layer: Layer, name: str) -> Origin | None:
    argument = layer.args.get(name)
    return argument.origin if argument is not None else None
