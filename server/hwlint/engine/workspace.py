"""Which files belong together, and which of them can have anything to do with torch.

A workspace is a folder with a mark of its own: `hwlint.toml`, a `pyproject.toml` with
`[tool.hwlint]`, or `.git`. It is always read as a whole; the paths that a user names only choose
what is reported. A folder inside it that has such a mark is a workspace of its own, so that a
file belongs to the same workspace however it was named.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hwlint.engine.gitignore import Ignore, parse_ignore, read_ignore
from hwlint.source import SourceError, decode_source, is_laid_over, read_regular

__all__ = [
    "Workspace",
    "find_root",
    "imported_words",
    "index",
    "is_marked",
    "is_source_name",
    "is_test",
    "source_files",
    "workspaces",
]

_SKIPPED = frozenset({"__pycache__", "node_modules", "__pypackages__"})
_BUILD_FOLDERS = frozenset({"build", "dist"})
_TORCH = re.compile(rb"torch|timm|transformers")
_BY_NAME = re.compile(rb"import_module|__import__|run_path|spec_from_file|\bhydra\b|\blightning\b")
"""What imports modules that its text does not name."""
_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+[\w.]+[ \t]+)?import\b[^#\r\n(]*(?:\([^)]{0,9999}\))?", re.MULTILINE
)
_WORD = re.compile(rb"\w+")
_CODE = (".py", ".ipynb")
_SETTINGS = (".yaml", ".yml", ".json", ".toml")
_DOCUMENTS = (".md", ".rst", ".sh", "README", "README.txt", "Makefile")
_MOST = 2_000
"""Settings and documents that are kept: a folder of data may hold any number of JSON files."""
_TEST_NAME = re.compile(r"test_.*\.py|.*_test\.py|conftest\.py")


@dataclass(frozen=True, slots=True)
class Workspace:
    """One folder, its Python files and what they hold."""

    root: Path
    files: tuple[str, ...]
    """Absolute paths of every Python file and notebook, sorted."""
    candidates: tuple[str, ...]
    """Those that can have to do with torch, tests left out."""
    import_roots: tuple[Path, ...]
    listing: str
    """Hash over the names of `files`."""
    digests: Mapping[str, str] = field(default_factory=dict[str, str])
    """Hash of each file's bytes."""
    settings: tuple[str, ...] = ()
    """Files of plain data: YAML, JSON, TOML."""
    documents: tuple[str, ...] = ()
    """READMEs and other pages, and shell scripts."""
    words: frozenset[str] = frozenset()
    """Which of the words that were asked for stand in any of `files`."""
    unreadable: tuple[tuple[str, str], ...] = ()
    """Files and folders that could not be opened, with the system's reason."""


def is_marked(folder: Path) -> bool:
    """Whether this folder says of itself that it is a project."""
    if os.path.isfile(folder / "hwlint.toml") or os.path.exists(folder / ".git"):  # noqa: PTH110, PTH113 - no error for too long a name
        return True
    try:
        return b"tool.hwlint" in read_regular(folder / "pyproject.toml")
    except SourceError:
        return False


def find_root(path: Path) -> Path:
    """Find the workspace of a path: the closest marked folder upward.

    Without any mark it is the current folder if that holds the path and is not a place where
    everything lies, else the outermost package around the path, else the path's own folder.
    """
    folder = path if path.is_dir() else path.parent
    for candidate in (folder, *folder.parents):
        if is_marked(candidate):
            return candidate
    here = Path.cwd().resolve()
    general = {Path(here.anchor), Path.home().resolve(), Path(tempfile.gettempdir()).resolve()}
    if folder.is_relative_to(here) and here not in general:
        return here
    while os.path.isfile(folder / "__init__.py") and os.path.isfile(folder.parent / "__init__.py"):  # noqa: PTH113 - no error for too long a name
        folder = folder.parent
    return folder


def is_test(path: str, root: Path) -> bool:
    """Whether what this file builds is built by tests only."""
    relative = Path(path).relative_to(root) if Path(path).is_relative_to(root) else Path(path)
    if _TEST_NAME.fullmatch(relative.name):
        return True
    return any(part in ("test", "tests") for part in relative.parts[:-1])


def workspaces(paths: Iterable[Path], root: Path | None = None) -> dict[Path, tuple[Path, ...]]:
    """Group paths by workspace; below a folder, the marked folders in it come as well."""
    groups: dict[Path, list[Path]] = {}
    for path in paths:
        resolved = path.resolve()
        own = root.resolve() if root is not None else find_root(resolved)
        groups.setdefault(own, []).append(resolved)
        if root is not None or not resolved.is_dir():
            continue
        for inner in _inner_workspaces(resolved, own):
            groups.setdefault(inner, []).append(inner)
    return {key: tuple(dict.fromkeys(groups[key])) for key in sorted(groups)}


def index(
    root: Path,
    named: Iterable[Path] = (),
    exclude: Iterable[str] = (),
    words: Iterable[str] = (),
    *,
    nested: bool = False,
    notebooks: bool = True,
) -> Workspace:
    """List and search the workspace at `root`. Files named by the user are read even if ignored.

    With `nested`, marked folders inside are part of it.
    """
    walk = _Walk(root, tuple(exclude), nested=nested)
    files = set(walk.files(root))
    for path in named:
        if path.is_dir() and not _skipped_inside(path, root, files):
            continue
        files.update(walk.files(path) if path.is_dir() else _named_file(path))
    ordered = tuple(sorted(f for f in files if notebooks or not f.endswith(".ipynb")))
    contents = _Contents(frozenset(words))
    for path in ordered:
        contents.add(path)
    candidates = tuple(p for p in contents.related() if not is_test(p, root))
    listing = hashlib.blake2b("\0".join(ordered).encode("utf-8", "surrogateescape"))
    return Workspace(
        root,
        ordered,
        candidates,
        _import_roots(root, candidates),
        listing.hexdigest(),
        contents.digests,
        _those(walk.beside, _SETTINGS),
        _those(walk.beside, _DOCUMENTS),
        frozenset(contents.words),
        (*walk.unreadable, *contents.unreadable),
    )


def source_files(root: Path) -> tuple[str, ...]:
    """Return the files that a workspace is read from, and those that may say something of it."""
    walk = _Walk(root, (), nested=False)
    return (*walk.files(root), *walk.beside)


def _those(paths: Iterable[str], endings: tuple[str, ...]) -> tuple[str, ...]:
    """Return the files with such names, those highest up where there are too many."""
    found = [path for path in dict.fromkeys(paths) if path.endswith(endings)]
    nearest = sorted(found, key=lambda path: (path.count(os.sep), path))[:_MOST]
    return tuple(sorted(nearest))


def _named_file(path: Path) -> Iterator[str]:
    if path.suffix in _CODE and (path.is_file() or is_laid_over(str(path))):
        yield str(path)


def _skipped_inside(path: Path, root: Path, files: set[str]) -> bool:
    """Whether the walk from the root passed this folder by."""
    if path == root:
        return False
    prefix = f"{path}{os.sep}"
    return not any(name.startswith(prefix) for name in files)


def _inner_workspaces(folder: Path, root: Path) -> Iterator[Path]:
    walk = _Walk(root, (), nested=False)
    for _ in walk.files(folder):
        pass
    for inner in walk.marked:
        yield inner
        yield from _inner_workspaces(inner, inner)


class _Walk:
    """A walk over folders that neither follows links to folders nor opens what is no file."""

    def __init__(self, root: Path, exclude: tuple[str, ...], *, nested: bool) -> None:
        self.root = root
        self.nested = nested
        self.marked: list[Path] = []
        self.unreadable: list[tuple[str, str]] = []
        self.beside: list[str] = []
        """Settings and documents that were met on the way."""
        self._above = _ignores_above(root, exclude)

    def files(self, top: Path) -> Iterator[str]:
        """Yield the regular .py and .ipynb files below `top`."""
        stack: list[tuple[str, tuple[Ignore, ...]]] = [(str(top), self._above)]
        while stack:
            folder, ignores = stack.pop()
            own = read_ignore(Path(folder, ".gitignore"))
            rules = ignores if own is None else (*ignores, own)
            for entry in self._entries(folder):
                if _ignored(rules, entry):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if self._enter(Path(entry.path)):
                        stack.append((entry.path, rules))
                elif not _is_regular(entry):
                    continue
                elif entry.name.endswith(_CODE):
                    yield entry.path
                else:
                    self.beside.append(entry.path)

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as found:
                return sorted((e for e in found if _is_source(e)), key=lambda e: e.name)
        except OSError as error:
            self.unreadable.append((folder, error.strerror or type(error).__name__))
            return []

    def _enter(self, folder: Path) -> bool:
        if folder.name in _BUILD_FOLDERS and not os.path.isfile(folder / "__init__.py"):  # noqa: PTH113 - no error for too long a name
            return False
        if any(os.path.exists(folder / name) for name in ("pyvenv.cfg", "conda-meta")):  # noqa: PTH110 - no error for too long a name
            return False
        if not self.nested and is_marked(folder):
            self.marked.append(folder)
            return False
        return True


def is_source_name(name: str) -> bool:
    """Whether a file of this name is read, or may say something of what is read."""
    return name.endswith((*_CODE, *_SETTINGS, *_DOCUMENTS)) or name == ".gitignore"


def _is_source(entry: os.DirEntry[str]) -> bool:
    if entry.name.endswith((*_CODE, *_SETTINGS, *_DOCUMENTS)):
        return True
    hidden = entry.name.startswith(".") or entry.name in _SKIPPED
    return not hidden and entry.is_dir(follow_symlinks=False)


def _is_regular(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link that leads to itself
        return False


def _ignored(rules: tuple[Ignore, ...], entry: os.DirEntry[str]) -> bool:
    is_folder = entry.is_dir(follow_symlinks=False)
    for ignore in reversed(rules):
        said = ignore.verdict(entry.path, is_folder=is_folder)
        if said is not None:
            return said
    return False


def _ignores_above(root: Path, exclude: tuple[str, ...]) -> tuple[Ignore, ...]:
    """The .gitignore files from the repository's top down to `root`, then the config's globs."""
    found: list[Ignore] = []
    if not (root / ".git").exists():
        for folder in root.parents:
            ignore = read_ignore(folder / ".gitignore")
            if ignore is not None:
                found.insert(0, ignore)
            if (folder / ".git").exists():
                break
        else:
            found = []
    if exclude:
        found.append(parse_ignore(str(root), exclude))
    return tuple(found)


def digest(content: bytes) -> str:
    """Hash what a file holds."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


class _Contents:
    """What a look at the bytes of every file says, without parsing any."""

    def __init__(self, wanted: frozenset[str] = frozenset()) -> None:
        """Look for `wanted` words, too."""
        self._wanted = wanted
        self.words: set[str] = set()
        self.digests: dict[str, str] = {}
        self.unreadable: list[tuple[str, str]] = []
        self._torch: set[str] = set()
        self._by_name: set[str] = set()
        self._imports: dict[str, frozenset[bytes]] = {}

    def add(self, path: str) -> None:
        """Look at one file."""
        try:
            content = read_regular(path)
        except SourceError as error:
            self.unreadable.append((path, error.message))
            return
        self.digests[path] = digest(content)
        if path.endswith(".ipynb"):
            content = _cells_of(path, content)
        self.words.update(w for w in self._wanted - self.words if w.encode() in content)
        if _TORCH.search(content):
            self._torch.add(path)
            return
        self._imports[path] = imported_words(content)
        if _BY_NAME.search(content):
            self._by_name.add(path)

    def related(self) -> tuple[str, ...]:
        """Files that name torch, and files that import such a file, over any number of steps.

        A training script may build a model without ever writing "torch". Where some file does, all
        those count that import by a name that is computed.
        """
        found = self._torch | self._by_name if self._torch else set[str]()
        fresh = found
        waiting = {path: words for path, words in self._imports.items() if path not in found}
        while fresh:
            names = frozenset(_module_name(path) for path in fresh)
            fresh = {path for path, words in waiting.items() if not names.isdisjoint(words)}
            for path in fresh:
                del waiting[path]
            found |= fresh
        return tuple(sorted(found))


def _cells_of(path: str, content: bytes) -> bytes:
    """Return the code of a notebook; all of it where it is none, so that somebody says so."""
    try:
        return decode_source(path, content).text.encode()
    except SourceError:
        return content


def imported_words(content: bytes) -> frozenset[bytes]:
    """Return every name in the import statements of a source file."""
    words: set[bytes] = set()
    for match in _IMPORT.finditer(content):
        words.update(_WORD.findall(match[0]))
    return frozenset(words)


def _module_name(path: str) -> bytes:
    file = Path(path)
    name = file.parent.name if file.stem == "__init__" else file.stem
    return name.encode("utf-8", "surrogateescape")


def _import_roots(root: Path, candidates: Iterable[str]) -> tuple[Path, ...]:
    """Where `import x` may find the workspace's own modules, likeliest first."""
    found: dict[Path, None] = {}
    if not (root / "__init__.py").is_file():
        found[root] = None
    if (root / "src").is_dir() and not (root / "src" / "__init__.py").is_file():
        found[root / "src"] = None
    folders = {Path(path).parent for path in candidates}
    tops = {_above_package(folder) for folder in folders if (folder / "__init__.py").is_file()}
    scripts = {folder for folder in folders if not os.path.isfile(folder / "__init__.py")}  # noqa: PTH113 - no error for too long a name
    for group in (tops, scripts):
        for folder in sorted(group, key=lambda f: (len(f.parts), str(f))):
            found[folder] = None
    return tuple(found)


def _above_package(folder: Path) -> Path:
    while (folder / "__init__.py").is_file() and folder != folder.parent:
        folder = folder.parent
    return folder
