"""A workspace that was read, and how it reads with other texts in place of some of its files."""

import contextlib
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from hwlint.api import Edit
from hwlint.engine.analysis import Analyst, EntryResult, FileResult, Job
from hwlint.engine.pool import Built
from hwlint.engine.run import Passes
from hwlint.graph import ModelGraph
from hwlint.reader import STAGES
from hwlint.source import (
    SourceError,
    SourceFile,
    decode_source,
    overlaid,
    read_regular,
    read_source,
)
from hwlint.source.edits import Overlap, apply_edits, encoded

__all__ = ["Bench", "Interrupted", "Key", "Trial", "graphs_of"]

Key = tuple[str, str]
"""One pass over one file: stage and path."""

_MOST_PASSES = 400
"""Passes that rest on the files of one fix; one that concerns more is not tried."""


class Interrupted(Exception):
    """Something else is more urgent; nothing was changed."""


@dataclass(frozen=True)
class Trial:
    """How part of a workspace reads with other texts."""

    texts: Mapping[str, str]
    """The texts, by path."""
    contents: Mapping[str, bytes]
    results: Mapping[Key, FileResult]


@dataclass
class Bench:
    """What was read of a workspace, pass by pass, and the texts that it was read from.

    Nothing here writes. `trial` reads again, in this process, every pass that rests on the files
    that edits concern; `accept` makes what was tried the state that the next trial starts from.
    One analyst stays and takes over the texts that are tried, as behind an editor
    (`reader/updating.py`). `owned` are the absolute paths of the files that may be edited.
    """

    job: Job
    passes: Passes
    owned: frozenset[str]
    contents: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """What accepted fixes have made of files."""
    stop: Callable[[], bool] | None = None
    """Asked before each pass; where it says so, reading ends with `Interrupted`."""
    reads: int = 0
    """How many passes were read again."""
    _graphs: dict[Key, FileResult] = field(default_factory=dict[Key, FileResult])
    _sources: dict[str, SourceFile] = field(default_factory=dict[str, SourceFile])
    _analyst: Analyst | None = None
    _known: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """What lay over files when the analyst read last."""

    def source(self, path: str) -> SourceFile | None:
        """Return a file's text as it stands now; None where it cannot be read, or not be written
        again to the byte."""
        if path not in self._sources:
            with overlaid(self.contents):
                try:
                    source = read_source(path)
                    if encoded(source, source.text) != read_regular(path):
                        return None
                except (SourceError, UnicodeError):
                    return None
            self._sources[path] = source
        return self._sources[path]

    def dependents(self, paths: Iterable[str]) -> list[Key]:
        """Return the passes that rest on any of the files, in the order in which they are made."""
        touched = set(paths)
        found = [key for key, (_, r) in self.passes.items() if not touched.isdisjoint(r.files)]
        return sorted(found, key=lambda key: (STAGES.index(key[0]), key[1]))

    def companions(self, path: str) -> list[SourceFile]:
        """Return the other files, of those that may be edited, of all passes that rest on one."""
        found = {f for key in self.dependents([path]) for f in self.passes[key][1].files}
        sources = (self.source(file) for file in sorted((found & self.owned) - {path}))
        return [source for source in sources if source is not None]

    def with_graphs(self, keys: Iterable[Key]) -> dict[Key, FileResult]:
        """Return results as they stand now, each entry with its graph."""
        wanted = list(keys)
        missing = [key for key in wanted if key not in self._graphs]
        if missing:
            self._graphs.update(self._visit(missing, {}))
        return {key: self._graphs[key] for key in wanted}

    def trial(self, edits: Iterable[Edit], keys: Iterable[Key] | None = None) -> Trial | None:
        """Read again with edits made; `keys`: these passes only. None where the edits do not fit
        into the texts, or concern too many passes."""
        texts = self._edited(edits)
        if texts is None:
            return None
        wanted = self.dependents(texts) if keys is None else list(keys)
        if len(wanted) > _MOST_PASSES:
            return None
        contents = self._encoded(texts)
        return Trial(texts, contents, self._visit(wanted, contents))

    def peek(
        self, edits: Iterable[Edit], path: str, name: str, build: str = ""
    ) -> tuple[ModelGraph, ...] | None:
        """Read one class or factory of a file with edits made, as it stands or as `build` calls it;
        None where they cannot be."""
        texts = self._edited(edits)
        if texts is None:
            return None
        self._ask()
        with self._over(self._encoded(texts)):
            if build:
                return self._reading().call(path, name, build)
            return self._reading().place(path, name)

    def edited(self, edits: Iterable[Edit]) -> dict[str, bytes] | None:
        """Return the contents of the files that edits change; None where they do not fit."""
        texts = self._edited(edits)
        return None if texts is None else self._encoded(texts)

    def _edited(self, edits: Iterable[Edit]) -> dict[str, str] | None:
        """Return the texts with edits made; None where they do not fit."""
        by_path: dict[str, list[Edit]] = {}
        for edit in edits:
            by_path.setdefault(edit.place.path, []).append(edit)
        texts: dict[str, str] = {}
        for path, own in by_path.items():
            source = self.source(path) if path in self.owned else None
            if source is None:
                return None
            try:
                texts[path] = apply_edits(source.text, own)
                decode_source(path, encoded(source, texts[path]))
            except (Overlap, UnicodeError, SourceError):
                return None
        return texts

    def _encoded(self, texts: Mapping[str, str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for path, text in texts.items():
            source = self.source(path)
            assert source is not None
            found[path] = encoded(source, text)
        return found

    def accept(self, trial: Trial) -> None:
        """Take what was tried for what holds."""
        self.contents.update(trial.contents)
        for path in trial.texts:
            self._sources.pop(path, None)
        built = {key: self._built(key, trial.results) for key in trial.results}
        for key, result in trial.results.items():
            self._graphs[key] = result
            self.passes[key] = (built[key], _without_graphs(result))

    def forget(self) -> None:
        """Let the graphs go that are kept, and what was remembered to read faster."""
        self._graphs.clear()
        self._analyst = None

    def _built(self, key: Key, found: Mapping[Key, FileResult]) -> Built:
        """Return what a pass is told to be built, where earlier passes have other results now: a
        class that is built with another number is built in another form."""
        built = self.passes[key][0]
        earlier = {k for k in found if STAGES.index(k[0]) < STAGES.index(key[0])}
        gone = Built().union(*(self.passes[k][1].built - found[k].built for k in earlier))
        fresh = Built().union(*(found[k].built - self.passes[k][1].built for k in earlier))
        if gone:
            others = (r.built for k, (_, r) in self.passes.items() if k not in earlier)
            gone -= Built().union(*others)
        return (built - gone) | fresh

    def _ask(self) -> None:
        """Count one more reading, unless there is to be none."""
        if self.stop is not None and self.stop():
            raise Interrupted
        self.reads += 1

    def _visit(self, keys: Iterable[Key], contents: Mapping[str, bytes]) -> dict[Key, FileResult]:
        """Read passes with texts laid over the files, on top of those that were accepted."""
        found: dict[Key, FileResult] = {}
        with self._over(contents):
            for key in keys:
                self._ask()
                built = self._built(key, found)
                try:
                    found[key] = self._reading().visit(key[0], key[1], built)
                except Exception as error:  # noqa: BLE001 - whatever goes wrong costs this fix only
                    found[key] = self.job.failed(key[1], f"{type(error).__name__}: {error}")
                    self._analyst = None
        return found

    @contextlib.contextmanager
    def _over(self, contents: Mapping[str, bytes]) -> Generator[None]:
        """Lay texts over the files and let the analyst know, if it can take them over."""
        laid = {**self.contents, **contents}
        touched = {p for p in (*laid, *self._known) if laid.get(p) != self._known.get(p)}
        with overlaid(laid):
            if self._analyst is not None and not all(map(self._analyst.update, sorted(touched))):
                self._analyst = None
            self._known = laid
            yield

    def _reading(self) -> Analyst:
        if self._analyst is None:
            self._analyst = Analyst(replace(self.job, tracked=True), _keep)
        return self._analyst


def _keep(graph: ModelGraph, _readings: object) -> ModelGraph:
    return graph


def graphs_of(result: FileResult) -> list[ModelGraph]:
    """Return the graphs of a result, in order of its entries."""
    return [cast("ModelGraph", entry.view) for entry in result.entries]


def _without_graphs(result: FileResult) -> FileResult:
    entries: tuple[EntryResult, ...] = tuple(replace(e, view=None) for e in result.entries)
    return replace(result, entries=entries)
