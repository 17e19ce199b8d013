"""Measuring on request: what is meant, one after the other on each device, and what came of it."""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from attrs import evolve

from hwlint.engine.commits import commit_of
from hwlint.engine.errors import UserError
from hwlint.lsp.measured import Figure
from hwlint.lsp.running import Data, Running, failed, need_saved
from hwlint.lsp.state import LONG_PATIENCE, Known, Open, State
from hwlint.lsp.turns import Turns
from hwlint.lsp.views import ModelView
from hwlint.measure.apart import Errand, Outcome
from hwlint.measure.destination import find_destination
from hwlint.measure.extras import need
from hwlint.measure.interpreters import most_memory
from hwlint.measure.job import Failure, Job, Limits, RunnerName
from hwlint.measure.operators import hottest_lines
from hwlint.measure.store import Measurement, store_url
from hwlint.measure.subject import Subject, job_of
from hwlint.measure.targets import LOCAL, all_targets
from hwlint.profile import ProfileError
from hwlint.report.lines import where

__all__ = ["Choose", "Measuring", "Wanted"]

Choose = Callable[[Known, Open], ModelView | None]

_log = logging.getLogger(__name__)
_TRIES = 10
"""Times that a model is asked for while somebody types."""
_MOST = 500
"""Measurements that are taken from the store, the newest."""


class Wanted:
    """What a client asks for."""

    def __init__(self, given: Mapping[str, object]) -> None:
        """Read the argument of `hwlint.measure`."""
        self.uri = str(given.get("uri", ""))
        self.target = str(given.get("target") or LOCAL)
        self.runner = str(given.get("runner") or "")
        self.part = str(given.get("part") or "")


class Measuring(Running):
    """The measurements of one server. Lives in the event loop; what runs code runs apart."""

    def __init__(self, state: State, turns: Turns, changed: Callable[[], None]) -> None:
        """Measure nothing yet. `changed` is called when there is something new to show."""
        super().__init__()
        self._state = state
        self._turns = turns
        self._changed = changed
        self._stamp: tuple[object, ...] | None = None
        self._loading: asyncio.Task[None] | None = None

    async def measure(self, wanted: Wanted, choose: Choose, said: Callable[[str], None]) -> Data:
        """Measure a model, or say why not; see `docs/editors.md` for what comes back."""
        with self._counted():
            try:
                entry = self._state.open.get(wanted.uri)
                if entry is None or entry.loose:
                    raise UserError("only a file that is open and saved can be measured")
                async with self._turns.on(wanted.target, said):
                    return await self._measured(wanted, entry, choose, said)
            except (UserError, ProfileError) as problem:
                return failed(Failure("setup", str(problem)))

    def targets(self, uri: str) -> list[Data]:
        """Return what can be measured on. Raises `UserError`."""
        entry = self._state.open.get(uri)
        named = all_targets(Path(entry.root) if entry is not None and not entry.loose else None)
        here: Data = {"name": LOCAL, "profile": "", "way": "this computer", "runner": "torch"}
        others: list[Data] = [
            {"name": t.name, "profile": t.profile, "way": t.way(), "runner": t.runner}
            for t in named.values()
            if t.name != LOCAL
        ]
        return [here, *others]

    async def _measured(
        self, wanted: Wanted, entry: Open, choose: Choose, said: Callable[[str], None]
    ) -> Data:
        model, subject = await self._subject(wanted, entry, choose)
        need_saved(self._state, subject.files, entry.root, "measured")
        job, errand = await asyncio.to_thread(self._errand, wanted, entry, model, subject)
        outcome = await self._attended.run(errand, said)
        if outcome.result.failure is not None:
            self._log_failure(job, wanted, outcome.result.failure)
            return failed(outcome.result.failure)
        lines = hottest_lines(outcome.result.operators, subject)
        figure = Figure(wanted.target, outcome.profile, job, outcome.result, outcome.taken, lines)
        self._state.measurements.add(figure)
        self._changed()
        return _answer(model, figure, outcome)

    async def _subject(
        self, wanted: Wanted, entry: Open, choose: Choose
    ) -> tuple[ModelView, Subject]:
        for _ in range(_TRIES):
            known = await self._state.fresh(wanted.uri, LONG_PATIENCE)
            model = choose(known, entry) if known is not None else None
            if model is None:
                raise UserError("there is no model here")
            subject = await self._state.subject_of(entry.root, model, wanted.part)
            if subject is not None:
                return model, subject
        raise UserError("the text changes faster than it can be read")

    def _errand(
        self, wanted: Wanted, entry: Open, model: ModelView, subject: Subject
    ) -> tuple[Job, Errand]:
        """Say what is to be done. Reads files: for a thread."""
        root, python = Path(entry.root), self._state.settings.python
        destination = find_destination(wanted.target, root, compiled=wanted.runner == "vela")
        here = wanted.target == LOCAL and not destination.target.origin
        runner = cast(
            "RunnerName", wanted.runner or ("torch" if here else destination.target.runner)
        )
        part = f"#{wanted.part}" if wanted.part else ""
        job = job_of(
            subject,
            f"{where(entry.path, root)}:{model.name}{part}",
            runner,
            dtype=destination.dtype(runner),
            device=destination.unit(runner, None),
            limits=Limits(memory=most_memory()),
        )
        job = evolve(job, commit=commit_of(Path(entry.path).parent, subject.files))
        interpreter = None if python is None else os.fspath(python)
        return job, Errand(job, wanted.target, str(root), interpreter, subject.moved)

    def _log_failure(self, job: Job, wanted: Wanted, failure: Failure) -> None:
        if failure.kind == "cancelled":
            return
        more = "\n".join(part for part in (failure.trace, failure.output, failure.advice) if part)
        _log.warning("measuring %s on %s: %s\n%s", job.place, wanted.target, failure.message, more)

    # --- the store ----------------------------------------------------------------------------

    def look(self) -> None:
        """Read the store again where something has changed in it; in a thread."""
        stamp = _stamp(store_url())
        if stamp == self._stamp or (self._loading is not None and not self._loading.done()):
            return
        self._stamp = stamp
        if stamp:
            self._loading = asyncio.ensure_future(self._load())

    async def _load(self) -> None:
        try:
            found = await asyncio.to_thread(_kept)
        except UserError as problem:
            _log.warning("%s", problem)
            return
        if found:
            self._state.measurements.load(found)
            self._changed()


def _stamp(url: str) -> tuple[object, ...]:
    """Return what tells one state of a store from another; empty where there is none."""
    if not url.startswith("sqlite:///"):
        return (url,)
    found: list[object] = []
    for suffix in ("", "-wal"):
        try:
            stat = Path(url.removeprefix("sqlite:///") + suffix).stat()
        except OSError:
            continue
        found += [stat.st_mtime_ns, stat.st_size]
    return tuple(found)


def _kept() -> list[Measurement]:
    need("sqlalchemy", "measure", "keeping measurements")
    from hwlint.measure.store.store import open_store  # noqa: PLC0415 - heavy, and optional

    store = open_store(create=False)
    if store is None:
        return []
    try:
        return store.find(most=_MOST)
    finally:
        store.close()


def _answer(model: ModelView, figure: Figure, outcome: Outcome) -> Data:
    result = figure.result
    return {
        "model": model.name,
        "place": figure.job.place,
        "target": figure.target,
        "runner": figure.job.runner,
        "dtype": figure.job.dtype,
        "kind": figure.job.claim,
        "seconds": figure.seconds,
        "iqr": result.iqr_s,
        "notes": list(result.notes),
        "notKept": outcome.not_kept or None,
        "failure": None,
    }
