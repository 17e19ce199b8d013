"""A model as read, with what was measured of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hwlint.graph import ModelGraph
from hwlint.measure.known import Known
from hwlint.measure.store.measurement import Measurement
from hwlint.report.costs import duration
from hwlint.report.lines import clean

__all__ = ["WithMeasured", "measured_rows"]


@dataclass(frozen=True)
class WithMeasured:
    """Shows a graph as `show` does, and adds what was measured."""

    show: Callable[[ModelGraph], str]
    known: Known

    def __call__(self, graph: ModelGraph) -> str:
        """Return the text of one entry point."""
        lines = "".join(f"  {clean(line)}\n" for line in map(_line, self.known.of(graph)))
        return self.show(graph) + lines


def _line(one: Measurement) -> str:
    part = one.job.build.submodule if one.job.build is not None else ""
    what = f"{part} " if part else ""
    spread = f", IQR {one.result.spread:.0%}" if one.result.spread is not None else ""
    with_ = f"{one.job.runner}, {one.job.dtype}"
    taken = f"{one.taken.astimezone():%Y-%m-%d}"
    claim = one.job.claim
    return f"{claim}: {what}{duration(one.median_s)}{spread} on {one.target} ({with_}), {taken}"


def measured_rows(known: Known, graph: ModelGraph) -> Iterator[dict[str, object]]:
    """Yield the same for programs."""
    for one in known.of(graph):
        yield {
            "kind": one.job.claim,
            "part": one.job.build.submodule if one.job.build is not None else "",
            "target": one.target,
            "profile": one.profile or None,
            "runner": one.job.runner,
            "dtype": one.job.dtype,
            "median_s": one.median_s,
            "iqr_s": one.result.iqr_s,
            "taken": one.taken.isoformat(),
        }
