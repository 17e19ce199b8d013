"""What was measured of the models that are open, and whether that still holds."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hwlint.lsp.views import LayerView, ModelView

if TYPE_CHECKING:  # a server that nobody measures with is started without them
    from hwlint.measure.job import Job, Result
    from hwlint.measure.operators import Line
    from hwlint.measure.regression import Regression
    from hwlint.measure.store import Measurement

__all__ = [
    "Figure",
    "Measurements",
    "Said",
    "module_times",
    "moment_text",
    "on_disk",
    "share_of_layer",
]

_MARK = "\ufeff".encode()
_MOST_KEYS = 500
Stamp = tuple[object, ...]


@dataclass(frozen=True)
class Figure:
    """One measurement."""

    target: str
    profile: str
    """Id of the target's profile; "" where it has none."""
    job: "Job"
    result: "Result"
    taken: dt.datetime
    lines: "tuple[Line, ...]" = ()
    """What the lines of the source take; empty where it was measured by somebody else."""
    id: int = 0
    """Of the store; 0 where it does not come from there."""

    @property
    def seconds(self) -> float:
        """Return the median."""
        assert self.result.median_s is not None
        return self.result.median_s

    @property
    def identity(self) -> tuple[object, ...]:
        """What the next one of its kind takes the place of."""
        return (self.job.key, self.target, self.job.runner, self.job.dtype)


@dataclass(frozen=True)
class Said:
    """What is said of a model."""

    figure: Figure
    current: bool
    """What was measured is the text that is there."""


@dataclass
class Measurements:
    """All measurements that this editor knows of."""

    text: Callable[[str], str | None]
    """The text of a file as the editor has it; None where it is not open."""
    encoded: Callable[[str], bytes]
    """Turns such a text into bytes."""
    made: dict[tuple[object, ...], Figure] = field(default_factory=dict[tuple[object, ...], Figure])
    kept: dict[tuple[object, ...], Figure] = field(default_factory=dict[tuple[object, ...], Figure])
    """Those of the store."""

    def __post_init__(self) -> None:
        self._keys: dict[tuple[object, ...], str] = {}

    def add(self, figure: Figure) -> None:
        """Take in what was just measured."""
        self.made[figure.identity] = figure

    def load(self, measurements: "Iterable[Measurement]") -> None:
        """Take in what the store has, the newest first."""
        self.kept = {}
        for one in measurements:
            figure = Figure(one.target, one.profile, one.job, one.result, one.taken, (), one.id)
            self.kept.setdefault(figure.identity, figure)

    def of(self, model: ModelView, part: str = "") -> list[Said]:
        """Return what was measured of a model or a part of it: for each target, runner and dtype
        the newest that still holds, else the newest that does not; those that hold first."""
        return self._newest(model, part, estimates=False)

    def estimates(self, model: ModelView, part: str = "") -> list[Said]:
        """Return the same of what a vendor's compiler estimates, which was never run."""
        return self._newest(model, part, estimates=True)

    def _newest(self, model: ModelView, part: str, *, estimates: bool) -> list[Said]:
        found: dict[tuple[object, ...], Said] = {}
        for said in self._about(model, part):
            if said.figure.job.is_estimate != estimates:
                continue
            mine = said.figure
            kind = (mine.target, mine.job.runner, mine.job.dtype)
            other = found.get(kind)
            if other is None or _order(said) > _order(other):
                found[kind] = said
        return sorted(found.values(), key=_order, reverse=True)

    def slower(self, model: ModelView) -> "Iterator[Regression]":
        """Yield where a measurement that holds for a model took longer than one that was made
        before, one for each target, runner and dtype."""
        if not self.kept and not self.made:
            return
        from hwlint.measure.regression import regression  # noqa: PLC0415

        said = list(self._about(model, ""))
        for one in self.of(model):
            earlier = (_measurement(other.figure) for other in said if other is not one)
            found = regression(_measurement(one.figure), earlier) if one.current else None
            if found is not None:
                yield found

    def source(self, path: str) -> bytes | None:
        """Return a file as the editor has it, else as it is on the disk; None where it is gone."""
        disk, text = on_disk(path), self.text(path)
        if text is None:
            return disk
        here = self.encoded(text)
        # An editor keeps the byte order mark to itself.
        return disk if disk is not None and disk.removeprefix(_MARK) == here else here

    def _about(self, model: ModelView, part: str) -> Iterator[Said]:
        if not model.expression:
            return
        for figure in {**self.kept, **self.made}.values():
            job, build = figure.job, figure.job.build
            if build is None or build.submodule != part or build.expression != model.expression:
                continue
            if self._key(job, model) == job.key:
                if _inputs_of(job) == [(shape, dtype) for _, shape, dtype in model.inputs]:
                    yield Said(figure, current=True)
            elif build.file in model.files:
                yield Said(figure, current=False)

    def _key(self, job: "Job", model: ModelView) -> str:
        """Return the key that the job would have with the files as they are now."""
        stamps = tuple(self._stamp(path) for path in model.files)
        name = (job.key, stamps)
        if name not in self._keys:
            from hwlint.measure.subject import key_by  # noqa: PLC0415

            if len(self._keys) > _MOST_KEYS:
                self._keys.clear()
            read = ((path, self.source(path)) for path in model.files)
            sources = {path: content for path, content in read if content is not None}
            self._keys[name] = key_by(job, sources)
        return self._keys[name]

    def _stamp(self, path: str) -> Stamp:
        try:
            stat = Path(path).stat()
        except OSError:
            return (path, self.text(path))
        return (path, self.text(path), stat.st_mtime_ns, stat.st_size)


def _measurement(figure: Figure) -> "Measurement":
    from hwlint.measure.store import Measurement, device_of, versions_of  # noqa: PLC0415

    return Measurement(
        figure.id,
        figure.target,
        figure.profile,
        device_of(figure.result),
        versions_of(figure.result),
        figure.taken,
        figure.job,
        figure.result,
    )


def on_disk(path: str) -> bytes | None:
    """Return what a file holds; None where there is none."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return None


def _inputs_of(job: "Job") -> list[tuple[tuple[int, ...], str]]:
    return [(given.shape, given.dtype) for given in job.inputs]


def _order(said: Said) -> tuple[bool, dt.datetime]:
    return (said.current, said.figure.taken)


def module_times(figure: Figure) -> dict[str, float]:
    """Return the share (0 to 1) of each module by its qualified name: of the time of all operators
    whose module is known or not. Empty where operators were not timed."""
    total = sum(time.seconds for time in figure.result.operators)
    found: dict[str, float] = {}
    part = figure.job.build.submodule if figure.job.build is not None else ""
    for time in figure.result.operators:
        if time.module is not None and total:
            name = ".".join(name for name in (part, time.module) if name)
            found[name] = found.get(name, 0.0) + time.seconds / total
    return found


def share_of_layer(figure: Figure, layer: LayerView) -> float | None:
    """Return the share of a layer, all of its instances together; None where it is not known."""
    place = layer.place
    for line in figure.lines:
        if line.place is not None and (line.place.path, line.place.line) == (
            place.path,
            place.line,
        ):
            return line.share
    return module_times(figure).get(layer.name) if layer.times == 1 else None


def moment_text(taken: dt.datetime, now: dt.datetime) -> str:
    """Return how long ago it was: "just now", "5 minutes ago"."""
    seconds = (now - taken).total_seconds()
    for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            count = int(seconds / size)
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"
