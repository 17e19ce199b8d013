"""Profiles for people: the list of devices, and one device as a card."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from hwlint.cli.device_rows import Row, hardware, measurements, shapes, software
from hwlint.profile import KINDS, Profile, Sourced

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["print_card", "print_list", "unknown_groups"]

_TITLES = {
    "gpu": "GPUs",
    "npu": "NPUs and other accelerators",
    "cpu": "CPUs",
    "mcu": "Microcontrollers",
}
_SECTIONS: tuple[tuple[str, Callable[[Profile], Iterator[Row]]], ...] = (
    ("Hardware", hardware),
    ("Shapes", shapes),
    ("Deploy path", software),
    ("Measured, and worth knowing", measurements),
)
_NO_GROUPS = frozenset({"aliases", "extends", "fingerprint", "reporting"})


def print_list(console: "Console", profiles: Iterable[Profile]) -> None:
    """Print the devices of each kind in a table."""
    from rich.table import Table

    known = list(profiles)
    for kind in KINDS:
        rows = [profile for profile in known if profile.kind == kind]
        if not rows:
            continue
        table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
        for style in ("bold", "", "cyan", "dim"):
            table.add_column(style=style, overflow="fold")
        for profile in rows:
            also = f"also {', '.join(profile.aliases)}" if profile.aliases else ""
            table.add_row(profile.id, profile.name, profile.default_dtype, also)
        console.print(f"{_TITLES[kind]}", style="bold underline", highlight=False)
        console.print(table, highlight=False)
        console.print()


def print_card(console: "Console", profile: Profile, *, sources: bool) -> None:
    """Print all that is known of one device; `sources`: with where each value can be read."""
    from rich.text import Text

    notes = _Notes(sources)
    console.print(Text(profile.name, style="bold"))
    console.print(Text(_identity(profile), style="dim"))
    if profile.deploy is not None:
        path = f"deployed by {profile.deploy.exporter}, {profile.deploy.runtime}"
        console.print(Text(f"{path}  {notes.mark(profile.deploy)}"))
    for title, rows in _SECTIONS:
        _print_section(console, title, list(rows(profile)), notes)
    if unknown := unknown_groups(profile):
        console.print()
        console.print(Text(f"Nothing is known of: {', '.join(unknown)}", style="dim"))
    notes.print(console)


def unknown_groups(profile: Profile) -> list[str]:
    """Return the parts of a profile of which nothing is said."""
    import attrs

    names = [name for name in attrs.fields_dict(Profile) if name not in _NO_GROUPS]
    return [name.replace("_", " ") for name in names if getattr(profile, name) in (None, (), {})]


def _identity(profile: Profile) -> str:
    parts = [profile.id, f"{profile.kind}, computes in {profile.default_dtype} by default"]
    if profile.aliases:
        parts.append(f"also {', '.join(profile.aliases)}")
    if profile.extends:
        parts.append(f"extends {', '.join(profile.extends)}")
    return " · ".join(parts)


def _print_section(console: "Console", title: str, rows: list[Row], notes: "_Notes") -> None:
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="cyan", max_width=30, overflow="fold")
    table.add_column(overflow="fold", ratio=1)
    table.add_column(style="dim", justify="right", no_wrap=True)
    last = ""
    for label, value, group in rows:
        table.add_row(Text("" if label == last else label), Text(value), Text(notes.mark(group)))
        last = label
    console.print()
    console.print(Text(title, style="bold underline"))
    console.print(table)


class _Notes:
    """Evidence beside each line; where it can be read in numbered notes at the end."""

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted
        self._numbers: dict[tuple[tuple[str, ...], str], int] = {}

    def mark(self, group: Sourced) -> str:
        """Return what to put beside a line: "[vendor guide]", or "[vendor guide 3]"."""
        if not self._wanted:
            return f"[{group.evidence}]"
        key = (group.source, group.note)
        number = self._numbers.setdefault(key, len(self._numbers) + 1)
        return f"[{group.evidence} {number}]"

    def print(self, console: "Console") -> None:
        """Print the notes, if they are wanted."""
        from rich.table import Table
        from rich.text import Text

        if not self._numbers:
            return
        table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(justify="right", style="dim")
        table.add_column(overflow="fold")
        for (sources, note), number in self._numbers.items():
            lines = [*sources, f"note: {note}"] if note else list(sources)
            table.add_row(f"{number}", Text("\n".join(lines)))
        console.print()
        console.print(Text("Sources", style="bold underline"))
        console.print(table)
