"""`hwlint device worker`."""

import sys
from pathlib import Path

import click

from hwlint.engine.errors import UserError
from hwlint.measure.extras import need
from hwlint.measure.farm.alone import alone
from hwlint.measure.targets import all_targets, find_measure_target
from hwlint.measure.transports.ways import way_to
from hwlint.profile import available_profiles, find_profile
from hwlint.profile.errors import did_you_mean

__all__ = ["serve"]


def serve(scheduler: str, name: str, root: Path) -> None:
    """Let a farm measure on a target, until a signal says to stop. Raises `UserError`."""
    need("distributed", "farm", "a farm of devices")
    target = find_measure_target(name, root)
    if target is None or not target.profile:
        near = did_you_mean(name, all_targets(root))
        raise UserError(f"--target {name}: no target is called that{near}: `hwlint device add`")
    if target.transport == "dask":
        raise UserError(f"--target {name} is a farm itself: {target.way()}")
    profile = find_profile(target.profile, available_profiles(root)).id
    transport = way_to(target, profile, Path(sys.executable))
    with alone(name):
        from hwlint.measure.farm.station import Station

        Station(scheduler, target, profile, transport, _say).run()


def _say(text: str) -> None:
    click.echo(f"hwlint: {text}", err=True)
