"""Writing what fixes make of files: each file whole or not at all, and never another one."""

import contextlib
import os
import stat
from pathlib import Path

from hwlint.source import SourceError, read_regular

__all__ = ["NotWritten", "write"]


class NotWritten(Exception):
    """Why a file was left alone, in a few words."""


def write(path: str, before: bytes, after: bytes, root: Path) -> None:
    """Put `after` into a file that holds `before`; its mode stays.

    The new content is written beside the file, which it then replaces in one step: whoever reads
    the file, or finds it after a crash, has all of the one or all of the other. A link stays one,
    and what it leads to is written only below `root`. Raises `NotWritten`.
    """
    target = Path(path).resolve()
    if not target.is_relative_to(root.resolve()):
        raise NotWritten(f"leads out of the workspace, to {target}")
    try:
        mode = target.stat().st_mode
        if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(
            target, os.W_OK
        ):
            raise NotWritten("is read-only")
        if read_regular(target) != before:
            raise NotWritten("has changed since it was read")
        _replace(target, after, before, stat.S_IMODE(mode))
    except FileNotFoundError:
        raise NotWritten("is no longer there") from None
    except SourceError as error:
        raise NotWritten(error.message) from None
    except OSError as error:
        raise NotWritten((error.strerror or str(error)).lower()) from None


def _replace(target: Path, content: bytes, before: bytes, mode: int) -> None:
    fresh = target.with_name(f".{target.name}.hwlint")
    # One name for each file: what a run that was killed has left is taken away by the next.
    fresh.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(fresh, flags | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.chmod(mode)
        _give_back(fresh, target)
        if read_regular(target) != before:
            raise NotWritten("has changed since it was read")
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def _give_back(fresh: Path, target: Path) -> None:
    """Let the file belong to whom it belonged, where that is ours to say."""
    if not hasattr(os, "chown"):
        return
    own, now = target.stat(), fresh.stat()
    if (own.st_uid, own.st_gid) != (now.st_uid, now.st_gid):
        with contextlib.suppress(OSError):
            os.chown(fresh, own.st_uid, own.st_gid)
