"""One search in a process of its own, for a program that goes on meanwhile.

    python -m hwlint.lsp.search_process

Is asked for an `Errand` and comes to {"failure": "..."} or to what the errand is about; see
`hwlint.measure.piped`. How it goes on, it says as {"doing": ..., "done": ..., "trials": ...}, and
each trial that was measured as {"trial": {...}}.
"""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from attrs import define, field, frozen
from cattrs import Converter

from hwlint.engine.errors import UserError
from hwlint.measure.piped import Say, serve
from hwlint.profile import ProfileError
from hwlint.report.suggested_json import outcome_document, trial_document
from hwlint.search.outcome import how_by
from hwlint.search.request import Request
from hwlint.search.searching import Searching
from hwlint.search.trial import Trial
from hwlint.source.edits import Edit

__all__ = ["Errand", "as_document"]

_BETWEEN = 0.25
"""Seconds between two words on how it goes on."""


@frozen
class Errand:
    """A search, or a look at one trial of it."""

    request: Request
    trial: int | None = None
    """Search no further: what does it change?"""


def _converter() -> Converter:
    converter = Converter(omit_if_default=True)
    converter.register_unstructure_hook(Path, str)
    converter.register_structure_hook(Path, lambda text, _: Path(text))
    return converter


def as_document(errand: Errand) -> Mapping[str, object]:
    """Return what becomes JSON."""
    return _converter().unstructure(errand)


def main() -> int:
    """Do one errand."""
    return serve(_done, interrupt=True)


def _done(asked: object, _: threading.Event, say: Say) -> object:
    errand = _converter().structure(asked, Errand)
    telling = _Telling(say, errand.request.trials)
    try:
        searching = errand.request.begin(telling.doing, telling.reading)
        if errand.trial is None:
            return _searched(searching, telling)
        return _shown(searching, errand.trial)
    except (UserError, ProfileError) as problem:
        return {"failure": str(problem)}
    except KeyboardInterrupt:
        return {"failure": "stopped"}


def _searched(searching: Searching, telling: "_Telling") -> dict[str, object]:
    how = how_by(searching.session.asked.runner)

    def show(trial: Trial) -> None:
        telling.say({"trial": trial_document(trial, how)})

    outcome = searching.run(telling.heard, telling.note, show)
    return {**outcome_document(outcome), "found": outcome.found, "notes": telling.notes}


def _shown(searching: Searching, number: int) -> dict[str, object]:
    """Return the edits of a candidate, by file, and the texts that they are for."""
    candidate = searching.chosen(number)
    before = searching.texts(candidate)
    files = [
        {
            "path": path,
            "before": before[path].decode("utf-8", "surrogateescape"),
            "after": content.decode("utf-8", "surrogateescape"),
            "edits": [_edit(edit) for edit in candidate.edits if edit.place.path == path],
        }
        for path, content in sorted(candidate.contents.items())
    ]
    return {"trial": number, "files": files}


def _edit(edit: Edit) -> dict[str, object]:
    place = edit.place
    return {
        "line": place.line,
        "column": place.col,
        "end_line": place.end_line,
        "end_column": place.end_col,
        "text": edit.text,
    }


@define
class _Telling:
    """Tells how it goes on, not more often than anyone reads."""

    say: Say
    trials: int
    notes: list[str] = field(factory=list[str])
    clock: Callable[[], float] = time.monotonic
    _last: float = -_BETWEEN

    def doing(self, text: str) -> None:
        self._tell(0, None, text)

    def reading(self, done: int, total: int) -> None:
        self._tell(0, None, f"reading: {done} of {total} files")

    def heard(self, done: int, best: Trial | None, doing: str) -> None:
        self._tell(done, best.median_s if best is not None else None, doing)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def _tell(self, done: int, best_s: float | None, doing: str) -> None:
        now = self.clock()
        if now - self._last >= _BETWEEN:
            self._last = now
            self.say({"doing": doing, "done": done, "trials": self.trials, "best_s": best_s})


if __name__ == "__main__":
    raise SystemExit(main())
