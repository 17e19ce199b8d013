"""Read one profile: TOML text, checked, as a `Profile`."""

import hashlib
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from hwlint.profile.errors import ProfileError
from hwlint.profile.lines import line_of, nearest
from hwlint.profile.model import Profile

__all__ = ["Resolve", "load_profile"]

Resolve = Callable[[str, Path], Path | None]
"""From the name in `extends`, and the file that says it, to the file that is meant."""

_Raw = dict[str, object]


_File = tuple[Path, str, _Raw]

_TOLD = frozenset({"source", "evidence", "note"})
_BORROWED = 'differs from what it extends, so it needs its own "source" and "evidence"'


def load_profile(path: Path, resolve: Resolve | None = None) -> Profile:
    """Read the profile at `path`, with what it extends. Raises `ProfileError`."""
    files = _lineage(path, resolve or _beside, ())
    merged: _Raw = {}
    for file, text, raw in files:
        if (where := _borrowed(merged, raw)) is not None:
            message = f"{'.'.join(where)}: {_BORROWED}"
            raise ProfileError(str(file), line_of(text, where), message)
        # What else a device is called is not what those that extend it are called.
        merged = _merged(merged | {"aliases": ()}, raw)
    merged["id"] = path.stem
    digest = hashlib.sha256("\0".join(text for _, text, _ in files).encode()).hexdigest()
    nearest_first = [(p, text) for p, text, _ in reversed(files)]
    return _structured(merged | {"fingerprint": digest}, nearest_first)


def _beside(name: str, asker: Path) -> Path | None:
    other = asker.with_name(f"{name}.toml")
    return other if other.is_file() else None


def _lineage(path: Path, resolve: Resolve, below: tuple[Path, ...]) -> list[_File]:
    """Return what the file extends, what that extends, and so on, and the file itself last.

    Of several that a file extends, each goes over those before it.
    """
    text, raw = _read(path)
    files: list[_File] = []
    for name in _extended(raw.get("extends")):
        parent = resolve(name, path)
        if parent is None:
            raise _extends_error(path, text, f'extends "{name}", which is not known')
        if parent in (path, *below):
            raise _extends_error(path, text, f'extends itself through "{name}"')
        files += [f for f in _lineage(parent, resolve, (path, *below)) if f not in files]
    return [*files, (path, text, raw)]


def _extended(said: object) -> Sequence[str]:
    """Return the names in `extends`; what is no name is for `_structured` to report."""
    names = cast("list[object]", said) if isinstance(said, list) else [said]
    return [name for name in names if isinstance(name, str)]


def _extends_error(path: Path, text: str, message: str) -> ProfileError:
    return ProfileError(str(path), line_of(text, ("extends",)), message)


def _read(path: Path) -> tuple[str, _Raw]:
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(str(path), _toml_line(str(error)), f"not TOML: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(str(path), None, f"cannot be read: {error}") from None
    for reserved in ("id", "fingerprint"):
        if reserved in raw:
            message = f'"{reserved}" is not written in the file: it follows from it'
            raise ProfileError(str(path), line_of(text, (reserved,)), message)
    return text, raw


def _toml_line(message: str) -> int | None:
    _, _, rest = message.partition("(at line ")
    digits = rest.partition(",")[0]
    return int(digits) if digits.isdigit() else None


def _borrowed(base: _Raw, over: _Raw) -> tuple[str, ...] | None:
    """Return the first table that replaces values, but would keep the source of those replaced."""
    for key, value in over.items():
        below = base.get(key)
        if not isinstance(below, dict) or not isinstance(value, dict):
            continue
        said, known = cast(_Raw, value), cast(_Raw, below)
        own = {name for name, item in said.items() if not _is_tables(item)} - _TOLD
        if "source" in known:
            if own and not {"source", "evidence"} <= said.keys():
                return (key,)
        elif (deeper := _borrowed(known, said)) is not None:
            return (key, *deeper)
    return None


def _is_tables(value: object) -> bool:
    """Whether it is a list of tables, each of which says where it comes from itself."""
    return isinstance(value, list) and any(
        isinstance(item, dict) for item in cast("list[object]", value)
    )


def _merged(base: _Raw, over: _Raw) -> _Raw:
    """Return `base` with what `over` says: tables go together, all else is replaced."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = _merged(cast(_Raw, below), cast(_Raw, value))
        else:
            merged[key] = value
    return merged


def _structured(raw: _Raw, texts: list[tuple[Path, str]]) -> Profile:
    # What it imports costs more than all else here, and a run that only asks which devices there
    # are never needs it.
    from hwlint.profile.structure import Problem, structure  # noqa: PLC0415

    made = structure(raw)
    if not isinstance(made, Problem):
        return made
    # Several files may have the table; the one that is meant has most of the path.
    found = [(near, path) for path, text in texts if (near := nearest(text, made.where))]
    if not found:
        raise ProfileError(str(texts[0][0]), None, made.message)
    (_, line), path = max(found, key=lambda item: item[0][0])
    raise ProfileError(str(path), line, made.message)
