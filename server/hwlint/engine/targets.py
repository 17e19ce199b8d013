"""The devices of a run, and what a model computes in on each."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hwlint.engine.config import Config
from hwlint.engine.errors import UserError
from hwlint.profile import (
    Profile,
    ProfileError,
    UnknownDevice,
    available_profiles,
    find_profile,
)

__all__ = ["Target", "find_targets"]


@dataclass(frozen=True)
class Target:
    """One device in one dtype."""

    profile: Profile
    dtype: str


def find_targets(config: Config, root: Path) -> tuple[Target, ...]:
    """Look up the configured devices. Raises `UserError` that names the line which asks for one."""
    profiles = available_profiles(root)
    found: dict[str, Profile] = {}
    for name in config.devices:
        try:
            profile = find_profile(name, profiles)
        except UnknownDevice as error:
            hint = f" `hwlint device list` shows all {len(profiles)}."
            raise UserError(f"{_place(config, 'devices')}{error}{hint}") from error
        except ProfileError as error:
            raise UserError(str(error)) from error
        found[profile.id] = profile
    return tuple(Target(p, _dtype(config, p, found)) for p in found.values())


def _place(config: Config, name: str) -> str:
    return f"{config.where(name)}: " if name in config.origins else ""


def _dtype(config: Config, profile: Profile, chosen: Mapping[str, Profile]) -> str:
    asked = config.dtype
    if asked is None:
        return profile.default_dtype
    if not isinstance(asked, str):
        by_alias = [asked[name] for name in (profile.id, *profile.aliases) if name in asked]
        asked = by_alias[0] if by_alias else profile.default_dtype
        usable = {profile.id: profile}
    else:
        usable = dict(chosen)
    if asked in _dtypes(profile):
        return asked
    # One dtype for several devices holds for those that have it.
    if any(asked in _dtypes(other) for other in usable.values()):
        return profile.default_dtype
    known = ", ".join(sorted(_dtypes(profile)))
    raise UserError(f'{_place(config, "dtype")}{profile.id} has no dtype "{asked}"; it has {known}')


def _dtypes(profile: Profile) -> frozenset[str]:
    known = {profile.default_dtype, *profile.operators}
    for tile in profile.tiles:
        known.update(tile.dtypes)
    for rates in (profile.peak, profile.achievable):
        known.update(rates.tops if rates is not None else ())
    return frozenset(known)
