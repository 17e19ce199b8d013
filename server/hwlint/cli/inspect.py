"""`hwlint inspect`."""

from collections.abc import Callable, Iterable
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
    from hwlint.engine.run import Options
    from hwlint.engine.targets import Target
    from hwlint.graph import ModelGraph
    from hwlint.measure.known import Known
    from hwlint.reader import ForwardOptions

__all__ = ["inspect"]

_MOST_KNOWN = 2000
"""Measurements that are looked through for those of the models that are shown."""


@click.command()
@click.argument("places", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--root", type=click.Path(path_type=Path), metavar="DIR", help="The folder imports start from."
)
@click.option("--python", type=click.Path(path_type=Path), metavar="PYTHON")
@click.option("--context", metavar="NAME", help="Only this entry point: resnet50, Net.")
@click.option(
    "--contexts", is_flag=True, help="List the ways in which each model is built; * is the default."
)
@click.option(
    "--output-format",
    "form",
    type=click.Choice(["text", "json", "jsonl"]),
    default="text",
    show_default=True,
)
@input_option
@click.option(
    "--inputs-from",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help='JSON with the inputs of each entry point: {"resnet50": ["1x3x224x224"]}.',
)
@click.option(
    "--forward/--no-forward",
    default=True,
    show_default=True,
    help="Follow what flows through the model.",
)
@click.option(
    "--device",
    "devices",
    multiple=True,
    metavar="DEVICE",
    help="Estimate what each part takes there; may be repeated.",
)
@click.option("--dtype", metavar="DTYPE", help="With --device: what the model computes in.")
@click.option(
    "--sort",
    type=click.Choice(["tree", "macs", "bytes", "params", "time"]),
    default="tree",
    show_default=True,
    help="Text: the tree, or its leaves with the largest first; time with --device.",
)
@click.option("-o", "--output-file", "file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--jobs", "-j", type=click.IntRange(1), metavar="N", help="Processes.")
@debug_option
def inspect(
    places: tuple[str, ...],
    root: Path | None,
    python: Path | None,
    context: str | None,
    contexts: bool,
    form: str,
    inputs: tuple[str, ...],
    inputs_from: Path | None,
    forward: bool,
    devices: tuple[str, ...],
    dtype: str | None,
    sort: str,
    file: Path | None,
    jobs: int | None,
    debug: bool,
) -> int:
    """Show the model as it is read: layers, where their numbers come from, what is unknown.

    PATH is a file, a folder, FILE:Class or FILE:factory.
    """
    from hwlint.engine.run import Options

    options = Options(python=python, root=root, jobs=jobs, devices=split(devices), dtype=dtype)
    base = (root or Path()).resolve()
    if contexts:
        return _contexts(places, options, base, context, form, file)
    asked = _forward(inputs, inputs_from) if forward else None
    targets = _targets(places[0], options) if devices else ()
    if (sort == "time" or dtype) and not targets:
        raise click.UsageError("--sort time and --dtype need a --device")
    if targets and form == "jsonl":
        raise click.UsageError("--device goes with text and json, not with jsonl")
    read = _read(places, options, _show(form, base, sort, targets), context, asked)
    emit(_text(read, form, base), file)
    return _aside(read, context, debug=debug)


def _contexts(
    places: tuple[str, ...],
    options: "Options",
    base: Path,
    context: str | None,
    form: str,
    file: Path | None,
) -> int:
    from hwlint.report.inspect_contexts import ContextRow, as_json, as_text

    read = _read(places, options, ContextRow(base), context, None)
    shown = [text for result in read for text in result.shown]
    unbuilt = [item for result in read for item in result.unbuilt]
    if form == "jsonl":
        emit("".join(f"{text}\n" for text in shown), file)
    else:
        emit((as_json if form == "json" else as_text)(shown, unbuilt, base), file)
    if not shown and not unbuilt:
        return _aside(read, context, debug=False)
    return 2 if any(result.incomplete for result in read) else 0


def _forward(inputs: tuple[str, ...], file: Path | None) -> "ForwardOptions":
    from hwlint.engine.inputs import load_inputs, parse_input
    from hwlint.reader import ForwardOptions

    given = tuple(parse_input(text) for text in inputs)
    return ForwardOptions(given, load_inputs(file) if file is not None else {})


def _targets(place: str, options: "Options") -> "tuple[Target, ...]":
    from hwlint.engine.inspection import targets_for

    return targets_for(place, options)


def _show(
    form: str, base: Path, sort: str, targets: "tuple[Target, ...]"
) -> "Callable[[ModelGraph], str]":
    if form == "jsonl":
        from hwlint.report.inspect_jsonl import JsonLines

        return JsonLines(base)
    if form == "json":
        from hwlint.report.inspect_json import JsonTree

        return JsonTree(base, targets, _known())
    from hwlint.report.measured_known import WithMeasured

    return WithMeasured(_show_text(base, sort, targets), _known())


def _show_text(
    base: Path, sort: str, targets: "tuple[Target, ...]"
) -> "Callable[[ModelGraph], str]":
    if targets:
        from hwlint.report.inspect_devices import TextDevices

        return TextDevices(base, targets, sort)
    from hwlint.report.inspect_text import TextTree

    return TextTree(base, sort)


def _known() -> "Known":
    """Return the newest of what was measured, where there is a store."""
    from hwlint.engine.errors import UserError
    from hwlint.measure.known import Known
    from hwlint.measure.store.place import has_store

    if not has_store():
        return Known()
    from hwlint.measure.extras import need

    try:
        need("sqlalchemy", "measure", "reading the store of measurements")
        from hwlint.measure.store.store import open_store

        store = open_store(create=False)
        return Known(tuple(store.find(most=_MOST_KNOWN))) if store is not None else Known()
    except UserError as problem:  # the model can be shown all the same
        click.echo(f"hwlint: measurements are not shown: {problem}", err=True)
        return Known()


def _read(
    places: tuple[str, ...],
    options: "Options",
    show: "Callable[[ModelGraph], str]",
    context: str | None,
    forward: "ForwardOptions | None",
) -> "list[Inspected[str]]":
    from hwlint.engine import inspection

    progress = ProgressLine("Reading")
    try:
        return [
            result
            for place in places
            for result in inspection.inspect(place, options, show, context, progress, forward)
        ]
    finally:
        progress.close()


def _text(read: "list[Inspected[str]]", form: str, base: Path) -> str:
    shown = [text for result in read for text in result.shown]
    if form == "json":
        from hwlint.report.inspect_json import document

        return document(shown)
    if form == "jsonl":
        from hwlint.report.inspect_jsonl import file_record

        files = dict.fromkeys(result.path for result in read if not result.incomplete)
        return "".join([*shown, *(file_record(path, base) for path in files)])
    return "\n".join(shown)


def _aside(read: "list[Inspected[str]]", context: str | None, *, debug: bool) -> int:
    """On standard error: what could not be read, and that there is nothing."""
    incomplete = [result for result in read if result.incomplete]
    _echo(f"Not read to the end: {result.path}: {result.incomplete}" for result in incomplete)
    _echo(dict.fromkeys(f"{r.path}: {note}" for r in read for note in r.notes))
    traces = [f"{result.path}\n{result.trace}" for result in incomplete if result.trace]
    if debug and traces:
        click.echo(f"hwlint: details in {write_details(traces)}", err=True)
    if incomplete:
        return 2
    if not any(result.shown for result in read):
        wanted = f' called "{context}"' if context else ""
        click.echo(f"No entry point{wanted} found: nothing here builds a model.", err=True)
        return 2 if context else 0
    return 0


def _echo(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line, err=True)
