"""`hwlint device`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import click

from hwlint.cli.common import debug_option

__all__ = ["device"]


@click.group()
def device() -> None:
    """Show the devices that hwlint knows."""


@device.command("list")
@debug_option
def list_devices(debug: bool) -> None:  # noqa: ARG001 - main has it
    """List them: id, aliases, kind, the dtype that a model computes in by default."""
    from hwlint.engine.workspace import find_root
    from hwlint.profile import available_profiles

    profiles = available_profiles(find_root(Path.cwd()))
    rows = [
        (p.id, p.kind, p.default_dtype, p.name, ", ".join(p.aliases)) for p in profiles.values()
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        aliases = f"(also {row[4]})" if row[4] else ""
        click.echo(f"{'  '.join(cells)}  {aliases}".rstrip())


@device.command("show")
@click.argument("name")
@debug_option
def show_device(name: str, debug: bool) -> None:  # noqa: ARG001 - main has it
    """Show what is known about one device, and from where."""
    import attrs

    from hwlint.engine.workspace import find_root
    from hwlint.profile import available_profiles, find_profile

    profile = find_profile(name, available_profiles(find_root(Path.cwd())))
    for line in _lines(attrs.asdict(profile), ""):
        click.echo(line)


def _lines(value: object, indent: str) -> Iterator[str]:
    """One line a value; groups are indented, what is not known is left out."""
    if isinstance(value, Mapping):
        for key, inner in cast("Mapping[str, object]", value).items():
            yield from _entry(key, inner, indent)
        return
    for inner in _items(value):
        yield f"{indent}-"
        yield from _lines(inner, f"{indent}  ")


def _items(value: object) -> tuple[object, ...]:
    return tuple(cast("tuple[object, ...]", value)) if isinstance(value, tuple | list) else ()


def _entry(key: str, value: object, indent: str) -> Iterator[str]:
    if value is None or value in ("", (), [], {}):
        return
    if isinstance(value, Mapping) or any(isinstance(inner, Mapping) for inner in _items(value)):
        yield f"{indent}{key}:"
        yield from _lines(cast("object", value), f"{indent}  ")
        return
    yield f"{indent}{key}: {', '.join(map(str, _items(value))) or value}"
