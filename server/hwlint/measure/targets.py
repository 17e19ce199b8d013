"""The devices that the user has told hwlint of, in `targets.toml` of the user's configuration."""

import fcntl
import json
import os
import re
import tomllib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from platformdirs import user_config_path

from hwlint.engine.config import load_config
from hwlint.engine.errors import UserError
from hwlint.engine.measure_targets import MeasureTarget, read_measure_targets, wrong_value
from hwlint.engine.tomlfile import read_toml, shown
from hwlint.measure.transports.command import wrong_template
from hwlint.profile import available_profiles, find_profile
from hwlint.profile.errors import UnknownDevice, did_you_mean

__all__ = [
    "LOCAL",
    "add_target",
    "all_targets",
    "find_measure_target",
    "remove_target",
    "targets_file",
]

LOCAL = "local"
"""Name of the target that is always there: this computer."""
_HEAD = "# Devices to measure on: `hwlint device add`, `device remove`, or an editor.\n"


def targets_file() -> Path:
    """Return the file that holds the user's targets; `HWLINT_CONFIG_DIR` moves it."""
    own = os.environ.get("HWLINT_CONFIG_DIR")
    folder = Path(own) if own else user_config_path("hwlint", appauthor=False)
    return folder / "targets.toml"


def all_targets(root: Path | None) -> Mapping[str, MeasureTarget]:
    """Return all targets by name; the project's own, where there is one, go before the user's.

    Raises:
        UserError: Where a file is not right, with its line.
    """
    mine = _in(targets_file())
    return {**mine, **load_config(root).targets} if root is not None else mine


def find_measure_target(name: str, root: Path | None) -> MeasureTarget | None:
    """Return the target of that name; None where there is none. `LOCAL` has no profile."""
    found = all_targets(root).get(name)
    if found is None and name == LOCAL:
        return MeasureTarget(LOCAL, "")
    return found


def add_target(target: MeasureTarget, root: Path | None, *, replace: bool = False) -> Path:
    """Write a target into the user's file; return the file.

    Raises:
        UserError: Where a value is wrong, or there is a target of that name.
        UnknownDevice: Where there is no such profile.
    """
    for key, value in {"name": target.name, **target.fields()}.items():
        if problem := wrong_value(key, value):
            raise UserError(f"{'NAME' if key == 'name' else f'--{key}'}: {problem}")
    if target.transport == "command" and (problem := wrong_template(target.address)):
        raise UserError(f"--command: {problem}")
    _check_names(target, root)
    file = targets_file()
    with _changing(file) as text:
        before = _in(file)
        if target.name in before and not replace:
            there = before[target.name].way()
            raise UserError(
                f"there is a target {target.name} already ({there}): --replace, or another name"
            )
        rest = _without(file, text, target.name) if target.name in before else text
        _write(file, f"{(rest.rstrip() or _HEAD.rstrip())}\n\n{_table(target)}")
    return file


def remove_target(name: str) -> Path:
    """Take a target out of the user's file; return the file. Raises `UserError`."""
    file = targets_file()
    with _changing(file) as text:
        known = _in(file)
        if name not in known:
            near = did_you_mean(name, known)
            raise UserError(f'{shown(file)} has no target "{name}"{near}')
        _write(file, _without(file, text, name))
    return file


def _check_names(target: MeasureTarget, root: Path | None) -> None:
    profiles = available_profiles(root)
    find_profile(target.profile, profiles)
    try:
        taken = find_profile(target.name, profiles)
    except UnknownDevice:
        taken = None
    if taken is not None or target.name == LOCAL:
        whose = "this computer's" if taken is None else f"the profile of {taken.name}"
        raise UserError(f"NAME: {target.name} is {whose}: a target needs a name of its own")


def _in(file: Path) -> Mapping[str, MeasureTarget]:
    if not file.exists():
        return {}
    table = read_toml(file)
    if table is None or "targets" not in table.values:
        return {}
    return read_measure_targets(table, "targets", table.values["targets"])


def _table(target: MeasureTarget) -> str:
    # A JSON string is a TOML string, but for DEL, which no value has.
    said = target.fields().items()
    keys = (f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in said)
    return f'[targets."{target.name}"]\n{"".join(keys)}'


_SECTION = re.compile(r"^\s*\[")


def _without(file: Path, text: str, name: str) -> str:
    """Return the text without the table of a target, everything else as it was.

    Raises:
        UserError: Where the table is not written as `device add` writes it.
    """
    header = re.compile(rf"""^\s*\[\s*targets\s*\.\s*["']?{re.escape(name)}["']?\s*\]""")
    kept: list[str] = []
    remarks: list[str] = []  # at the end of the table: they are about what follows
    inside = False
    for line in text.splitlines(keepends=True):
        before = inside
        inside = bool(header.match(line)) or (inside and not _SECTION.match(line))
        if inside:
            remarks = [*remarks, line] if line.lstrip().startswith("#") else []
        else:
            kept += [*remarks, line] if before else [line]
            remarks = []
    rest = "".join(kept)
    wanted = tomllib.loads(text)
    del wanted["targets"][name]
    left = tomllib.loads(rest)
    if left.get("targets", {}) != wanted["targets"]:
        raise UserError(f"{shown(file)} is written by hand: take {name} out of it there")
    return rest


@contextmanager
def _changing(file: Path) -> Generator[str]:
    """Give the file's text, and keep others from changing it meanwhile."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with (file.parent / ".targets.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield file.read_text(encoding="utf-8") if file.exists() else ""


def _write(file: Path, text: str) -> None:
    tomllib.loads(text)
    with NamedTemporaryFile(
        "w", dir=file.parent, prefix=".targets-", delete=False, encoding="utf-8"
    ) as new:
        try:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
            Path(new.name).replace(file)
        except OSError:
            Path(new.name).unlink(missing_ok=True)
            raise
