"""From a target to the transport that leads to it."""

from pathlib import Path

from hwlint.engine.measure_targets import MeasureTarget
from hwlint.measure.transports.base import Transport
from hwlint.measure.transports.command import Command
from hwlint.measure.transports.farm import Farm
from hwlint.measure.transports.local import Local
from hwlint.measure.transports.ssh import Ssh

__all__ = ["way_to"]


def way_to(target: MeasureTarget, profile: str, here: Path) -> Transport:
    """Return the transport of a target.

    Args:
        target: Where to.
        profile: Id of the target's profile.
        here: The interpreter for this computer, where the target names none.
    """
    if target.transport == "ssh":
        return Ssh(target.address, target.python or "python3")
    if target.transport == "command":
        return Command(target.address)
    if target.transport == "dask":
        return Farm(target.address, profile)
    return Local(Path(target.python).expanduser() if target.python is not None else here)
