"""Which of several modules of one name an import means: the one nearest to who imports it.

Python searches the folder of the program that runs first, and nobody says which program that will
be. Most often it lies beside the file that imports, or above it. So the folders are asked from the
importing file upward; what a file itself puts into `sys.path` comes right after its own folder.
"""

import os
import sys
from collections.abc import Callable, Iterator

__all__ = ["Nearby"]

_MAX_LEVELS = 12


class Nearby:
    """Turns names as files write them into names from the import roots."""

    def __init__(
        self, roots: list[str], site_packages: list[str], is_file: Callable[[str], bool]
    ) -> None:
        self._roots = roots
        self._site_packages = tuple(p + os.sep for p in site_packages)
        self._is_file = is_file
        self._prefixes: dict[tuple[str, str], str] = {}
        self._added: dict[str, list[str]] = {}

    def name(self, path: str, name: str) -> str:
        """Return the name by which a module is found that the file at `path` calls `name`."""
        first = name.partition(".")[0]
        asker = path if path in self._added else os.path.dirname(path)
        prefix = self._prefixes.get((asker, first))
        if prefix is None:
            prefix = self._prefixes[asker, first] = self._prefix(path, first)
        return prefix + name

    def add(self, path: str, folder: str) -> None:
        """Note that a file puts a folder into `sys.path`."""
        added = self._added.setdefault(path, [])
        known = os.path.normpath(os.path.join(os.path.dirname(path), folder))
        if known not in added:
            added.append(known)
            self._prefixes = {k: v for k, v in self._prefixes.items() if k[0] != path}

    def above_package(self, folder: str) -> str:
        """Return the folder itself, or the one above the package that it is in."""
        for _ in range(_MAX_LEVELS):
            if not self._is_file(os.path.join(folder, "__init__.py")):
                break
            folder = os.path.dirname(folder)
        return folder

    def _prefix(self, path: str, first: str) -> str:
        if first in ("torch", "numpy") or path.startswith(self._site_packages):
            return ""
        folders = list(self._folders(path, first))
        regular = next((f for f in folders if self._holds_file(f, first)), None)
        if regular is None and any(self._holds_file(f, first) for f in self._site_packages):
            return ""
        # A folder without __init__.py counts only where there is no module of that name at all.
        holder = regular or next((f for f in folders if self._holds(f, first)), None)
        return self._from_root(holder, first) if holder is not None else ""

    def _folders(self, path: str, first: str) -> Iterator[str]:
        own = os.path.dirname(path)
        packaged = self._is_file(os.path.join(own, "__init__.py"))
        if not packaged:
            yield own
        yield from self._added.get(path, ())
        folder = own if packaged else os.path.dirname(own)
        for _ in range(_MAX_LEVELS):
            if not any(folder == r or folder.startswith(r + os.sep) for r in self._roots):
                break
            if not self._is_file(os.path.join(folder, "__init__.py")):
                yield folder
            folder = os.path.dirname(folder)
        yield from self._roots
        if packaged and first not in sys.stdlib_module_names:
            yield own  # a program that lies inside a package

    def _holds(self, folder: str, first: str) -> bool:
        stem = os.path.join(folder, first)
        return self._holds_file(folder, first) or (os.path.isdir(stem) and _has_python(stem))

    def _holds_file(self, folder: str, first: str) -> bool:
        stem = os.path.join(folder, first)
        return self._is_file(stem + ".py") or self._is_file(os.path.join(stem, "__init__.py"))

    def _from_root(self, folder: str, first: str) -> str:
        """Return what to put before a name so that a search from the roots ends in `folder`."""
        for root in self._roots:
            if folder != root and not folder.startswith(root + os.sep):
                continue
            parts = [] if folder == root else os.path.relpath(folder, root).split(os.sep)
            if all("." not in part for part in parts) and self._leads_to(folder, parts, first):
                return "".join(part + "." for part in parts)
        return ""

    def _leads_to(self, folder: str, parts: list[str], first: str) -> bool:
        """Say whether no earlier root has the same name."""
        for root in self._roots:
            candidate = os.path.join(root, *parts)
            if self._holds(candidate, first):
                return candidate == folder
        return False


def _has_python(folder: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(e.name.endswith(".py") or e.is_dir() for e in entries)
    except OSError:
        return False
