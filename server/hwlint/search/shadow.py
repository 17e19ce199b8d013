"""A copy of a workspace in which candidates are tried: nobody's own files are touched."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from attrs import define, field

from hwlint.engine.workspace import is_source_name

__all__ = ["Shadow"]

_MOST_BYTES = 64 << 20
"""Larger files are left out."""
_LEFT_OUT = frozenset({"__pycache__", "node_modules"})


@define
class Shadow:
    """A copy of the folder `root` at `into`, which may hold another text for some files.

    Sources are copied. Other files, which may be many, are links, so that what a model loads while
    it is built is there too. Hidden folders, environments and large files are left out.
    """

    root: Path
    into: Path
    _changed: dict[Path, bytes] = field(factory=dict[Path, bytes])
    """What stood in the files that hold another text now."""

    def fill(self) -> None:
        """Make the copy."""
        for folder, names, files in os.walk(self.root):
            names[:] = [name for name in names if _is_taken(Path(folder, name))]
            there = self.into / Path(folder).relative_to(self.root)
            there.mkdir(parents=True, exist_ok=True)
            for file in files:
                _bring(Path(folder, file), there / file)

    def moved(self, path: Path) -> Path:
        """Return where a file of the workspace stands in the copy."""
        return self.into / path.resolve().relative_to(self.root)

    def write(self, contents: Mapping[str, bytes]) -> None:
        """Hold these texts, by absolute path in the workspace, and otherwise what it holds.

        Raises:
            ValueError: Where a path leads out of the workspace.
        """
        for path, content in self._changed.items():
            path.write_bytes(content)
        self._changed.clear()
        for name, content in contents.items():
            path = self.moved(Path(name))
            self._changed[path] = path.read_bytes()
            path.write_bytes(content)


def _is_taken(folder: Path) -> bool:
    hidden = folder.name.startswith(".") or folder.name in _LEFT_OUT
    return not hidden and not (folder / "pyvenv.cfg").exists() and not folder.is_symlink()


def _bring(file: Path, to: Path) -> None:
    try:
        if not file.is_file() or file.stat().st_size > _MOST_BYTES:
            return
        if is_source_name(file.name):
            shutil.copyfile(file, to)
            return
        try:
            to.symlink_to(file.resolve())
        except OSError:  # a system, or a file system, that has none
            shutil.copyfile(file, to)
    except OSError:
        return  # unreadable, or gone meanwhile: where it matters, the model says so itself
