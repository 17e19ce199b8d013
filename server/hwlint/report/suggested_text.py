"""What a search came to, for people."""

from collections import Counter
from collections.abc import Iterator, Sequence

from hwlint.report.costs import amount, duration
from hwlint.report.inspect_text import human
from hwlint.report.lines import clean
from hwlint.search.outcome import Outcome, Row
from hwlint.search.trial import Trial

__all__ = [
    "change_of",
    "change_text",
    "ended_text",
    "inputs_text",
    "outcome_text",
    "share_text",
    "unmeasured_lines",
    "without_spread",
]

_HEADS = ("trial", "latency", "IQR", "change", "params", "MACs", "memory", "confidence")
_SPREAD = _HEADS.index("IQR")
_REASONS = 3
"""Of failures that are shown."""
_STATES = {
    "seen": "were tried before",
    "bounds": "break a bound",
    "estimate": "are worse by the estimate",
    "refused": "do not read as a module like the original",
    "failed": "failed",
}


def outcome_text(outcome: Outcome) -> str:
    """Return the report of a search."""
    lines = [_head(outcome), *_table(outcome)]
    if not outcome.rows:
        lines += ["", _none_found(outcome)]
    lines += ["", *unmeasured_lines(outcome), *_failures(outcome.trials)]
    lines += [f"Every row: {outcome.label}.", *ended_text(outcome)]
    return "".join(f"{clean(line)}\n" for line in lines)


def _head(outcome: Outcome) -> str:
    kinds = Counter(point.kind for point in outcome.points)
    points = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    bounds = f"   keeps {', '.join(outcome.bounds)}" if outcome.bounds else ""
    where = f"{outcome.device} by {outcome.runner} in {outcome.dtype}"
    asked = f"{outcome.place}   {inputs_text(outcome)}on {where}"
    return f"{asked}   {len(outcome.points)} points: {points}{bounds}"


def inputs_text(outcome: Outcome) -> str:
    """Return what the module is called with, and whether anybody said so."""
    if not outcome.inputs:
        return ""
    shapes = ", ".join(
        "x".join("?" if dim is None else str(dim) for dim in shape) or "scalar"
        for shape in outcome.inputs
    )
    return f"input {shapes}{' (assumed: say which by --input)' if outcome.assumed else ''}   "


def _table(outcome: Outcome) -> Iterator[str]:
    heads = [*_HEADS, outcome.evaluated.rpartition(":")[2]] if outcome.evaluated else list(_HEADS)
    heads = without_spread(outcome, heads)
    rows = [_cells(outcome, outcome.original, "", "the original")]
    rows += [
        _cells(outcome, row.trial, change_text(outcome, row), row.confidence)
        for row in outcome.rows
    ]
    widths = [max(len(cell) for cell in column) for column in zip(heads, *rows, strict=True)]
    for number, cells in enumerate([heads, *rows]):
        padded = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
        yield f"  {'  '.join(padded)}".rstrip()
        if number > 1:
            row = outcome.rows[number - 2]
            yield from (f"      {line}" for line in change_of(outcome, row.trial))
            if row.comparison is not None and row.comparison.refused:
                yield f"      measured again: {row.comparison.refused}"
            if row.scored:
                yield f"      {row.scored}"


def change_text(outcome: Outcome, row: Row) -> str:
    """Return how much less time it takes, by what was measured in turns where it was."""
    assert outcome.original.median_s
    if row.comparison is not None:
        return share_text(row.comparison.ratio)
    return share_text((row.trial.median_s or 0.0) / outcome.original.median_s)


def share_text(ratio: float) -> str:
    """Return a ratio as what it adds or takes: "-12.3 %"."""
    return f"{(ratio - 1) * 100:+.1f} %"


def _cells(outcome: Outcome, trial: Trial, change: str, confidence: str) -> list[str]:
    facts = trial.facts
    known = (facts.params, facts.macs) if facts is not None else (None, None)
    cells = [
        str(trial.number),
        duration(trial.median_s or 0.0),
        duration(trial.iqr_s) if trial.iqr_s else "0",
        change,
        *(human(value) if value is not None else "?" for value in known),
        amount(trial.peak_bytes) if trial.peak_bytes else "?",
        confidence,
    ]
    if outcome.evaluated:
        cells.append(f"{trial.value:.4g}" if trial.value is not None else "?")
    return without_spread(outcome, cells)


def without_spread(outcome: Outcome, cells: Sequence[str]) -> list[str]:
    """Return the cells of a row, or its heads, but for the IQR where nothing was measured."""
    compiled = outcome.how == "compiled"
    return [cell for index, cell in enumerate(cells) if not compiled or index != _SPREAD]


def change_of(outcome: Outcome, trial: Trial) -> Iterator[str]:
    """Yield a line for each point at which a trial differs: "net.py:12:18 width: 60 -> 64"."""
    points = {point.name: point for point in outcome.points}
    for name, value in trial.choices.items():
        point = points.get(name)
        if point is not None:
            says = f" ({point.says})" if point.says else ""
            yield f"{name}: {point.present} -> {value}{says}"


def _none_found(outcome: Outcome) -> str:
    tried = sum(trial.took_time and bool(trial.choices) for trial in outcome.trials)
    these = f"none of {tried} candidates that were {outcome.how}"
    return f"None found: {these} is faster than the original."


def unmeasured_lines(outcome: Outcome) -> Iterator[str]:
    """Yield how many candidates were measured, and why others were not."""
    states = Counter(trial.state for trial in outcome.trials if trial.choices)
    known = sum(trial.known for trial in outcome.trials)
    worked = f"{states['measured']} candidates {outcome.how}"
    yield f"{worked}{f', {known} of them in earlier runs' if known else ''}"
    others = [f"{states[name]} {text}" for name, text in _STATES.items() if states[name]]
    if others:
        yield f"Not {outcome.how}: {', '.join(others)}"


def _failures(trials: Sequence[Trial]) -> Iterator[str]:
    failed = [trial for trial in trials if trial.state == "failed"]
    reasons = Counter(trial.why for trial in failed)
    for why, count in reasons.most_common(_REASONS):
        first = next(trial for trial in failed if trial.why == why)
        more = f" and {count - 1} more" if count > 1 else ""
        yield f"  trial {first.number}{more}: {why}"


def ended_text(outcome: Outcome) -> Iterator[str]:
    """Yield why the search ended, where that is not because it was done."""
    if outcome.ended == "interrupted":
        yield "Interrupted: the same command goes on from here."
    elif outcome.ended == "time":
        yield "The time is up: the same command goes on from here, --minutes gives it longer."
    elif outcome.ended == "exhausted":
        yield "Nothing new was proposed any more: these points and bounds allow no more."
    elif outcome.ended == "unreachable":
        yield "The device could not be reached any more; the same command goes on from here."
