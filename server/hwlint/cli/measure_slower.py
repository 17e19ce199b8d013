"""What `hwlint measure` finds: that a model takes longer than before, HW607."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from hwlint.engine.findings import Diagnostic
    from hwlint.engine.run import CheckResult
    from hwlint.measure.compare import Comparison
    from hwlint.measure.destination import Destination
    from hwlint.measure.regression import Regression
    from hwlint.measure.session import Measured
    from hwlint.measure.store import Measurement

__all__ = ["MACHINE_FORMATS", "Slower", "Verdict", "share_of"]

MACHINE_FORMATS = ("concise", "json-lines", "sarif", "github", "gitlab", "junit")
"""Those of `check` that have the findings alone."""


def share_of(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    """Read "5%" or "5" as 0.05."""
    if value is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%?", value.strip())
    if found is None:
        raise click.BadParameter(f'"{value}": expected a percentage, 5%')
    return float(found[1]) / 100


@dataclass(frozen=True)
class Verdict:
    """What was found."""

    findings: "tuple[Diagnostic, ...]" = ()
    asides: tuple[str, ...] = ()
    """What else there is to say of it."""
    unsure: bool = False
    """It was asked for and cannot be said."""


@dataclass(frozen=True)
class Slower:
    """Holds what was measured against what was measured before."""

    root: Path
    """Of the workspace, whose configuration counts."""
    where: "Destination"
    bound: float | None
    """What --fail-if-slower says; None where nobody asks for more than to be told."""

    def than_stored(self, found: "list[Measured]") -> Verdict:
        """Look for earlier measurements in the store. Raises `UserError` where that was asked for
        and there is no way to."""
        from hwlint.engine.errors import UserError
        from hwlint.measure.keeping import earlier
        from hwlint.measure.regression import APART

        verdict = Verdict()
        least = APART if self.bound is None else self.bound
        for one in found:
            if one.result.failure is not None:
                continue
            try:
                before = earlier(one.job, self.where)
            except UserError:
                if self.bound is not None:
                    raise
                return Verdict()  # keeping it fails as well, and says why
            verdict = self._with(verdict, one, before, least)
        return verdict

    def _with(
        self, verdict: Verdict, one: "Measured", before: "list[Measurement]", least: float
    ) -> Verdict:
        from hwlint.measure.keeping import as_measurement
        from hwlint.measure.regression import comparable, is_sure, regression

        now = as_measurement(one.job, one.result, self.where)
        known = comparable(now, before)
        slower = regression(now, known, least)
        if slower is not None:
            return replace(verdict, findings=(*verdict.findings, *self._kept(slower, one)))
        if self.bound is None:
            return verdict
        if not is_sure(one.result):
            said = f"{one.job.place} is unsteady: whether it is slower than before cannot be said"
            return replace(verdict, asides=(*verdict.asides, said), unsure=True)
        if not known:
            said = f"{one.job.place}: nothing that was measured before can be compared with it"
            return replace(verdict, asides=(*verdict.asides, said))
        return verdict

    def in_turns(self, first: "Measured", second: "Measured", judged: "Comparison") -> Verdict:
        """Look at a comparison with an earlier version."""
        from hwlint.measure.compare import is_unsteady
        from hwlint.measure.keeping import as_measurement
        from hwlint.measure.regression import Regression

        if judged.refused:
            noise = is_unsteady(judged.first) or is_unsteady(judged.second)
            return Verdict(unsure=self.bound is not None and noise)
        if judged.ratio <= 1 + (self.bound or 0.0):
            return Verdict()
        sides = [as_measurement(one.job, one.result, self.where) for one in (first, second)]
        slower = Regression(sides[0], sides[1], turns=True)
        return Verdict(self._kept(slower, second))

    def _kept(self, slower: "Regression", one: "Measured") -> "tuple[Diagnostic, ...]":
        """Return it as a finding, unless the configuration or a comment has it silent."""
        from hwlint.engine.apart import allowed
        from hwlint.measure.operators import place_in
        from hwlint.report.measured_slower import slower_finding

        subject = one.subject
        anchor = subject.layers.get(subject.part) or subject.place
        if anchor is None:
            return ()
        finding = slower_finding(slower, anchor, place_in(subject))
        kept = allowed(finding, self.root, "error" if self.bound is not None else None)
        return () if kept is None else (kept,)

    def document(self, verdict: Verdict, measured: int) -> "CheckResult":
        """Return the findings as the formats of `check` take them."""
        from hwlint.engine.config import load_config
        from hwlint.engine.coverage import Coverage
        from hwlint.engine.run import CheckResult

        return CheckResult(
            verdict.findings,
            Coverage(measured, measured),
            ((self.where.profile_id or self.where.target.name, ""),),
            (load_config(self.root),),
            measured,
            failing=self.bound is not None and bool(verdict.findings),
        )
