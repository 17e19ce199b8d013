"""Options of the commands that measure: what is measured, and where and how."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from hwlint.cli.common import input_option

__all__ = ["device_options", "subject_options"]

F = TypeVar("F", bound=Callable[..., object])


def subject_options(command: F) -> F:
    """Add what says how a model is built and called."""
    for option in (
        click.option(
            "--root", type=click.Path(path_type=Path), metavar="DIR", help="The workspace."
        ),
        click.option(
            "--build", metavar="CALL", default="", help='How it is built: "Net(width=64)".'
        ),
        click.option("--context", metavar="NAME", help="Only this entry point: resnet50, Net."),
        input_option,
    ):
        command = option(command)
    return command


def device_options(command: F) -> F:
    """Add what says where a model runs, and how often."""
    for option in (
        click.option(
            "--python",
            type=click.Path(path_type=Path),
            metavar="PYTHON",
            help="The interpreter that runs the model; else the project's own environment.",
        ),
        click.option(
            "--samples", type=click.IntRange(3), default=20, show_default=True, metavar="N"
        ),
        click.option(
            "--threads",
            type=click.IntRange(0),
            default=0,
            show_default="all processors",
            metavar="N",
        ),
        click.option(
            "--device",
            "target",
            metavar="NAME",
            help="Measure there: a target of `hwlint device add`; else on this computer.",
        ),
    ):
        command = option(command)
    return command
