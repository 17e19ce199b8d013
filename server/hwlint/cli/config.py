"""`hwlint config` and `hwlint clean`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from hwlint.cli.common import debug_option, emit

if TYPE_CHECKING:
    from hwlint.engine.config import Config

__all__ = ["clean", "config"]


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--root", type=click.Path(path_type=Path), metavar="DIR", help="The workspace.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of the configuration instead.")
@debug_option
def config(path: Path, root: Path | None, schema: bool, debug: bool) -> None:  # noqa: ARG001 - main has it
    """Show what is in force for PATH, and where it comes from. What is not set is left out."""
    if schema:
        from hwlint.engine.config_schema import schema_text

        emit(schema_text())
        return
    from hwlint.engine.config import load_config
    from hwlint.engine.errors import UserError
    from hwlint.engine.targets import find_targets
    from hwlint.engine.workspace import find_root

    if not path.exists():
        raise UserError(f"{path}: no such file or folder")
    folder = root.resolve() if root is not None else find_root(path.resolve())
    in_force = load_config(folder)
    click.echo(f"# workspace {folder}")
    for name, value in _settings(in_force):
        click.echo(f"{name} = {value}  # {in_force.where(name.replace('-', '_'))}")
    for target in find_targets(in_force, folder):
        click.echo(f"# {target.profile.id} computes in {target.dtype}")


def _settings(in_force: "Config") -> "list[tuple[str, str]]":
    from dataclasses import fields

    hidden = ("file", "origins", "given")
    named = ((f.name, getattr(in_force, f.name)) for f in fields(in_force) if f.name not in hidden)
    return [(name.replace("_", "-"), _toml(value)) for name, value in named if value is not None]


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value).items()
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in items) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, cast("tuple[object, ...]", value))) + "]"
    return json.dumps(value if isinstance(value, str | int | float | bool) else str(value))


@click.command()
@debug_option
def clean(debug: bool) -> None:  # noqa: ARG001 - main has it
    """Drop the caches of all workspaces."""
    from hwlint.engine.cache import cache_folder, drop_caches

    number = drop_caches()
    click.echo(f"Dropped {number} caches in {cache_folder()}.")
