"""The devices of a run, and what a model computes in on each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hwlint.api import Budget
from hwlint.engine.config import Config
from hwlint.engine.errors import UserError
from hwlint.engine.tomlfile import shown
from hwlint.profile import (
    Profile,
    ProfileError,
    UnknownDevice,
    available_profiles,
    find_profile,
)

__all__ = ["Target", "find_targets", "with_budgets"]


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


def with_budgets(config: Config, root: Path) -> Config:
    """Name the devices of budgets by their ids, and check these devices too, unless the command
    line says which to check; where nothing else names a device, these alone."""
    if not config.budgets:
        return config
    profiles = available_profiles(root)
    budgets: list[Budget] = []
    for budget in config.budgets:
        try:
            device = find_profile(budget.device, profiles).id
        except UnknownDevice as error:
            raise UserError(f"{_line(budget)}{error}") from error
        budgets.append(replace(budget, device=device))
    found = replace(config, budgets=tuple(budgets))
    if "devices" in config.given:
        asked = {target.profile.id for target in find_targets(config, root)}
        return replace(found, budgets=tuple(b for b in budgets if b.device in asked))
    named = config.devices if "devices" in config.origins else ()
    devices = tuple(dict.fromkeys((*named, *(budget.device for budget in budgets))))
    origins = {"devices": config.origins["budgets"], **config.origins}
    return replace(found, devices=devices, origins=origins)


def _line(budget: Budget) -> str:
    place = budget.place
    return f"{shown(Path(place.path))}:{place.line + 1}: " if place is not None else ""


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
    known = {profile.default_dtype, *profile.operators, *profile.fits, *profile.calibrated}
    for tile in profile.tiles:
        known.update(tile.dtypes)
    for rates in (profile.peak, profile.achievable):
        known.update(rates.tops if rates is not None else ())
    return frozenset(known)
