"""`hwlint measure`."""

import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import click

from hwlint.cli.common import ProgressLine, StatusLine, debug_option
from hwlint.cli.measure_options import device_options, subject_options
from hwlint.cli.measure_show import Showing
from hwlint.cli.measure_slower import MACHINE_FORMATS, Slower, Verdict, share_of

if TYPE_CHECKING:
    from hwlint.measure.destination import Destination
    from hwlint.measure.job import RunnerName
    from hwlint.measure.session import Asked, Measured, Session

__all__ = ["measure"]

T = TypeVar("T")

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def _size(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    """Read a number of bytes: "8GB", "500M"."""
    if value is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", value.strip().lower())
    if found is None:
        raise click.BadParameter(f'"{value}": expected a number of bytes, 8GB')
    return int(float(found[1]) * _UNITS[found[2]])


@click.command()
@click.argument("places", nargs=-1, required=True, metavar="PLACE...")
@click.option(
    "--runner",
    type=click.Choice(["onnxruntime", "torch", "torch-compile", "vela"]),
    help="What runs it; else the target's own runner, and torch on this computer. vela runs "
    "nothing: Arm's compiler estimates.",
)
@device_options
@subject_options
@click.option(
    "--dtype",
    type=click.Choice(["float32", "float16", "bfloat16", "int8"]),
    help="int8: quantised statically, by onnxruntime. Else what the target's profile says.",
)
@click.option(
    "--calibration",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE.npz",
    help="For int8: inputs, stacked along a new first axis; else random numbers.",
)
@click.option("--compare", is_flag=True, help="Measure two PLACEs in turns: which is faster?")
@click.option(
    "--compare-to", metavar="REV", help="Measure it in turns with how it was in a commit of git."
)
@click.option(
    "--fail-if-slower",
    "bound",
    callback=share_of,
    metavar="PCT",
    help="Exit with 1 where it takes that much longer than when it was measured before, or than "
    "in the commit of --compare-to: 5%.",
)
@click.option(
    "--import",
    "trace",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Run nothing: show what a trace of torch's profiler says, recorded with_stack=True.",
)
@click.option(
    "--on",
    "accelerator",
    metavar="DEVICE",
    help="cpu or cuda; with onnxruntime also tensorrt, openvino, qnn, coreml, ... Else what the "
    "target's profile is of: cuda for a GPU.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of weights and inputs.")
@click.option("--timeout", type=click.FloatRange(1), default=300.0, show_default=True, metavar="S")
@click.option(
    "--memory", callback=_size, metavar="SIZE", help="The most it may hold; four fifths of all."
)
@click.option(
    "--operators/--no-operators", default=True, show_default=True, help="Which lines take the time?"
)
@click.option(
    "--store/--no-store", "keep", default=True, show_default=True, help="Keep what was measured."
)
@click.option(
    "--output-format",
    "form",
    type=click.Choice(["text", "json", *MACHINE_FORMATS]),
    default="text",
    show_default=True,
    help="The others are those of `check` and have HW607 alone.",
)
@click.option("-o", "--output-file", "file", type=click.Path(path_type=Path), metavar="FILE")
@debug_option
def measure(
    places: tuple[str, ...],
    runner: str | None,
    target: str | None,
    inputs: tuple[str, ...],
    context: str | None,
    build: str,
    dtype: str | None,
    calibration: Path | None,
    compare: bool,
    compare_to: str | None,
    bound: float | None,
    trace: Path | None,
    accelerator: str | None,
    threads: int,
    seed: int,
    timeout: float,
    memory: int | None,
    samples: int,
    operators: bool,
    python: Path | None,
    keep: bool,
    root: Path | None,
    form: str,
    file: Path | None,
    debug: bool,  # noqa: ARG001 - main has it
) -> int:
    """Run a model and say what it takes, and which lines of its source take it.

    PLACE is FILE:Class, FILE:factory, or a part of one, FILE:Class#layer2.0. This runs the code of
    the model, in a process of its own. Exit code: 0 measured, 1 a comparison without a verdict,
    2 could not measure. With --fail-if-slower: 1 slower, 2 too unsteady to say.
    """
    from hwlint.engine.inputs import parse_input
    from hwlint.engine.inspection import workspace_of
    from hwlint.engine.run import Options
    from hwlint.measure.destination import find_destination
    from hwlint.measure.interpreters import most_memory
    from hwlint.measure.job import Limits, Method
    from hwlint.measure.session import Asked
    from hwlint.measure.several import measure_all

    base = workspace_of(places[0], root)
    where = find_destination(target, base, compiled=runner == "vela")
    runner = runner or (where.target.runner if target is not None else "torch")
    _check(places, runner, dtype, calibration, compare, compare_to)
    if runner == "vela" and (compare or compare_to or bound is not None):
        raise click.UsageError(
            "nothing runs with vela: it goes neither with --compare nor with --fail-if-slower"
        )
    where.unit(cast("RunnerName", runner), accelerator)  # what cannot be there is said at once
    if bound is not None and (compare or trace is not None):
        raise click.UsageError("--fail-if-slower goes neither with --compare nor with --import")
    if trace is not None and (len(places) != 1 or compare or compare_to):
        raise click.UsageError("--import takes one PLACE")
    asked = Asked(
        runner=cast("RunnerName", runner),
        inputs=tuple(parse_input(text) for text in inputs),
        context=context,
        build=build,
        dtype=dtype,
        threads=threads,
        device=accelerator,
        seed=seed,
        limits=Limits(timeout, memory or most_memory()),
        method=Method(samples=samples),
        operators=operators,
        calibration=calibration,
        options=Options(python=python, root=root),
    )
    slower = Slower(base, where, bound)
    show = Showing(form, (root or Path()).resolve(), file, slower)
    if trace is not None:
        one = _with_session(asked, where, lambda session: session.imported(places[0], trace))
        return show.measured([one], Verdict())
    if compare_to:
        pair = _with_session(
            asked, where, lambda session: session.compare_to(places[0], compare_to)
        )
        return show.pair(pair, since=True)
    if compare:
        pair = _with_session(asked, where, lambda session: session.compare(*places))
        return show.pair(pair, since=False)
    found = _with_session(asked, where, lambda session: measure_all(session, places))
    verdict = slower.than_stored(found) if keep or bound is not None else Verdict()
    if keep:
        _keep(found, where)
    return show.measured(found, verdict)


def _keep(found: "list[Measured]", where: "Destination") -> None:
    """Put what was measured into the store."""
    from hwlint.measure.keeping import keep

    done = [(one.job, one.result) for one in found if one.result.failure is None]
    problem = keep(done, where) if done else ""
    if problem:
        click.echo(f"hwlint: not kept: {problem}", err=True)


def _check(
    places: tuple[str, ...],
    runner: str,
    dtype: str | None,
    calibration: Path | None,
    compare: bool,
    compare_to: str | None,
) -> None:
    if compare and (len(places) != 2 or compare_to):
        raise click.UsageError("--compare takes two PLACEs")
    if compare_to and len(places) != 1:
        raise click.UsageError("--compare-to takes one PLACE")
    if runner == "vela" and dtype not in (None, "int8"):
        raise click.UsageError("--runner vela goes with --dtype int8 alone")
    if dtype == "int8" and runner not in ("onnxruntime", "vela"):
        raise click.UsageError("--dtype int8 goes with --runner onnxruntime")
    if calibration is not None and (dtype != "int8" or runner == "vela"):
        raise click.UsageError("--calibration goes with --runner onnxruntime --dtype int8")


def _with_session(asked: "Asked", where: "Destination", measured: "Callable[[Session], T]") -> "T":
    from hwlint.measure.session import Session

    # Asked to end, it ends what runs and takes its folders away, as on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    reading, status = ProgressLine("Reading"), StatusLine()
    try:
        return measured(Session(asked, status, lambda: False, reading, where))
    finally:
        reading.close()
        status.close()
