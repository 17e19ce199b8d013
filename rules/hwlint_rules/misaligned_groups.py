"""HW105."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hwlint.api import LAYERS, Finding, Layer, Place, Reading, Rule
from hwlint_rules._changes import number_for
from hwlint_rules._homes import Homes
from hwlint_rules._origins import describe, is_whole
from hwlint_rules._properties import holds
from hwlint_rules._runs import cost_words
from hwlint_rules._text import count, listed, number, percent, related

__all__ = ["MisalignedGroups"]


class MisalignedGroups(Rule):
    """Grouped convolutions whose groups do not fill the device's tiles.

    What it checks
    --------------
    Channels of one group, of convolutions with more than one group and more than one channel in
    each, against the tile that the profile gives for grouped convolutions, and against its bound on
    the channels of a group. Depthwise convolutions are another kind (HW502). Where the width can be
    cut into fewer groups that fill the tile, that number is named. Nothing is said where the same
    number also cuts layers into groups that are full, or into single channels: what fewer groups
    save in one layer they cost in the others.

    Why it costs
    ------------
    Each group is a convolution of its own. With a tile of t channels, a group of n costs what
    ceil(n / t) * t would, so that many small groups save products on paper and no time.

    Example
    -------
        nn.Conv2d(128, 128, 3, groups=32)       # 4 channels in a group

    Use instead
    -----------
        nn.Conv2d(128, 128, 3, groups=16)       # 8 channels in a group

    Fix safety
    ----------
    Unsafe: the number of parameters changes, so a checkpoint no longer fits and the model has to
    be trained again.

    Profile fields
    --------------
    `tiles` (layers "grouped"), `limits`, `reporting.padding_layer_share`,
    `reporting.padding_model_share`.

    References
    ----------
    - https://docs.qualcomm.com/bundle/publicresource/80-63442-10/topics/htp_guidelines_channels.md
    - https://arxiv.org/abs/1807.11164 (ShuffleNet V2: groups cost memory accesses)
    """

    code = "HW105"
    name = "misaligned-groups"
    example_devices = ("hexagon-v75-sd8gen3", "ethos-u55-128")
    VALID = (
        """
        import torch.nn as nn

        class Block(nn.Module):
            def __init__(self, width=128):
                super().__init__()
                self.whole = nn.Conv2d(width, width, 3)
                self.halves = nn.Conv2d(width, width, 3, groups=4)
                self.depthwise = nn.Conv2d(width, width, 3, groups=width)
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Block(nn.Module):
            def __init__(self, width=128, groups=32):
                super().__init__()
                self.conv = nn.Conv2d(width, width, 3, groups=groups)
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each literal that says how many groups, else for each call."""
        groups: dict[Place, list[_Grouped]] = {}
        homes = reading.graph.derived(Homes) if reading.graph is not None else None
        for found in _grouped(reading):
            said = found.layer.args["groups"].origin
            place = said.place if said is not None else None
            if place is None and homes is not None:
                place = homes.of(found.layer)
            groups.setdefault(place or found.layer.place, []).append(found)
        for place, members in groups.items():
            if members[0].bound or not _sets_others(reading, place, members):
                yield from _finding(reading, place, members)


@dataclass(frozen=True, slots=True)
class _Grouped:
    """A grouped convolution that misses a tile or a bound."""

    layer: Layer
    each: int
    """Channels of a group."""
    padded: int
    """What they cost as, or the least number that keeps the bound."""
    step: int
    evidence: str
    bound: bool
    """Whether it is a bound that is not kept."""


def _grouped(reading: Reading) -> Iterator[_Grouped]:
    for layer in reading.graph.layers if reading.graph is not None else ():
        groups = number(layer.args.get("groups")) or 1
        ends = {end: number(layer.args.get(f"{end}_channels")) for end in ("in", "out")}
        if layer.maybe or LAYERS[layer.op].family != "conv" or groups == 1 or None in ends.values():
            continue
        if groups == ends["in"]:
            continue
        each = {end: (channels or 0) // groups for end, channels in ends.items()}
        found = _bound(reading, layer, each) or _tile(reading, layer, each)
        if found is not None:
            yield found


def _bound(reading: Reading, layer: Layer, each: dict[str, int]) -> _Grouped | None:
    for limit in reading.profile.limits_of(reading.dtype, layer.op):
        step = limit.multiple
        if limit.property != "channels_per_group" or step is None:
            continue
        for channels in each.values():
            if not holds(limit, channels):
                padded = -(-channels // step) * step
                return _Grouped(layer, channels, padded, step, limit.evidence, bound=True)
    return None


def _tile(reading: Reading, layer: Layer, each: dict[str, int]) -> _Grouped | None:
    worst: _Grouped | None = None
    for end, channels in each.items():
        tile = reading.profile.tile(reading.dtype, "grouped", end)
        if tile is None or not channels % tile.minimum:
            continue
        padded = -(-channels // tile.minimum) * tile.minimum
        found = _Grouped(layer, channels, padded, tile.minimum, tile.evidence, bound=False)
        if worst is None or padded / channels > worst.padded / worst.each:
            worst = found
    return worst


def _sets_others(reading: Reading, place: Place, members: list[_Grouped]) -> bool:
    """Say whether the same number cuts other convolutions into groups that are full, or into single
    channels: fewer groups would cost there what they save here."""
    own = {id(found.layer) for found in members}
    for layer in reading.graph.layers if reading.graph is not None else ():
        groups = layer.args.get("groups")
        if id(layer) in own or groups is None or (number(groups) or 1) == 1:
            continue
        if groups.origin is not None and any(x.place == place for x in groups.origin.leaves()):
            return True
    return False


def _finding(reading: Reading, place: Place, members: list[_Grouped]) -> Iterator[Finding]:
    first = max(members, key=lambda found: (found.padded / found.each, found.layer.params or 0))
    layers = [found.layer for found in members]
    limits, share = reading.profile.reporting, reading.share(layers)
    waste = _waste(reading, members)
    if limits is None or (
        not first.bound
        and (
            share is None
            or waste < limits.padding_layer_share
            or waste * share < limits.padding_model_share
        )
    ):
        return
    assert reading.graph is not None
    times = sum(reading.graph.layers[layer] for layer in layers)
    in_these = f" in {count(times, 'convolution')}"
    what = _what(first, members)
    groups = layers[0].args["groups"]
    told = describe(groups.origin, place)
    step = f"each group is computed in steps of {first.step} channels in {reading.dtype}"
    yield Finding(
        place,
        f"{what}{in_these}{cost_words(reading, layers, ())}",
        f"{'; '.join(part for part in (told, step) if part)} [{first.evidence}]",
        _advice(reading, place, first, members),
        alternatives=_literals(layers, place),
        related=related(layers, place, lambda layer: f"{layer.op} with groups too"),
        share=waste,
        model_share=waste * share if share is not None else None,
        saves=waste * share if share is not None and reading.estimate is not None else None,
        data={"channels": first.each, "padded": first.padded, "layers": times},
        changes=number_for(first.layer, "groups", _fewer([first])),
    )


def _literals(layers: list[Layer], place: Place) -> tuple[Place, ...]:
    origins = [layer.args["groups"].origin for layer in layers]
    leaves = [leaf.place for origin in origins if origin is not None for leaf in origin.leaves()]
    return tuple(p for p in dict.fromkeys(leaves) if p is not None and p != place)


def _waste(reading: Reading, members: list[_Grouped]) -> float:
    """Return the share of what the convolutions cost that fills up their groups."""
    counts: Mapping[Layer, int] = reading.graph.layers if reading.graph is not None else {}
    held = [(found.layer.params or 0) * counts.get(found.layer, 0) for found in members]
    cost = sum(n * found.padded / found.each for n, found in zip(held, members, strict=True))
    return 1 - sum(held) / cost if cost else 1 - members[0].each / members[0].padded


def _what(first: _Grouped, members: list[_Grouped]) -> str:
    """Say how many channels a group has: "2, 4 channels in a group cost as 8"."""
    numbers = sorted({found.each for found in members})
    said = f"{listed(map(str, numbers))} channel{'s' * (numbers != [1])} in a group"
    if first.bound:
        return f"{said}, and the device takes multiples of {first.step}"
    return f"{said} cost as {listed(map(str, sorted({found.padded for found in members})))}"


def _is_free(place: Place, layers: Iterable[Layer], members: list[_Grouped]) -> bool:
    """Say whether the number of groups can be changed there alone: it is that of these
    convolutions and of no other layer, and none of their widths comes from it or from what is not
    known."""
    own = {id(found.layer) for found in members}
    for layer in layers:
        for name, argument in layer.args.items():
            origin = argument.origin
            from_here = origin is not None and any(x.place == place for x in origin.leaves())
            if id(layer) not in own:
                if from_here:
                    return False
                continue
            if name in ("groups", "in_channels", "out_channels") and (
                origin is None or not is_whole(origin)
            ):
                return False
            if from_here and (name != "groups" or origin is None or origin.place != place):
                return False
    said = [found.layer.args["groups"].origin for found in members]
    return all(origin is not None and origin.place == place for origin in said)


def _advice(reading: Reading, place: Place, found: _Grouped, members: list[_Grouped]) -> str:
    """Name the most groups with which all widths fill the tile."""
    layers = reading.graph.layers if reading.graph is not None else ()
    groups = _fewer(members) if _is_free(place, layers, members) else None
    if groups is not None:
        each = listed(map(str, sorted({min(_ends(m.layer)) // groups for m in members})))
        return f"{groups} groups of {each} would fill it (changes parameters)"
    change = percent(found.padded / found.each - 1)
    return f"{found.padded} channels in each group (+{change}; changes parameters)"


def _fewer(members: list[_Grouped]) -> int | None:
    """Return the most groups with which all widths fill the tile."""
    now = min(number(found.layer.args["groups"]) or 1 for found in members)
    ends = {(end, found.step) for found in members for end in _ends(found.layer)}
    for groups in range(now - 1, 1, -1):
        if not any(end % groups or end // groups % step for end, step in ends):
            return groups
    return None


def _ends(layer: Layer) -> list[int]:
    return [number(layer.args[f"{end}_channels"]) or 0 for end in ("in", "out")]
