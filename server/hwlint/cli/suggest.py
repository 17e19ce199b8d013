"""`hwlint suggest`."""

import signal
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from hwlint.cli.common import (
    ProgressLine,
    StatusLine,
    debug_option,
    emit,
    format_option,
)
from hwlint.cli.measure_options import device_options, subject_options

if TYPE_CHECKING:
    from hwlint.measure.job import RunnerName
    from hwlint.search.objectives import Objective
    from hwlint.search.outcome import Outcome
    from hwlint.search.searching import Searching
    from hwlint.search.study import SamplerName

__all__ = ["suggest"]

_COULD_NOT_RUN = 2
_INTERRUPTED = 130


@click.command()
@click.argument("place", metavar="PLACE")
@device_options
@click.option(
    "--profile",
    metavar="ID",
    help="Whose tiles, operators and estimate count; else the target's own, and for this computer "
    "that of processors like it.",
)
@click.option(
    "--runner",
    type=click.Choice(["onnxruntime", "torch", "torch-compile", "vela"]),
    help="What runs it; else the target's own runner, and torch on this computer. vela runs "
    "nothing: Arm's compiler estimates each candidate for --device ethos-u55-128.",
)
@click.option("--trials", type=click.IntRange(1), default=40, show_default=True, metavar="N")
@click.option("--minutes", type=click.FloatRange(0.01), default=10, show_default=True, metavar="M")
@click.option(
    "--only",
    multiple=True,
    metavar="KINDS",
    help="Change nothing else: widths, depth, kernels, groups, heads, expansion, activations, "
    "norms, separable, fused.",
)
@click.option(
    "--keep",
    multiple=True,
    metavar="WHAT=PCT",
    help="Stay that close to the original: params=5%, macs=10%, memory=10%. Where neither this nor "
    "--evaluate nor --budget is given, params=10% and macs=10%; `--keep nothing` bounds nothing.",
)
@click.option(
    "--budget",
    multiple=True,
    metavar="WHAT=MOST",
    help="Need no more: latency_ms=5, flash_kb=512, sram_kb=256, energy_mj=2.",
)
@click.option(
    "--evaluate",
    default="",
    metavar="MODULE:FUNCTION",
    help="What a candidate is worth: it is given the model and returns a number, more is better. "
    "Runs in a process of its own.",
)
@click.option(
    "--evaluate-timeout",
    type=click.FloatRange(0.1),
    default=120.0,
    show_default=True,
    metavar="S",
    help="For one candidate.",
)
@click.option(
    "--also",
    type=click.Choice(["memory", "energy"]),
    multiple=True,
    help="Minimise this too; may be repeated.",
)
@click.option(
    "--sampler",
    type=click.Choice(["nsga2", "tpe", "random"]),
    default="nsga2",
    show_default=True,
    help="Who proposes candidates.",
)
@click.option(
    "--finalists",
    type=click.IntRange(0),
    default=3,
    show_default=True,
    metavar="N",
    help="How many are measured again, in turns with the original; none by vela.",
)
@click.option(
    "--scores/--no-scores",
    default=True,
    show_default=True,
    help="Score these without training: evidence, not accuracy.",
)
@click.option("--diff", type=int, metavar="TRIAL", help="Search no further: show its changes.")
@click.option("--apply", type=int, metavar="TRIAL", help="Search no further: write its changes.")
@click.option(
    "--html", type=click.Path(path_type=Path), metavar="FILE", help="Also write a page with a plot."
)
@subject_options
@click.option(
    "--on",
    "accelerator",
    metavar="DEVICE",
    help="cpu or cuda; else what the target's profile is of.",
)
@click.option("--seed", type=int, metavar="N", help="Of what is proposed.")
@click.option(
    "--timeout",
    type=click.FloatRange(1),
    metavar="S",
    help="For measuring one candidate; else 60, by torch-compile 120, by vela 300.",
)
@format_option
@click.option("-o", "--output-file", "file", type=click.Path(path_type=Path), metavar="FILE")
@debug_option
def suggest(
    place: str,
    target: str | None,
    profile: str | None,
    runner: str | None,
    trials: int,
    minutes: float,
    only: tuple[str, ...],
    keep: tuple[str, ...],
    budget: tuple[str, ...],
    evaluate: str,
    evaluate_timeout: float,
    also: tuple[str, ...],
    sampler: str,
    finalists: int,
    scores: bool,
    diff: int | None,
    apply: int | None,
    html: Path | None,
    inputs: tuple[str, ...],
    context: str | None,
    build: str,
    accelerator: str | None,
    threads: int,
    seed: int | None,
    timeout: float | None,
    samples: int,
    python: Path | None,
    root: Path | None,
    output_format: str,
    file: Path | None,
    debug: bool,  # noqa: ARG001 - main has it
) -> int:
    """Search for a faster variant of a model: other widths, kernels, depths, operators.

    PLACE is FILE:Class, FILE:factory, or a part of one, FILE:Class#layer2.0. Candidates are made
    by editing copies of the source, and measured on the device; your files stay as they are. It
    runs the code of the model, in a process of its own. What was measured is kept: the same
    command goes on where it was left, and with --diff or --apply shows or writes one candidate.
    Exit code: 0 something faster was found, 1 nothing was, 2 could not search.
    """
    from hwlint.search.request import Request
    from hwlint.search.storage import need_search

    need_search()
    if html is not None:
        from hwlint.report.vega import require

        require()
    request = Request(
        place=place,
        target=target,
        profile=profile,
        runner=cast("RunnerName | None", runner),
        trials=trials,
        minutes=minutes,
        only=only,
        keep=keep,
        budget=budget,
        evaluate=evaluate,
        evaluate_s=evaluate_timeout,
        also=cast("tuple[Objective, ...]", also),
        sampler=cast("SamplerName", sampler),
        finalists=finalists,
        seed=seed,
        scores=scores,
        inputs=inputs,
        context=context,
        build=build,
        accelerator=accelerator,
        threads=threads,
        timeout=timeout,
        samples=samples,
        python=python,
        root=root,
    )
    # Asked to end, it ends what runs and takes its folders away, as on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    status, reading = StatusLine(), ProgressLine("Reading")
    try:
        searching = request.begin(status, reading)
        if diff is not None or apply is not None:
            return _one(searching, diff, apply)
        outcome = _searched(searching, status)
    finally:
        reading.close()
        status.close()
    return _shown(outcome, output_format, file, html)


def _searched(searching: "Searching", status: StatusLine) -> "Outcome":
    from hwlint.report.costs import duration
    from hwlint.search.trial import Trial

    def heard(done: int, best: Trial | None, doing: str) -> None:
        fastest = f"best {duration(best.median_s)}" if best is not None and best.median_s else ""
        parts = (f"{done} of {searching.wanted.effort.trials} candidates", fastest, doing)
        status(" · ".join(part for part in parts if part))

    return searching.run(heard, lambda text: click.echo(f"hwlint: {text}", err=True))


def _shown(outcome: "Outcome", form: str, file: Path | None, html: Path | None) -> int:
    from hwlint.report.suggested_json import outcome_json
    from hwlint.report.suggested_text import outcome_text

    emit(outcome_json(outcome) if form == "json" else outcome_text(outcome), file)
    if html is not None:
        from hwlint.report.suggested_html import outcome_page
        from hwlint.report.vega import script

        emit(outcome_page(outcome, script()), html)
    if outcome.ended == "interrupted":
        return _INTERRUPTED
    return 0 if outcome.found else 1


def _one(searching: "Searching", diff: int | None, apply: int | None) -> int:
    """Show or write the changes of one trial."""
    from hwlint.engine.inspection import workspace_of
    from hwlint.fix.writing import NotWritten, write
    from hwlint.report.as_diff import render
    from hwlint.report.lines import where

    number = apply if apply is not None else diff
    assert number is not None
    base = workspace_of(searching.wanted.place, searching.session.asked.options.root)
    candidate = searching.chosen(number)
    before = searching.texts(candidate)
    if apply is None:
        emit(render(before, candidate.contents, base))
        return 0
    for path, content in candidate.contents.items():
        try:
            write(path, before[path], content, base)
        except NotWritten as problem:
            click.echo(f"hwlint: {where(path, base)} {problem}: not written", err=True)
            return _COULD_NOT_RUN
    files = ", ".join(where(path, base) for path in sorted(candidate.contents))
    click.echo(f"Wrote trial {number} into {files}.")
    return 0
