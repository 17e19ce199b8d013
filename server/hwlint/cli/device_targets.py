"""Targets of measuring for people: below the list of devices."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from hwlint.engine.errors import UserError
from hwlint.engine.measure_targets import MeasureTarget
from hwlint.measure.targets import all_targets
from hwlint.profile import ProfileIndex, find_profile
from hwlint.profile.errors import UnknownDevice

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["by_profile", "print_targets"]


def by_profile(profiles: ProfileIndex, root: Path) -> Mapping[str, list[MeasureTarget]]:
    """Return the targets by the id of their profile. Raises `UserError` where one has none."""
    found: dict[str, list[MeasureTarget]] = {}
    for target in all_targets(root).values():
        try:
            profile = find_profile(target.profile, profiles)
        except UnknownDevice as error:
            raise UserError(f"{target.origin}: target {target.name}: {error}") from error
        found.setdefault(profile.id, []).append(target)
    return found


def print_targets(console: "Console", targets: Mapping[str, list[MeasureTarget]]) -> None:
    """Print targets in a table; nothing where there is none."""
    from rich.table import Table

    if not targets:
        return
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for style in ("bold", "", "cyan", "dim"):
        table.add_column(style=style, overflow="fold")
    for profile, members in targets.items():
        for target in members:
            table.add_row(target.name, profile, target.way(), target.runner)
    console.print("Targets to measure on", style="bold underline", highlight=False)
    console.print(table, highlight=False)
    console.print()
