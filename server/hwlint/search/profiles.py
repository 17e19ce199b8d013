"""Whose numbers count for a search: a target's own profile, else that of processors like this."""

import platform
from pathlib import Path

from hwlint.engine.errors import UserError
from hwlint.engine.run import Options
from hwlint.measure.destination import Destination
from hwlint.profile import UnknownDevice, available_profiles, find_profile

__all__ = ["options_for", "profile_for"]

_PROCESSORS = {
    "x86_64": "x86-avx2",
    "amd64": "x86-avx2",
    "aarch64": "arm64-xnnpack",
    "arm64": "arm64-xnnpack",
}
"""The generic profile by what `platform.machine` says."""


def profile_for(asked: str | None, where: Destination, root: Path) -> str:
    """Return the id of a profile: the one asked for, else the target's, else a generic one.

    Raises:
        UserError: Where there is none.
    """
    profiles = available_profiles(root)
    machine = platform.machine().lower()
    name = asked or where.profile_id or _PROCESSORS.get(machine, "")
    if not name:
        raise UserError(f"no profile is like this computer ({machine}): name one with --profile")
    try:
        return find_profile(name, profiles).id
    except UnknownDevice as problem:
        raise UserError(f"--profile {problem}") from problem


def options_for(dtype: str, python: Path | None, root: Path | None) -> Options:
    """Return how a workspace is read where a model computes in `dtype`."""
    return Options(python=python, root=root, dtype=_SHORT.get(dtype))


_SHORT = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16", "int8": "int8"}
"""Names of number formats, as profiles say them."""
