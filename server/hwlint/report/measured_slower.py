"""A model that takes longer than when it was measured before, as a finding: HW607."""

from collections.abc import Callable
from pathlib import Path

from hwlint.api import Related
from hwlint.engine.findings import Diagnostic, Row
from hwlint.engine.registry import SLOWER, engine_rule
from hwlint.measure.job import OperatorTime
from hwlint.measure.operators import grown
from hwlint.measure.regression import Regression
from hwlint.report.concise import finding_line
from hwlint.report.costs import duration
from hwlint.report.lines import clean, spot
from hwlint.source.spans import Place

__all__ = ["slower_finding", "slower_text"]

_NAMED = 3
"""Lines that are named: those that have grown most."""


def slower_finding(
    found: Regression,
    anchor: Place,
    place_of: Callable[[OperatorTime], Place | None],
    severity: str = "warning",
) -> Diagnostic:
    """Return it as a finding. `place_of`: the line of the source that an operator belongs to."""
    before, now = found.before, found.now
    grew = grown(before.result.operators, now.result.operators, place_of)[:_NAMED]
    related = [
        Related(place, f"{_time(then)} before, {_time(since)} now, as it was profiled")
        for place, then, since in grew
    ]
    message = (
        f"one run takes {duration(now.median_s)}, {found.ratio - 1:.0%} more than the "
        f"{duration(before.median_s)} {_when(found)}"
    )
    advice = f"`hwlint measurements prune --id {before.id}` accepts it" if before.id else ""
    row = Row(now.target, now.job.dtype, message, _how(found), advice, None, None)
    return Diagnostic(
        SLOWER,
        engine_rule(SLOWER).name,
        severity,
        anchor,
        message,
        advice,
        (row,),
        tuple(one for one in related if one.place != anchor),
        cost=1 - 1 / found.ratio,
        data={
            "place": now.job.place,
            "seconds": now.median_s,
            "before": before.median_s,
            "taken": before.taken.isoformat(),
            "commit": before.job.commit or None,
        },
    )


def slower_text(found: Diagnostic, base: Path) -> str:
    """Return the finding for people, below what was measured."""
    lines = [f"{finding_line(found, base)} ({found.severity})"]
    lines += [f"  {spot(each.place, base)}: {each.message}" for each in found.related]
    lines += [f"  {row.why}" for row in found.rows]
    lines += [f"  {found.advice}"] if found.advice else []
    return "".join(f"{clean(line)}\n" for line in lines)


def _time(seconds: float) -> str:
    return duration(seconds) if seconds else "nothing"


def _when(found: Regression) -> str:
    commit = found.before.job.commit
    if found.turns:
        return f"of {commit}"
    day = f"{found.before.taken.astimezone():%Y-%m-%d %H:%M}"
    return f"of {day} (commit {commit})" if commit else f"of {day}"


def _how(found: Regression) -> str:
    spreads = " and ".join(duration(m.result.iqr_s or 0.0) for m in (found.before, found.now))
    turns = ", in turns" if found.turns else ""
    return f"measured by {found.now.versions or found.now.job.runner}{turns}; IQR {spreads}"
