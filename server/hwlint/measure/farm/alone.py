"""One worker for one device."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager

from platformdirs import user_runtime_path

from hwlint.engine.errors import UserError

__all__ = ["alone"]


@contextmanager
def alone(name: str) -> Generator[None]:
    """Keep a second worker off a device of this machine; raises `UserError` in that one."""
    folder = user_runtime_path("hwlint", appauthor=False, ensure_exists=True)
    with (folder / f"{name}.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            whose = file.read().strip()
            raise UserError(f"{name} is served already, by process {whose}") from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
