"""Read one profile: TOML text, checked, as a `Profile`."""

import hashlib
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import cast

from hwlint.profile.errors import ProfileError
from hwlint.profile.lines import line_of
from hwlint.profile.model import Profile

__all__ = ["Resolve", "load_profile"]

Resolve = Callable[[str, Path], Path | None]
"""From the name in `extends`, and the file that says it, to the file that is meant."""

_Raw = dict[str, object]


def load_profile(path: Path, resolve: Resolve | None = None) -> Profile:
    """Read the profile at `path`, with what it extends. Raises `ProfileError`."""
    chain = _chain(path, resolve or _beside)
    merged: _Raw = {}
    for _, _, raw in reversed(chain):
        # What else a device is called is not what those that extend it are called.
        merged = _merged(merged | {"aliases": ()}, raw)
    merged["id"] = path.stem
    digest = hashlib.sha256("\0".join(text for _, text, _ in chain).encode()).hexdigest()
    return _structured(merged | {"fingerprint": digest}, [(p, text) for p, text, _ in chain])


def _beside(name: str, asker: Path) -> Path | None:
    other = asker.with_name(f"{name}.toml")
    return other if other.is_file() else None


def _chain(path: Path, resolve: Resolve) -> list[tuple[Path, str, _Raw]]:
    """Return the file, what it extends, what that extends, and so on."""
    chain = [_read(path)]
    while (name := chain[-1][2].get("extends")) is not None:
        here, text, _ = chain[-1]
        parent = resolve(name, here) if isinstance(name, str) else None
        if parent is None:
            raise ProfileError(
                str(here), line_of(text, ("extends",)), f"extends {name!r}, which is not known"
            )
        if any(parent == seen for seen, _, _ in chain):
            raise ProfileError(
                str(here), line_of(text, ("extends",)), f'extends itself through "{name}"'
            )
        chain.append(_read(parent))
    return chain


def _read(path: Path) -> tuple[Path, str, _Raw]:
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
    return path, text, raw


def _toml_line(message: str) -> int | None:
    _, _, rest = message.partition("(at line ")
    digits = rest.partition(",")[0]
    return int(digits) if digits.isdigit() else None


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
    for path, text in texts:
        if (line := line_of(text, made.where)) is not None:
            raise ProfileError(str(path), line, made.message)
    raise ProfileError(str(texts[0][0]), None, made.message)
