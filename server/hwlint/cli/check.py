"""`hwlint check`."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hwlint.cli.common import (
    ProgressLine,
    debug_option,
    emit,
    paint_for,
    split,
    terminal_width,
    write_details,
)
from hwlint.cli.fixing import add_ignores, fix_files, say_fixed, show_diff, with_fixes
from hwlint.cli.watching import watch

if TYPE_CHECKING:
    from hwlint.engine.run import CheckResult, Options

__all__ = ["check"]

_CLEAN, _FINDINGS, _COULD_NOT_RUN = 0, 1, 2
_FORMATS = ("full", "concise", "json", "json-lines", "sarif", "github", "gitlab", "junit")


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH...]")
@click.option(
    "--device", "devices", multiple=True, metavar="D", help="Target; repeat or use commas."
)
@click.option("--dtype", metavar="T", help="What the model computes in: bf16, int8, ...")
@click.option("--select", multiple=True, metavar="RULE", help="Only these codes, prefixes, names.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Not these.")
@click.option(
    "--output-format",
    "form",
    type=click.Choice(_FORMATS),
    default="full",
    show_default=True,
    envvar="HWLINT_OUTPUT_FORMAT",
)
@click.option("-o", "--output-file", "file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--statistics", is_flag=True, help="Count findings by rule instead.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info"]),
    help="Least severity that makes the exit code 1.  [default: error]",
)
@click.option("--exit-zero", is_flag=True, help="Findings do not make the exit code 1.")
@click.option(
    "--min-coverage",
    type=click.FloatRange(0, 100),
    metavar="PCT",
    help="Exit with 2 where fewer entry points can be read fully.",
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Leave out the findings that FILE knows; entries that no finding has any more fail.",
)
@click.option(
    "--baseline-update",
    is_flag=True,
    help="Write what is found now to the baseline: makes it, adds to it, prunes it.",
)
@click.option(
    "--baseline-commit",
    metavar="REV",
    help="Leave out what was found in this commit of git: report what came since.",
)
@click.option("--fix", "fix", is_flag=True, help="Make the fixes that change nothing else.")
@click.option(
    "--unsafe-fixes",
    is_flag=True,
    help="With --fix, --fix-only or --diff: fixes that change parameters or numerics too; "
    "else say of each finding what would fix it.",
)
@click.option("--fix-only", is_flag=True, help="The same as --fix, without reporting what is left.")
@click.option("--diff", is_flag=True, help="Print what --fix would change; write nothing.")
@click.option(
    "--force-exclude",
    is_flag=True,
    help="Leave out what the configuration or .gitignore excludes also where PATH names it.",
)
@click.option(
    "--add-ignore",
    is_flag=True,
    help="Write a comment at each finding that silences it; report what is left.",
)
@click.option("--watch", "watching", is_flag=True, help="Check again whenever a file changes.")
@click.option(
    "--stdin-filename",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="With - for PATH: which file the text on standard input is.",
)
@click.option("--no-cache", is_flag=True, help="Neither use nor write results of other runs.")
@click.option(
    "--python",
    type=click.Path(path_type=Path),
    metavar="PYTHON",
    help="The project's interpreter or environment; it is not run.",
)
@click.option("--root", type=click.Path(path_type=Path), metavar="DIR", help="The workspace.")
@click.option("--jobs", "-j", type=click.IntRange(1), metavar="N", help="Processes.")
@debug_option
def check(
    paths: tuple[Path, ...],
    devices: tuple[str, ...],
    dtype: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    form: str,
    file: Path | None,
    statistics: bool,
    fail_on: str | None,
    exit_zero: bool,
    min_coverage: float | None,
    baseline: Path | None,
    baseline_update: bool,
    baseline_commit: str | None,
    fix: bool,
    unsafe_fixes: bool,
    fix_only: bool,
    diff: bool,
    force_exclude: bool,
    add_ignore: bool,
    watching: bool,
    stdin_filename: Path | None,
    no_cache: bool,
    python: Path | None,
    root: Path | None,
    jobs: int | None,
    debug: bool,
) -> int:
    """Find what costs time, memory or energy on the target device.

    PATHs (default: the current folder) choose what is reported; the workspace that they lie in is
    always read as a whole. Exit code: 0 clean, 1 findings at or above --fail-on, 2 could not run
    or could not read everything. With --diff: 1 where there is something to change; with
    --fix-only: 2 where a file could not be written, else 0. - for PATH reads standard input.
    """
    from hwlint.engine.run import Options

    options = Options(
        devices=split(devices),
        dtype=dtype,
        select=split(select),
        ignore=split(ignore),
        python=python,
        root=root,
        min_coverage=min_coverage,
        fail_on=fail_on,
        jobs=jobs,
        cache=not no_cache,
        baseline_commit=baseline_commit,
        force_exclude=force_exclude,
        baseline=None if baseline_update else baseline,
    )
    if baseline_update and baseline is None:
        raise click.UsageError("--baseline-update needs --baseline FILE.")
    if baseline_commit is not None and baseline is not None:
        raise click.UsageError("--baseline-commit and --baseline exclude each other.")
    where = paths or (Path(),)
    stdin = Path("-") in where or stdin_filename is not None
    writes = (fix or fix_only or diff, add_ignore, baseline_update)
    _refuse(sum(writes), stdin=stdin, alone=where == (Path("-"),), watching=watching)
    if stdin:
        where = (_from_stdin(stdin_filename or Path("stdin.py")),)
        options = replace(options, jobs=1, cache=False)

    def said(result: "CheckResult") -> int:
        from hwlint.report.cells import by_cells

        result = by_cells(result)
        emit(_counted(result) if statistics else _rendered(result, form, file), file)
        short = statistics or form not in ("full", "json") or file is not None
        _say_aside(result, debug=debug, summary=short)
        return _code(result, exit_zero=exit_zero)

    if watching:
        return watch(where, root, lambda: said(_checked(where, options)))
    if diff:
        return show_diff(where, options, file, unsafe=unsafe_fixes)
    if fix or fix_only:
        result = fix_files(where, options, unsafe=unsafe_fixes, again=not fix_only)
        return say_fixed(result) if fix_only else said(result)
    result = with_fixes(where, options) if unsafe_fixes else _checked(where, options)
    if add_ignore:
        result = add_ignores(where, options, result)
    if baseline_update and baseline is not None:
        result = _kept_in(result, baseline)
    return said(result)


def _refuse(writes: int, *, stdin: bool, alone: bool, watching: bool) -> None:
    """Refuse options that do not go together. `alone`: - is the only PATH."""
    if writes > 1:
        raise click.UsageError("Fixes, --add-ignore and --baseline-update exclude each other.")
    if stdin and (writes or not alone):
        raise click.UsageError("- is the only PATH then, and nothing is written.")
    if watching and (writes or stdin):
        raise click.UsageError("--watch goes with nothing that writes, and not with -.")


def _from_stdin(name: Path) -> Path:
    """Let a file have the text on standard input; it need not be there."""
    from hwlint.source import lay_over

    if name.suffix not in (".py", ".ipynb"):
        raise click.UsageError("--stdin-filename ends in .py or .ipynb.")
    path = name.resolve()
    lay_over(str(path), sys.stdin.buffer.read())
    return path


def _checked(paths: tuple[Path, ...], options: "Options") -> "CheckResult":
    from hwlint.engine import run

    progress = ProgressLine("Reading")
    try:
        return run.check(paths, options, progress)
    finally:
        progress.close()


def _kept_in(result: "CheckResult", baseline: Path) -> "CheckResult":
    """Write all findings to the baseline; what is left to report is none."""
    from hwlint.engine.baseline import write_baseline

    number = write_baseline(baseline, result.findings, baseline.resolve().parent)
    click.echo(f"hwlint: {baseline} knows {number} findings", err=True)
    return replace(result, findings=(), failing=False, known=number)


def _rendered(result: "CheckResult", form: str, file: Path | None) -> str:
    base = Path.cwd().resolve()
    if form == "full":
        from hwlint.report import full

        return full.render(result, base, paint_for(file), terminal_width())
    if form == "concise":
        from hwlint.report import concise

        return concise.render(result, base)
    from hwlint.report.machine import FORMATS

    return FORMATS[form](result, base)


def _counted(result: "CheckResult") -> str:
    from hwlint.report.full import statistics

    return statistics(result)


def _say_aside(result: "CheckResult", *, summary: bool, debug: bool) -> None:
    """On standard error: what the chosen format does not say."""
    from hwlint.report.words import (
        coverage_lines,
        fix_lines,
        incomplete_lines,
        loss_lines,
        note_lines,
        summary_line,
    )

    base = Path.cwd().resolve()
    if summary:
        lines = [summary_line(result), *loss_lines(result)]
        lines += fix_lines(result, base)
        lines += coverage_lines(result.coverage, base)
        lines += [*incomplete_lines(result, base), *note_lines(result, base)]
        click.echo("\n".join(lines), err=True)
    for about in result.stale:
        click.echo(f"hwlint: the baseline knows what is no longer found: {about}", err=True)
    if result.stale:
        click.echo("hwlint: --baseline-update prunes the baseline", err=True)
    if result.uncovered is not None:
        click.echo(
            f"hwlint: coverage {result.coverage.percent:.1f} % is below {result.uncovered:g} %",
            err=True,
        )
    traces = [f"{item.path}\n{item.trace}" for item in result.incomplete if item.trace]
    if debug and traces:
        click.echo(f"hwlint: details in {write_details(traces)}", err=True)


def _code(result: "CheckResult", *, exit_zero: bool) -> int:
    if result.incomplete or result.unread or result.uncovered is not None or result.unwritten:
        return _COULD_NOT_RUN
    failing = result.failing or bool(result.stale)
    return _FINDINGS if failing and not exit_zero else _CLEAN
