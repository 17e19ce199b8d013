"""Results of earlier runs, kept as long as every file that they rest on is the same.

The cache lies in the user's own cache folder (`HWLINT_CACHE_DIR` moves it), never in the
workspace: it is read back by `pickle`, and a workspace may be anybody's. One file holds one
workspace under one set of settings; a broken one counts as empty.
"""

import contextlib
import hashlib
import os
import pickle
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import overload

from platformdirs import user_cache_path

from hwlint.engine.analysis import FileResult, Job
from hwlint.engine.passes import PassNames
from hwlint.engine.pool import Built
from hwlint.engine.workspace import Workspace, digest
from hwlint.source import SourceError, read_regular

__all__ = ["Cache", "cache_folder", "drop_caches"]

_FORMAT = 4
_ONE = ord("1")
_KEPT = 40
"""Cache files kept; the oldest go first."""


def cache_folder() -> Path:
    """Return the folder that holds the caches of all workspaces."""
    own = os.environ.get("HWLINT_CACHE_DIR")
    return Path(own) if own else user_cache_path("hwlint", appauthor=False)


def drop_caches() -> int:
    """Remove every cache; returns how many there were."""
    files = list(cache_folder().glob("*.cache"))
    for file in files:
        file.unlink(missing_ok=True)
    return len(files)


@dataclass
class _Stored:
    """What a cache file holds. A file's path and digest stand once, results refer to them."""

    format: int = _FORMAT
    paths: list[str] = field(default_factory=list[str])
    digests: list[str] = field(default_factory=list[str])
    results: dict[tuple[str, str], tuple[int, bytes]] = field(
        default_factory=dict[tuple[str, str], tuple[int, bytes]]
    )
    """By path and pass: the files that it rests on, bit n for `paths[n]`, and the pickled
    result. Results of a large library rest on thousands of files each."""


class _Files(Sequence[str]):
    """The paths that the bits of a number stand for, looked up when somebody asks."""

    def __init__(self, bits: int, paths: Sequence[str]) -> None:
        self._bits, self._paths = bits, paths

    @cached_property
    def _every(self) -> tuple[str, ...]:
        return tuple([self._paths[n] for n in _numbers(self._bits)])

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        return self._every[index]

    def __len__(self) -> int:
        return self._bits.bit_count()

    def __iter__(self) -> Iterator[str]:
        return iter(self._every)


class Cache:
    """The results of one workspace."""

    def __init__(self, workspace: Workspace, job: Job) -> None:
        """Open what earlier runs with these settings left, and see which files have changed."""
        self._file = cache_folder() / f"{_fingerprint(workspace, job)}.cache"
        self._known = dict(workspace.digests)
        self._stored = _load(self._file)
        self._names = PassNames()
        self._paths = self._stored.paths
        self._number = {path: number for number, path in enumerate(self._paths)}
        self._fresh: dict[tuple[str, str], tuple[int, bytes]] = {}
        before = zip(self._paths, self._stored.digests, strict=True)
        self._changed = _bits(n for n, (p, was) in enumerate(before) if self._digest(p) != was)

    def get(self, path: str, stage: str, built: Built = frozenset()) -> FileResult | None:
        """Return the result of an earlier run if nothing that it rests on has changed."""
        key = (path, self._names(path, stage, built))
        found = self._stored.results.get(key)
        if found is None or self._changed & found[0]:
            return None
        self._fresh[key] = found
        return replace(pickle.loads(found[1]), files=_Files(found[0], self._paths))

    def put(self, result: FileResult, stage: str, built: Built = frozenset()) -> None:
        """Keep a result, unless it is one that a clock cut short."""
        if result.incomplete:
            return
        key = (result.path, self._names(result.path, stage, built))
        bits = _bits(self._numbered(result.files))
        self._fresh[key] = (bits, pickle.dumps(replace(result, files=())))

    def save(self) -> None:
        """Write what this run used, whole or not at all."""
        if self._fresh.keys() == self._stored.results.keys() and not self._changed:
            return
        folder = self._file.parent
        with contextlib.suppress(OSError):  # a cache that cannot be written is no reason to fail
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=folder, suffix=".new")
            with os.fdopen(handle, "wb") as file:
                pickle.dump(self._compact(), file)
            Path(name).replace(self._file)
            _drop_oldest(folder)

    def _compact(self) -> _Stored:
        """Return what is to be written: results, and the files that any of them rests on."""
        results = self._fresh
        used = 0
        for bits, _ in results.values():
            used |= bits
        paths = [self._paths[n] for n in _numbers(used)]
        if len(paths) < len(self._paths):
            place = {before: now for now, before in enumerate(_numbers(used))}
            results = {
                key: (_bits(place[n] for n in _numbers(bits)), content)
                for key, (bits, content) in results.items()
            }
        return _Stored(_FORMAT, paths, [self._digest(path) for path in paths], results)

    def _numbered(self, paths: Sequence[str]) -> list[int]:
        """Return the numbers of paths, new ones for those that have none."""
        found = list(map(self._number.get, paths))
        for place, number in enumerate(found):
            if number is None:
                self._number[paths[place]] = found[place] = len(self._paths)
                self._paths.append(paths[place])
        return [number for number in found if number is not None]

    def _digest(self, path: str) -> str:
        if path not in self._known:
            self._known[path] = _digest_of(path)
        return self._known[path]


def _bits(numbers: Iterable[int]) -> int:
    """Return a number with these bits."""
    places = list(numbers)
    digits = bytearray(b"0") * (max(places, default=0) + 1)
    for place in places:
        digits[place] = _ONE
    digits.reverse()
    return int(digits, 2)


def _numbers(bits: int) -> list[int]:
    """Return which bits a number has, from the lowest."""
    return [number for number, bit in enumerate(bin(bits)[:1:-1]) if bit == "1"]


def _digest_of(path: str) -> str:
    """Hash a file; what is no file, or not there, has a mark of its own."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - of thousands of names, most are of no file
        return digest(read_regular(path)) if stat.S_ISREG(mode) else f"mode {stat.S_IFMT(mode):o}"
    except SourceError as error:
        return error.message
    except (OSError, ValueError):
        return "absent"


def _load(file: Path) -> _Stored:
    try:
        with file.open("rb") as stream:
            stored: object = pickle.load(stream)
    except Exception:  # noqa: BLE001 - whatever a broken cache raises, it is empty
        return _Stored()
    if isinstance(stored, _Stored) and stored.format == _FORMAT:
        return stored
    return _Stored()


def _drop_oldest(folder: Path) -> None:
    files = sorted(folder.glob("*.cache"), key=lambda f: f.stat().st_mtime_ns, reverse=True)
    for file in files[_KEPT:]:
        file.unlink(missing_ok=True)


def _fingerprint(workspace: Workspace, job: Job) -> str:
    parts: list[str] = [str(_FORMAT), sys.version, str(workspace.root), workspace.listing]
    parts += (repr(job.options), repr(job.budgets), repr(sorted(job.words)))
    parts += (f"{t.profile.id} {t.profile.fingerprint} {t.dtype}" for t in job.targets)
    parts += (f"{r.code} {r.__module__}.{r.__qualname__}" for r in job.rules)
    parts += _own_sources({"hwlint", *(r.__module__.partition(".")[0] for r in job.rules)})
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=20).hexdigest()


def _own_sources(packages: Iterable[str]) -> list[str]:
    """Stand for the versions of hwlint and of the rules, also where they are being written."""
    stamps: list[str] = []
    modules: Mapping[str, object] = sys.modules
    for package in sorted(packages):
        file = getattr(modules.get(package), "__file__", None)
        if file is None:
            continue
        for source in sorted(Path(file).parent.rglob("*.py")):
            state = source.stat()
            stamps.append(f"{source} {state.st_size} {state.st_mtime_ns}")
    return stamps
