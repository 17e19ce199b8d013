"""`hwlint check --fix`, `--fix-only`, `--diff` and `--unsafe-fixes`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hwlint.cli.common import ProgressLine, emit

if TYPE_CHECKING:
    from hwlint.engine.run import CheckResult, Incomplete, Options
    from hwlint.fix.session import Mended

__all__ = ["add_ignores", "fix_files", "say_fixed", "show_diff", "with_fixes"]

_CLEAN, _CHANGES, _COULD_NOT_RUN = 0, 1, 2


def with_fixes(paths: Sequence[Path], options: "Options") -> "CheckResult":
    """Check, and work out what would fix each finding."""
    from hwlint.fix.session import show

    progress = ProgressLine("Reading")
    try:
        return show(paths, options, unsafe=True, progress=progress)
    finally:
        progress.close()


def add_ignores(paths: Sequence[Path], options: "Options", result: "CheckResult") -> "CheckResult":
    """Write a comment at each finding that silences it, and check what there is then."""
    from dataclasses import replace

    from hwlint.engine import run
    from hwlint.engine.run import Incomplete
    from hwlint.fix.ignoring import silenced
    from hwlint.fix.writing import NotWritten, write
    from hwlint.report.words import count

    left: list[Incomplete] = []
    done: list[int] = []
    roots = list(run.workspaces(paths, options.root))
    for one in silenced(result.findings):
        root = max((r for r in roots if Path(one.path).is_relative_to(r)), key=_depth, default=None)
        try:
            write(one.path, one.before, one.after, root or Path(one.path).parent)
        except NotWritten as reason:
            left.append(Incomplete(one.path, str(reason)))
        else:
            done.append(one.number)
    said = f"Silenced {count(sum(done), 'finding')} in {count(len(done), 'file')}."
    click.echo(said, err=True)
    return replace(run.check(paths, options), unwritten=tuple(left))


def _depth(folder: Path) -> int:
    return len(folder.parts)


def fix_files(
    paths: Sequence[Path], options: "Options", *, unsafe: bool, again: bool
) -> "CheckResult":
    """Check, fix and write; `again`: and check what there is then."""
    from dataclasses import replace

    from hwlint.engine import run

    mended = _mended(paths, options, unsafe=unsafe)
    unwritten = [left for one in mended for left in _write(one)]
    lost = {item.path for item in unwritten}
    fixed = tuple(
        replace(made.found, fix=made.fix)
        for one in mended
        for made in one.made
        if lost.isdisjoint(edit.place.path for edit in made.fix.edits)
    )
    changed = any(one.after for one in mended)
    if again and changed:
        result = run.check(paths, options)
    else:
        result = run.together([one.result for one in mended])
    hidden = sum(one.hidden for one in mended)
    return replace(result, fixed=fixed, hidden=hidden, unwritten=tuple(unwritten))


def say_fixed(result: "CheckResult") -> int:
    """Say what was written, on standard error; returns the exit code."""
    from hwlint.report.words import fix_lines, incomplete_lines

    base = Path.cwd().resolve()
    lines = [*fix_lines(result, base), *incomplete_lines(result, base)]
    click.echo("\n".join(lines or ["Nothing to fix."]), err=True)
    return _COULD_NOT_RUN if result.unwritten or result.incomplete else _CLEAN


def show_diff(paths: Sequence[Path], options: "Options", file: Path | None, *, unsafe: bool) -> int:
    """Print what fixing would change and write nothing; returns the exit code."""
    from hwlint.report import as_diff
    from hwlint.report.words import count, incomplete_lines

    base = Path.cwd().resolve()
    mended = _mended(paths, options, unsafe=unsafe)
    for one in mended:
        emit(as_diff.render(one.before, one.after, base), file)
        made = count(len(one.made), "finding")
        click.echo(f"Would fix {made} in {count(len(one.after), 'file')}.", err=True)
        for line in incomplete_lines(one.result, base):
            click.echo(line, err=True)
        if one.hidden:
            hidden = count(one.hidden, "fix", "fixes")
            click.echo(f"{hidden} hidden, use --unsafe-fixes.", err=True)
    if any(one.result.incomplete for one in mended):
        return _COULD_NOT_RUN
    return _CHANGES if any(one.after for one in mended) else _CLEAN


def _mended(paths: Sequence[Path], options: "Options", *, unsafe: bool) -> "list[Mended]":
    from hwlint.fix.session import mend

    progress = ProgressLine("Reading")
    try:
        return mend(paths, options, unsafe=unsafe, progress=progress)
    finally:
        progress.close()


def _write(mended: "Mended") -> "list[Incomplete]":
    """Write every file that can be; returns those that cannot, with the reason."""
    from hwlint.engine.run import Incomplete
    from hwlint.fix.writing import NotWritten, write

    left: list[Incomplete] = []
    done: dict[Path, bytes] = {}
    for path in sorted(mended.after):
        target, content = Path(path).resolve(), mended.after[path]
        if done.get(target) == content:
            continue  # another name of a file that was written
        try:
            write(path, mended.before[path], content, mended.root)
        except NotWritten as reason:
            left.append(Incomplete(path, str(reason)))
        else:
            done[target] = content
    return left
