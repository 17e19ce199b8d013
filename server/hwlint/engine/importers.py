"""Which programs of a workspace may build what a file defines: those that import it, over any
number of steps. Found by the words of import statements, without parsing anything."""

from collections.abc import Iterable
from pathlib import Path

from hwlint.engine.workspace import Workspace, imported_words
from hwlint.source import SourceError, read_regular

__all__ = ["programs_for"]

_MAX_PROGRAMS = 40


def programs_for(workspace: Workspace, files: Iterable[str]) -> list[str]:
    """Return the candidates that import one of the files and look like programs, nearest first."""
    asked = set(files)
    words: dict[str, frozenset[bytes]] = {}
    programs: set[str] = set()
    for path in workspace.candidates:
        try:
            content = read_regular(path)
        except SourceError:
            continue
        words[path] = imported_words(content)
        if b"__main__" in content or not _in_package(path):
            programs.add(path)
    reached, fresh = set(asked), set(asked)
    while fresh:
        names = frozenset(_name(path) for path in fresh)
        fresh = {p for p, said in words.items() if p not in reached and not names.isdisjoint(said)}
        reached |= fresh
    found = [path for path in reached & programs if path not in asked]
    return sorted(found, key=lambda path: (path.count("/"), path))[:_MAX_PROGRAMS]


def _in_package(path: str) -> bool:
    return (Path(path).parent / "__init__.py").is_file()


def _name(path: str) -> bytes:
    file = Path(path)
    name = file.parent.name if file.stem == "__init__" else file.stem
    return name.encode("utf-8", "surrogateescape")
