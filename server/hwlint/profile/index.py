"""Which profiles there are. Files are listed by name and read only when asked for."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from hwlint.profile.errors import UnknownDevice
from hwlint.profile.loader import load_profile
from hwlint.profile.model import Profile

__all__ = [
    "ProfileIndex",
    "available_profiles",
    "discover_profiles",
    "find_profile",
    "load_project_profiles",
    "plugins",
]

GROUP = "hwlint.profiles"
"""Entry point group: each value names a package with `data/*.toml`."""

_ALIASES = re.compile(r"^aliases\s*=\s*\[([^\]]*)\]", re.MULTILINE)
_QUOTED = re.compile(r"\"([^\"]+)\"|'([^']+)'")


class ProfileIndex(Mapping[str, Profile]):
    """Profiles by id, each read when it is first asked for.

    A file whose name begins with an underscore holds what several devices share: it is no device
    itself, but `extends` finds it.
    """

    def __init__(self, files: Mapping[str, Path], base: "ProfileIndex | None" = None) -> None:
        """Take the files by id; `extends` looks into `base` too."""
        self._all = dict(files)
        self._files = {key: path for key, path in files.items() if not key.startswith("_")}
        self._base = base
        self._loaded: dict[str, Profile] = {}
        self._aliases: dict[str, str] | None = None

    def __getitem__(self, key: str) -> Profile:
        """Return the profile with that id. Raises `ProfileError` where the file is not right."""
        if key not in self._loaded:
            path = self._files[key]
            self._loaded[key] = load_profile(path, self._resolve)
        return self._loaded[key]

    def __contains__(self, key: object) -> bool:
        """Say whether there is such a file, without reading it."""
        return key in self._files

    def __iter__(self) -> Iterator[str]:
        """Yield the ids in alphabetical order."""
        return iter(sorted(self._files))

    def __len__(self) -> int:
        """Return how many profiles there are."""
        return len(self._files)

    def files(self) -> dict[str, Path]:
        """Return all files by name, shared parts included."""
        return dict(self._all)

    def path(self, key: str) -> Path:
        """Return the file of a profile."""
        return self._files[key]

    def aliases(self) -> Mapping[str, str]:
        """Return the id by alias, from a glance at each file and not from reading it."""
        if self._aliases is None:
            self._aliases = {alias: key for key in self for alias in _aliases_in(self._files[key])}
        return self._aliases

    def over(self, base: "ProfileIndex") -> "ProfileIndex":
        """Return all profiles of both; where an id is in both, this one's."""
        return ProfileIndex(base.files() | self._all, base)

    def _resolve(self, name: str, asker: Path) -> Path | None:
        for index in (self, self._base):
            found = index.find(name) if index is not None else None
            # A project's "h100-sxm" may extend the installed "h100-sxm".
            if found is not None and found != asker:
                return found
        return None

    def find(self, name: str) -> Path | None:
        """Return the file with that id or alias, shared parts included; None: there is none."""
        return self._all.get(name) or self._all.get(self.aliases().get(name, ""))


def discover_profiles(packages: Iterable[str] | None = None) -> ProfileIndex:
    """Return the profiles that installed packages bring (or those of `packages`, by name)."""
    if packages is None:
        packages = plugins(GROUP)
    files: dict[str, Path] = {}
    for package in packages:
        for folder in _folders(package):
            files |= _files_in(folder / "data")
    return ProfileIndex(files)


def plugins(group: str) -> Sequence[str]:
    """Return the packages that installed distributions name in a group of entry points, sorted."""
    return _installed(tuple(sys.path)).get(group, ())


@cache
def _installed(_path: tuple[str, ...]) -> Mapping[str, Sequence[str]]:
    """All groups at once: each look opens a file of every distribution."""
    found = entry_points()
    return {
        group: sorted({entry.value for entry in found.select(group=group)})
        for group in found.groups
    }


def load_project_profiles(root: Path, base: ProfileIndex | None = None) -> ProfileIndex:
    """Return the project's own profiles: `.hwlint/profiles/*.toml` below its root."""
    installed = discover_profiles() if base is None else base
    return ProfileIndex(_files_in(root / ".hwlint" / "profiles"), installed)


def available_profiles(root: Path | None = None) -> ProfileIndex:
    """Return installed profiles together with the project's own, which go first."""
    installed = discover_profiles()
    if root is None:
        return installed
    return load_project_profiles(root, installed).over(installed)


def find_profile(name: str, profiles: Mapping[str, Profile]) -> Profile:
    """Return the profile with that id or alias. Raises `UnknownDevice`, or `ProfileError`."""
    if name in profiles:
        return profiles[name]
    aliases = _aliases_of(profiles)
    if name in aliases:
        return profiles[aliases[name]]
    raise UnknownDevice(name, [*profiles, *aliases])


def _aliases_of(profiles: Mapping[str, Profile]) -> Mapping[str, str]:
    if isinstance(profiles, ProfileIndex):
        return profiles.aliases()
    return {alias: key for key, profile in profiles.items() for alias in profile.aliases}


def _folders(package: str) -> list[Path]:
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return []
    locations = spec.submodule_search_locations if spec is not None else None
    return [Path(location) for location in locations or ()]


def _files_in(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    return {path.stem: path for path in sorted(folder.glob("*.toml")) if path.is_file()}


def _aliases_in(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    listed = _ALIASES.search(text)
    return [a or b for a, b in _QUOTED.findall(listed[1])] if listed else []
