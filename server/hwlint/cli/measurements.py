"""`hwlint measurements`: what was measured."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hwlint.cli.common import debug_option, emit, format_option

if TYPE_CHECKING:
    import datetime as dt

    from hwlint.measure.store.store import Query, Store

__all__ = ["measurements"]

_place = click.option("--place", metavar="PLACE", help="Of FILE, FILE:Class, FILE:Class#module.")
_target = click.option("--target", metavar="NAME", help="Measured there.")
_runner = click.option("--runner", metavar="RUNNER", help="Run by that.")


@click.group()
def measurements() -> None:
    """Look at what was measured, and at where it is kept.

    It lies in a SQLite file of yours, or where HWLINT_STORE says:
    postgresql://USER@HOST/DATABASE is shared by a team.
    """


@measurements.command("list")
@_place
@_target
@_runner
@click.option("--most", type=click.IntRange(1), default=50, show_default=True, help="So many.")
@format_option
@debug_option
def list_measurements(
    place: str | None,
    target: str | None,
    runner: str | None,
    most: int,
    output_format: str,
    debug: bool,  # noqa: ARG001 - main has it
) -> None:
    """List the newest first."""
    from hwlint.cli.measurement_rows import as_data, table

    store = _store()
    query = _query(place, target, runner)
    found = store.find(query, most=most) if store is not None else []
    if output_format == "json":
        emit(json.dumps([as_data(each) for each in found], indent=2, ensure_ascii=False) + "\n")
        return
    count = store.count(query) if store is not None else 0
    emit(table(found, count))


@measurements.command("show")
@click.argument("number", metavar="ID", type=int)
@format_option
@debug_option
def show_measurement(number: int, output_format: str, debug: bool) -> None:  # noqa: ARG001
    """Show all of one measurement; `list` says its ID."""
    from hwlint.cli.measurement_rows import card, everything
    from hwlint.engine.errors import UserError
    from hwlint.measure.store.store import Query

    store = _store()
    found = store.find(Query(ids=[number])) if store is not None else []
    if not found:
        raise UserError(f"there is no measurement {number}: `hwlint measurements list`")
    if output_format == "json":
        emit(json.dumps(everything(found[0]), indent=2, ensure_ascii=False) + "\n")
        return
    emit(card(found[0]))


@measurements.command("export")
@_place
@_target
@_runner
@click.option(
    "--format",
    "kind",
    type=click.Choice(["json", "csv"]),
    default="json",
    show_default=True,
    help="Everything, or the columns that `hwlint device fit` reads.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@debug_option
def export_measurements(
    place: str | None,
    target: str | None,
    runner: str | None,
    kind: str,
    output: Path | None,
    debug: bool,  # noqa: ARG001 - main has it
) -> None:
    """Write measurements for other programs, the oldest first."""
    from hwlint.cli.measurement_rows import everything, for_fit

    store = _store()
    found = store.find(_query(place, target, runner))[::-1] if store is not None else []
    if kind == "csv":
        emit(for_fit(found), output)
        return
    document = [everything(each) for each in found]
    emit(json.dumps(document, indent=2, ensure_ascii=False) + "\n", output)


@measurements.command("prune")
@_place
@_target
@_runner
@click.option("--older-than", metavar="TIME", help="Than 90d, 12h, 30min.")
@click.option("--id", "numbers", type=int, multiple=True, help="This one; may be repeated.")
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.option("--dry-run", is_flag=True, help="Only say how many.")
@debug_option
def prune_measurements(
    place: str | None,
    target: str | None,
    runner: str | None,
    older_than: str | None,
    numbers: tuple[int, ...],
    everything: bool,
    dry_run: bool,
    debug: bool,  # noqa: ARG001 - main has it
) -> None:
    """Remove measurements: those that all the options given hold for."""
    from hwlint.engine.errors import UserError
    from hwlint.report.words import count

    if not (everything or place or target or runner or older_than or numbers):
        raise UserError("say which: --place, --target, --runner, --older-than, --id, or --all")
    before = _ago(older_than) if older_than is not None else None
    query = _query(place, target, runner, before, numbers or None)
    store = _store()
    number = 0 if store is None else store.count(query) if dry_run else store.prune(query)
    verb = "Would remove" if dry_run else "Removed"
    emit(f"{verb} {count(number, 'measurement')}.\n")


def _store() -> "Store | None":
    from hwlint.measure.extras import need

    need("sqlalchemy", "measure", "the store of measurements")
    from hwlint.measure.store.store import open_store

    return open_store(create=False)


def _query(
    place: str | None,
    target: str | None,
    runner: str | None,
    before: "dt.datetime | None" = None,
    numbers: tuple[int, ...] | None = None,
) -> "Query":
    from hwlint.measure.store.store import Query

    return Query(place=place, target=target, runner=runner, before=before, ids=numbers)


_TIME = re.compile(r"(\d+)\s*(d|h|min)")
_MINUTES = {"d": 24 * 60, "h": 60, "min": 1}


def _ago(text: str) -> "dt.datetime":
    import datetime as dt

    from hwlint.engine.errors import UserError

    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise UserError(f"--older-than {text}: a time is 90d, 12h or 30min")
    minutes = int(found[1]) * _MINUTES[found[2]]
    try:
        return dt.datetime.now(dt.UTC) - dt.timedelta(minutes=minutes)
    except OverflowError:
        raise UserError(f"--older-than {text}: that is before all times") from None
