"""What `hwlint measure` prints, and what it ends with."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hwlint.cli.common import emit
from hwlint.cli.measure_slower import MACHINE_FORMATS, Slower, Verdict

if TYPE_CHECKING:
    from hwlint.engine.findings import Diagnostic
    from hwlint.measure.session import Measured

__all__ = ["Showing"]

_SLOWER = _NO_VERDICT = 1
_COULD_NOT_RUN = 2


@dataclass(frozen=True)
class Showing:
    """Where what was measured goes."""

    form: str
    base: Path
    """What paths are relative to."""
    file: Path | None
    slower: Slower

    def measured(self, found: "list[Measured]", verdict: Verdict) -> int:
        """Print what was measured and what was found; return the exit code."""
        from hwlint.report.measured_json import result_json
        from hwlint.report.measured_text import failure_text, result_text

        failed = [one for one in found if one.result.failure is not None]
        if self.form == "json":
            text = "".join(
                result_json(o.job, o.result, o.lines, self.base, self._of(verdict, o), o.host)
                for o in found
            )
        else:
            done = [one for one in found if one.result.failure is None]
            limit = self.slower.where.bandwidth
            text = "\n".join(
                result_text(o.job, o.result, o.lines, self.base, bandwidth=limit, host=o.host)
                for o in done
            )
        self._say(text, verdict, len(found))
        for one in failed:
            assert one.result.failure is not None
            click.echo(failure_text(one.job.place, one.result.failure), err=True, nl=False)
        return _COULD_NOT_RUN if failed else self._code(verdict)

    def pair(self, pair: "tuple[Measured, Measured | None]", *, since: bool) -> int:
        """Print a comparison; return the exit code. `since`: the first is an earlier version."""
        from hwlint.measure.compare import compared
        from hwlint.report.measured_json import comparison_json
        from hwlint.report.measured_text import comparison_text, failure_text

        first, second = pair
        if first.result.failure is not None or second is None:
            failure = first.result.failure
            assert failure is not None
            click.echo(failure_text(first.job.place, failure), err=True, nl=False)
            return _COULD_NOT_RUN
        found = compared(first.result)
        verdict = self.slower.in_turns(first, second, found) if since else Verdict()
        if self.form == "json":
            text = comparison_json(first.job, second.job, found, self.base, verdict.findings)
        else:
            text = comparison_text(first.job, second.job, found)
        self._say(text, verdict, 1)
        if self.slower.bound is not None:
            return self._code(verdict)
        return _NO_VERDICT if found.refused else 0

    def _of(self, verdict: Verdict, one: "Measured") -> "tuple[Diagnostic, ...]":
        return tuple(d for d in verdict.findings if d.data["place"] == one.job.place)

    def _say(self, text: str, verdict: Verdict, measured: int) -> None:
        if self.form in MACHINE_FORMATS:
            from hwlint.report import concise
            from hwlint.report.machine import FORMATS

            render = {"concise": concise.render, **FORMATS}[self.form]
            click.echo(text, err=True, nl=False)
            text = render(self.slower.document(verdict, measured), self.base)
        elif self.form == "text":
            from hwlint.report.measured_slower import slower_text

            found = [slower_text(finding, self.base) for finding in verdict.findings]
            text = "\n".join([text, *found])
        emit(text, self.file)
        for aside in verdict.asides:
            click.echo(f"hwlint: {aside}", err=True)

    def _code(self, verdict: Verdict) -> int:
        if self.slower.bound is None:
            return 0
        if verdict.findings:
            return _SLOWER
        return _COULD_NOT_RUN if verdict.unsure else 0
