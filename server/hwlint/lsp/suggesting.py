"""Searching for a faster variant on request: what is meant, how it goes on, what came of it."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import cast

from attrs import field, frozen

from hwlint.api import Edit
from hwlint.engine.errors import UserError
from hwlint.lsp.measuring import Choose
from hwlint.lsp.running import Data, Running, failed, need_saved
from hwlint.lsp.state import LONG_PATIENCE, Open, State
from hwlint.lsp.turns import Turns
from hwlint.measure.attended import Lost
from hwlint.measure.extras import need
from hwlint.measure.job import Failure
from hwlint.measure.targets import LOCAL
from hwlint.report.costs import duration
from hwlint.source.spans import Place

__all__ = ["Seeker", "Sought"]


_log = logging.getLogger(__name__)
_PROCESS = "hwlint.lsp.search_process"
_TRIALS, _MINUTES = 40, 5.0


@frozen
class Sought:
    """What a client asks for."""

    uri: str
    place: str = ""
    """"FILE:Class#part", as an earlier answer has it; else the model is chosen."""
    part: str = ""
    target: str = LOCAL
    trials: int = _TRIALS
    minutes: float = _MINUTES
    trial: int | None = None
    """Search no further: this one."""
    more: Mapping[str, object] = field(factory=dict[str, object])
    """Fields of `hwlint.search.request.Request` besides."""

    @classmethod
    def read(cls, given: Mapping[str, object]) -> "Sought":
        """Read the argument of a command."""
        trial = given.get("trial")
        return cls(
            uri=str(given.get("uri", "")),
            place=str(given.get("place") or ""),
            part=str(given.get("part") or ""),
            target=str(given.get("target") or LOCAL),
            trials=int(cast("int", given.get("trials") or _TRIALS)),
            minutes=float(cast("float", given.get("minutes") or _MINUTES)),
            trial=None if trial is None else int(cast("int", trial)),
            more={name: given[name] for name in _MORE if name in given},
        )


_MORE = ("only", "keep", "budget", "samples", "finalists", "seed", "threads", "scores")


class Seeker(Running):
    """The searches of one server: one on each device, and no measurement beside it. Lives in the
    event loop; what runs code runs apart."""

    def __init__(self, state: State, turns: Turns) -> None:
        """Search for nothing yet."""
        super().__init__()
        self._state = state
        self._turns = turns

    async def suggest(
        self,
        sought: Sought,
        choose: Choose,
        said: Callable[[str], None],
        shown: Callable[[object], None],
    ) -> Data:
        """Search, and return what came of it. `shown`: is given each trial as it comes."""

        def heard(told: object) -> None:
            message = cast("Data", told)
            if "trial" in message:
                shown(message["trial"])
            else:
                said(_words(message))

        async def searched() -> Data:
            async with self._turns.on(sought.target, said):
                return await self._asked(sought, choose, heard)

        return await self._guarded(searched)

    async def look(self, sought: Sought, choose: Choose) -> Data:
        """Return what one trial changes: texts before and after, by file."""
        return await self._guarded(lambda: self._asked(sought, choose, lambda _: None))

    def edits_of(self, found: Data) -> list[Edit]:
        """Return the edits of what `look` has returned.

        Raises:
            UserError: Where one of the files has changed since.
        """
        edits: list[Edit] = []
        for file in cast("list[Data]", found["files"]):
            path = str(file["path"])
            before = str(file["before"]).encode("utf-8", "surrogateescape")
            if self._state.measurements.source(path) != before:
                raise UserError(f"{Path(path).name} has changed since it was searched")
            for edit in cast("list[dict[str, int]]", file["edits"]):
                place = Place(
                    path, edit["line"], edit["column"], edit["end_line"], edit["end_column"]
                )
                edits.append(Edit(place, str(edit["text"])))
        return edits

    async def _guarded(self, work: Callable[[], Awaitable[Data]]) -> Data:
        with self._counted():
            try:
                need("sqlalchemy", "measure", "searching")
                return await work()
            except UserError as problem:
                return failed(Failure("setup", str(problem)))

    async def _asked(self, sought: Sought, choose: Choose, heard: Callable[[object], None]) -> Data:
        entry = self._state.open.get(sought.uri)
        if entry is None:
            raise UserError("there is no such document open")
        if entry.loose:
            raise UserError("this file is in no workspace that could be copied")
        place = sought.place or await self._place(sought, entry, choose)
        request: Data = {
            "place": place,
            "trials": sought.trials,
            "minutes": sought.minutes,
            "root": entry.root,
            **sought.more,
        }
        if sought.target != LOCAL:
            request["target"] = sought.target
        if self._state.settings.python is not None:
            request["python"] = str(self._state.settings.python)
        asked = {"request": request, "trial": sought.trial}
        found = await self._attended.ask(_PROCESS, asked, heard)
        if isinstance(found, Lost):
            message = f"the process that searches ended with {found.code}"
            return failed(Failure("internal", message))
        told = cast("Data", found)
        if "failure" in told:
            _log.warning("suggesting for %s: %s", place, told["failure"])
            return failed(Failure("setup", str(told["failure"])))
        return {**told, "place": place, "target": sought.target, "failure": None}

    async def _place(self, sought: Sought, entry: Open, choose: Choose) -> str:
        """Return the place of the model that is meant; what lies on the disk is what is read."""
        known = await self._state.fresh(sought.uri, LONG_PATIENCE)
        model = choose(known, entry) if known is not None else None
        if model is None:
            raise UserError("there is no model here")
        need_saved(self._state, model.files, entry.root, "searched")
        name = model.name if model.place.path == entry.path else model.class_name
        return f"{entry.path}:{name}{'#' + sought.part if sought.part else ''}"


def _words(told: Mapping[str, object]) -> str:
    """Say in a line how a search goes on."""
    best = told.get("best_s")
    parts = [
        f"{told['done']} of {told['trials']}" if told.get("done") else "",
        f"best {duration(best)}" if isinstance(best, float) else "",
        str(told.get("doing", "")),
    ]
    return " · ".join(part for part in parts if part)
