"""The user's Python environment, found without running anything.

`--python` or the configured interpreter first, then VIRTUAL_ENV, then .venv or venv in the
workspace, then CONDA_PREFIX. Its site-packages folder is read: .pth files and editable installs as
text.

A hook of pre-commit runs in an environment of its own, which VIRTUAL_ENV names then and which holds
none of the project's packages. It comes last, and what PATH still says of the environment that was
active around pre-commit comes before it.
"""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from hwlint.source import SourceError, read_regular

__all__ = ["environment_of", "required_modules", "site_packages_of"]

_MAX_PTH = 100_000
_MAPPING = re.compile(r"MAPPING[^=]*=\s*(\{[^}]*\})")


def site_packages_of(python: Path | None, root: Path) -> tuple[Path, ...]:
    """Return the folders that hold the packages of the user's interpreter, best first.

    `python` is an interpreter, or the folder of a virtual environment. Empty where none is found.
    """
    prefix = environment_of(python, root)
    return () if prefix is None else tuple(_with_links(list(_site_folders(prefix))))


def environment_of(python: Path | None, root: Path) -> Path | None:
    """Return the folder of the user's environment; None where there is none with packages."""
    found = (prefix for prefix in _prefixes(python, root) if any(_site_folders(prefix)))
    return next(found, None)


def _prefixes(python: Path | None, root: Path) -> Iterator[Path]:
    if python is not None:
        yield python if python.is_dir() else python.parent.parent
        resolved = python.resolve()
        if not python.is_dir() and resolved != python:
            yield resolved.parent.parent
        return
    active, hook = os.environ.get("VIRTUAL_ENV"), _hook_environment()
    if active and hook is None:
        yield Path(active)
    folder = root.resolve()
    for parent in (folder, *list(folder.parents)[:3]):
        for name in (".venv", "venv", "env"):
            if os.path.isfile(parent / name / "pyvenv.cfg"):
                yield parent / name
    if hook is not None:
        yield from _on_path(hook)
    if os.environ.get("CONDA_PREFIX"):
        yield Path(os.environ["CONDA_PREFIX"])
    if hook is not None:
        yield hook


def _hook_environment() -> Path | None:
    """Return the environment that pre-commit made for this process; None where it made none."""
    active = os.environ.get("VIRTUAL_ENV")
    if not active or "PRE_COMMIT" not in os.environ:
        return None
    own = Path(active)
    return own if own.resolve() == Path(sys.prefix).resolve() else None


def _on_path(hook: Path) -> Iterator[Path]:
    """Yield the virtual environments whose programs are found, other than the hook's own."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        prefix = Path(folder).parent
        if folder and os.path.isfile(prefix / "pyvenv.cfg") and prefix.resolve() != hook.resolve():
            yield prefix


def _site_folders(prefix: Path) -> Iterator[Path]:
    windows = prefix / "Lib" / "site-packages"
    if windows.is_dir():
        yield windows
    for lib in ("lib", "lib64"):
        try:
            versions = sorted((prefix / lib).glob("python3.*"), reverse=True)
        except OSError:
            continue
        for version in versions:
            for name in ("site-packages", "dist-packages"):
                if (version / name).is_dir():
                    yield version / name
    if _has_system_packages(prefix):
        yield from _site_folders(_home(prefix))


def _config(prefix: Path) -> dict[str, str]:
    try:
        text = read_regular(prefix / "pyvenv.cfg").decode("utf-8", "replace")
    except SourceError:
        return {}
    pairs = [line.partition("=") for line in text.splitlines() if "=" in line]
    return {key.strip().lower(): value.strip() for key, _, value in pairs}


def _has_system_packages(prefix: Path) -> bool:
    return _config(prefix).get("include-system-site-packages", "").lower() == "true"


def _home(prefix: Path) -> Path:
    return Path(_config(prefix).get("home", os.devnull)).parent


def _with_links(folders: list[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    for folder in folders:
        for path in (folder, *_linked(folder)):
            real = path.resolve()
            if real not in seen and real.is_dir():
                seen.add(real)
                yield path


def _linked(folder: Path) -> Iterator[Path]:
    """Yield what .pth files and editable finders add to the path."""
    for pth in sorted(folder.glob("*.pth")):
        for line in _read(pth).splitlines():
            line = line.strip()
            if line and not line.startswith(("#", "import ", "import\t")):
                yield (folder / line) if not os.path.isabs(line) else Path(line)
    for finder in sorted(folder.glob("__editable__*finder.py")):
        yield from _editable(_read(finder))


def _editable(text: str) -> Iterator[Path]:
    import ast

    found = _MAPPING.search(text)
    if found is None:
        return
    try:
        mapping = ast.literal_eval(found.group(1))
    except (ValueError, SyntaxError):
        return
    for target in mapping.values():
        yield Path(str(target)).parent


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_PTH:
            return ""
        return read_regular(path).decode("utf-8", "replace")
    except (OSError, SourceError):
        return ""


_REQUIRES = re.compile(
    r"^Requires-Dist:\s*([A-Za-z0-9._-]+)([^\n]*)$", re.MULTILINE | re.IGNORECASE
)
_IMPORT_NAMES = {
    "pillow": "PIL", "pyyaml": "yaml", "scikit_learn": "sklearn", "scikit_image": "skimage",
    "opencv_python": "cv2", "opencv_python_headless": "cv2", "python_dateutil": "dateutil",
    "beautifulsoup4": "bs4", "protobuf": "google", "attrs": "attr", "ruamel_yaml": "ruamel",
}  # fmt: skip
"""Distributions whose module has another name."""


def required_modules(folders: list[str]) -> frozenset[str]:
    """Return the modules that the installed distributions require without any extra: they are
    installed too, whether or not they can be seen (a vendored folder, a lean environment)."""
    found: set[str] = set()
    for folder in folders:
        for metadata in sorted(Path(folder).glob("*.dist-info/METADATA")):
            for name, rest in _REQUIRES.findall(_read(metadata).partition("\n\n")[0]):
                if "extra" not in rest:
                    plain = re.sub(r"[-_.]+", "_", name).lower()
                    found.add(_IMPORT_NAMES.get(plain, plain))
    return frozenset(found)
