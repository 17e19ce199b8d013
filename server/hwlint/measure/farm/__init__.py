"""A farm of devices: Dask's scheduler hands jobs to workers, one for each device.

Dask is a library that is well kept, needs no more than Python on a device, gives the jobs of a
worker that is lost to another one, and keeps two jobs off one device by resources. `station.py` is
the side of the devices, `transports/farm.py` the side of whoever measures.
"""

import logging
from collections.abc import Mapping
from pathlib import Path

__all__ = ["packed", "resource", "silence", "unpack"]


def resource(profile: str) -> str:
    """Return the name of the resource that devices of a profile have one of each."""
    return f"hwlint:{profile}"


def packed(folder: Path, name: str) -> dict[str, bytes]:
    """Return all files of a folder, by their paths below a folder of that name."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {f"{name}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in files}


def unpack(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files into a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def silence() -> None:
    """Keep Dask's logs from people: they are about itself, and what matters is said by us."""
    for name in ["asyncio", "distributed", *logging.Logger.manager.loggerDict]:
        if name.partition(".")[0] in ("asyncio", "distributed"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
