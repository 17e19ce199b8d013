"""`hwlint report`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hwlint.cli.common import (
    ProgressLine,
    debug_option,
    emit,
    input_option,
    split,
    write_details,
)

if TYPE_CHECKING:
    from hwlint.engine.inspection import Inspected
    from hwlint.engine.run import CheckResult, Options
    from hwlint.report.sheet import Sheet

__all__ = ["report"]

_COULD_NOT_RUN = 2


@click.command()
@click.argument("place", metavar="PLACE")
@click.option(
    "-o",
    "--output-file",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    metavar="FILE",
)
@click.option(
    "--device",
    "devices",
    multiple=True,
    metavar="DEVICE",
    help="Instead of the configured devices; may be repeated.",
)
@click.option("--dtype", metavar="DTYPE", help="What the model computes in.")
@click.option("--context", metavar="NAME", help="Only this entry point: resnet50, Net.")
@input_option
@click.option("--root", type=click.Path(path_type=Path), metavar="DIR", help="The workspace.")
@click.option("--python", type=click.Path(path_type=Path), metavar="PYTHON")
@click.option("--jobs", "-j", type=click.IntRange(1), metavar="N", help="Processes.")
@debug_option
def report(
    place: str,
    file: Path,
    devices: tuple[str, ...],
    dtype: str | None,
    context: str | None,
    inputs: tuple[str, ...],
    root: Path | None,
    python: Path | None,
    jobs: int | None,
    debug: bool,
) -> int:
    """Write a page of what a model takes on each device: roofline, latency, memory, findings.

    PLACE is a file, a folder, FILE:Class or FILE:factory. The page is one file that needs no
    network. Exit code: 0 written, 2 could not run, found no model, or could not read everything.
    """
    from hwlint.engine.run import Options
    from hwlint.report.vega import require

    require()
    options = Options(python=python, root=root, jobs=jobs, devices=split(devices), dtype=dtype)
    read = _read(place, options, context, inputs)
    sheets = [sheet for part in read for sheet in part.shown]
    if not sheets:
        click.echo(f"hwlint: {place}: nothing here builds a model; no page was written", err=True)
        return _COULD_NOT_RUN
    result = _checked(place, options)
    emit(_page(place, (root or Path()).resolve(), sheets, result), file)
    models = "1 model" if len(sheets) == 1 else f"{len(sheets)} models"
    click.echo(f"Wrote {file}: {models}, {_size(file)}.")
    return _aside(read, result, debug=debug)


def _page(title: str, base: Path, sheets: "list[Sheet]", result: "CheckResult") -> str:
    from hwlint.report.as_html import Page
    from hwlint.report.vega import script

    return Page(title, base, sheets, result).text(script())


def _read(
    place: str, options: "Options", context: str | None, inputs: tuple[str, ...]
) -> "list[Inspected[Sheet]]":
    from hwlint.engine.inputs import parse_input
    from hwlint.engine.inspection import inspect, targets_for
    from hwlint.reader import ForwardOptions
    from hwlint.report.sheet import SheetMaker

    forward = ForwardOptions(tuple(parse_input(text) for text in inputs))
    maker = SheetMaker(targets_for(place, options))
    progress = ProgressLine("Reading")
    try:
        return inspect(place, options, maker, context, progress, forward)
    finally:
        progress.close()


def _checked(place: str, options: "Options") -> "CheckResult":
    from hwlint.engine.inspection import parse_place
    from hwlint.engine.run import check

    progress = ProgressLine("Checking")
    try:
        return check((parse_place(place)[0],), options, progress)
    finally:
        progress.close()


def _size(file: Path) -> str:
    return f"{file.stat().st_size / 1e6:.1f} MB"


def _aside(read: "list[Inspected[Sheet]]", result: "CheckResult", *, debug: bool) -> int:
    """On standard error: what could not be read."""
    for part in read:
        if part.incomplete:
            click.echo(f"Not read to the end: {part.path}: {part.incomplete}", err=True)
    traces = [f"{part.path}\n{part.trace}" for part in (*read, *result.incomplete) if part.trace]
    if debug and traces:
        click.echo(f"hwlint: details in {write_details(traces)}", err=True)
    complete = not result.incomplete and not any(part.incomplete for part in read)
    return 0 if complete else _COULD_NOT_RUN
