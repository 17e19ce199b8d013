"""Which interpreter runs the user's code, found without running any."""

import os
import sys
from pathlib import Path

from attrs import frozen

from hwlint.engine.errors import UserError
from hwlint.reader.environment import environment_of, site_packages_of

__all__ = ["Interpreter", "most_memory", "own", "tools_interpreter", "user_interpreter"]

_SHARE_OF_MEMORY = 0.8
"""Of the machine's memory that a job may hold where nobody says."""


@frozen
class Interpreter:
    """A Python and where its packages are."""

    path: Path
    folders: tuple[Path, ...]

    def has(self, package: str) -> bool:
        """Say whether a package is installed there."""
        return any((folder / package).is_dir() for folder in self.folders)


def user_interpreter(python: Path | None, root: Path) -> Interpreter:
    """Return the interpreter of the project: the one asked for, else the project's environment as
    `check` finds it, else the one that runs hwlint where that has torch.

    Raises:
        UserError: Where none has torch.
    """
    prefix = environment_of(python, root)
    found = _of(python, prefix) if prefix is not None else None
    if python is not None and found is None:
        raise UserError(f"--python {python}: there is no interpreter with packages")
    if found is not None and (python is not None or found.has("torch")):
        return _with_torch(found)
    mine = own()
    if mine.has("torch"):
        return mine
    where = f"{found.path} (of this project) and {mine.path}" if found is not None else mine.path
    raise UserError(
        f"measuring runs the model, and torch is not installed in {where}: install it there "
        "(pip install torch), or name an interpreter that has it with --python"
    )


def own() -> Interpreter:
    """Return the interpreter that runs hwlint."""
    folders = [Path(entry) for entry in sys.path if entry and Path(entry).is_dir()]
    return Interpreter(Path(sys.executable), tuple(folders))


def _with_torch(found: Interpreter) -> Interpreter:
    if not found.has("torch"):
        raise UserError(f"torch is not installed in {found.path}: pip install torch there")
    return found


def _of(python: Path | None, prefix: Path) -> Interpreter | None:
    folders = site_packages_of(python if python is not None else prefix, prefix)
    if python is not None and python.is_file():
        return Interpreter(python.absolute(), folders)
    for name in ("bin/python", "bin/python3", "Scripts/python.exe"):
        path = prefix / name
        if path.is_file() and os.access(path, os.X_OK):
            return Interpreter(path.absolute(), folders)
    return None


def tools_interpreter(user: Interpreter) -> Interpreter:
    """Return the interpreter that has onnx and onnxruntime: hwlint's own, else the user's.

    Raises:
        UserError: Where neither has them.
    """
    for one in (own(), user):
        if one.has("onnxruntime") and one.has("onnx"):
            return one
    raise UserError(
        "measuring by onnxruntime needs onnx and onnxruntime: pip install 'hwlint[measure]', "
        f"or {user.path} -m pip install onnx onnxruntime"
    )


def most_memory() -> int | None:
    """Return how many bytes a job may hold where nobody says; None where that is not known."""
    try:
        return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * _SHARE_OF_MEMORY)
    except (ValueError, OSError):
        return None
