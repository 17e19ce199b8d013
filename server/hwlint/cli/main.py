"""The `hwlint` command: its parts, and what becomes of an error."""

import gc
import io
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

import click

from hwlint import __version__
from hwlint.cli.check import check
from hwlint.cli.common import write_details
from hwlint.cli.config import clean, config
from hwlint.cli.device import device
from hwlint.cli.inspect import inspect
from hwlint.cli.measure import measure
from hwlint.cli.measurements import measurements
from hwlint.cli.report import report
from hwlint.cli.rule import rule
from hwlint.cli.server import server
from hwlint.cli.suggest import suggest

__all__ = ["hwlint", "main"]

_COULD_NOT_RUN = 2
_INTERRUPTED = 130
_GARBAGE = 20_000
"""Objects that come together before Python looks for cycles: with its own 700 it does so a hundred
times while hwlint starts, and finds nothing."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="hwlint", message="%(prog)s %(version)s")
def hwlint() -> None:
    """Say what a PyTorch model will cost on the target device, without running it."""


_COMMANDS = (
    check, inspect, report, measure, measurements, suggest, rule, device, config, clean, server,
)  # fmt: skip
for command in _COMMANDS:
    hwlint.add_command(command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code: 0 clean, 1 findings, 2 could not run."""
    gc.set_threshold(_GARBAGE)
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a narrow terminal encoding is no reason to stop
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_run(given))


def _run(given: list[str]) -> int:
    try:
        # Not click's own `main`: it has other ideas of interrupts and closed pipes.
        with hwlint.make_context("hwlint", given) as context:
            code: object = hwlint.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return _COULD_NOT_RUN
    except (KeyboardInterrupt, click.Abort):
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever reads has gone; Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - no traceback reaches a user
        click.echo(_said(error, debug="--debug" in given), err=True)
        return _COULD_NOT_RUN
    return code if isinstance(code, int) else 0


def _said(error: Exception, *, debug: bool) -> str:
    from hwlint.engine.errors import UserError
    from hwlint.profile.errors import ProfileError, UnknownDevice

    if isinstance(error, UserError | ProfileError | UnknownDevice):
        return f"hwlint: {error}"
    if isinstance(error, OSError) and error.filename is not None:
        return f"hwlint: {error.filename}: {error.strerror}"
    line = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    if not debug:
        return f"hwlint: internal error: {line} (--debug writes the details to a file)"
    details = write_details(["".join(traceback.format_exception(error))])
    return f"hwlint: internal error: {line} (details in {details})"
