"""From a finding to a fix that is proved, or to none."""

from dataclasses import dataclass

from hwlint.api import Edit, Fix
from hwlint.engine.findings import Diagnostic
from hwlint.fix.bench import Bench, Trial
from hwlint.fix.coupling import coupled
from hwlint.fix.proof import Refused, Resized, prove
from hwlint.source.changes import Change, JoinLinears, SetNumber, edits_for, is_apart

__all__ = ["Proved", "fix_for", "prove_fix"]

_OTHER_TEXT = "the text is not what the change needs"
_EFFECTS = {"nothing": "", "parameters": " (changes parameters)", "numerics": " (changes numerics)"}


@dataclass(frozen=True)
class Proved:
    """A fix and how the workspace reads with it."""

    fix: Fix
    trial: Trial
    resized: Resized


def fix_for(bench: Bench, found: Diagnostic, *, unsafe: bool = True) -> Fix | None:
    """Return what mends a finding, proved by reading again; None where nothing is known to.

    Places are those of the texts as the bench has them. `unsafe`: also what changes parameters or
    numerics.
    """
    proved = prove_fix(bench, found, unsafe=unsafe)
    return None if proved is None else proved.fix


def prove_fix(
    bench: Bench, found: Diagnostic, *, unsafe: bool = True, reasons: list[str] | None = None
) -> Proved | None:
    """The same with what was tried; `reasons` is told why changes were refused."""
    for change in found.changes:
        if change.effect != "nothing" and not unsafe:
            continue
        for wide in (False, True):
            try:
                return _proved(bench, found, change, wide=wide)
            except Refused as refused:
                said = str(refused)
            if reasons is not None and not (wide and said == _OTHER_TEXT):
                reasons.append(f"{change.title}: {said}")
    return None


def _proved(bench: Bench, found: Diagnostic, change: Change, *, wide: bool) -> Proved:
    """Make a change and prove it; `wide`: see `edits_for`. Raises `Refused`."""
    edits = _proposed(bench, change, wide=wide)
    trial, resized = prove(bench, (found.code, found.anchor), change, edits)
    fix = Fix(_title(change, resized), change.effect == "nothing", tuple(sorted(edits)))
    return Proved(fix, trial, resized)


def _proposed(bench: Bench, change: Change, *, wide: bool) -> tuple[Edit, ...]:
    """Return the edits of a change. Raises `Refused`."""
    edits: list[Edit] = []
    for step in change.steps:
        path = _path(step)
        source = bench.source(path) if path in bench.owned else None
        made = edits_for(step, source, wide=wide) if source is not None else None
        if source is None or made is None:
            raise Refused(_OTHER_TEXT)
        if isinstance(step, JoinLinears) and not is_apart(step, source, bench.companions(path)):
            raise Refused("another file names the layers")
        edits += made
    step = change.steps[0]
    if not change.coupled or not isinstance(step, SetNumber):
        return tuple(edits)
    numbers = coupled(bench, step)
    if numbers is None:
        raise Refused("what has to agree with it cannot be told")
    return tuple(Edit(place, str(number)) for place, number in numbers.items())


def _path(step: object) -> str:
    for name in ("place", "call", "first"):
        place = getattr(step, name, None)
        if place is not None:
            return place.path
    return ""


def _title(change: Change, resized: Resized) -> str:
    title = change.title
    if resized.layers:
        layers = f"{resized.number} layer" + ("s" if resized.number != 1 else "")
        title += f" in {layers}, +{100 * resized.grown:.1f} %" if resized.grown else f" in {layers}"
    return title + _EFFECTS[change.effect]
