"""`hwlint device calibrate`: what is asked for, and what it prints."""

import re
import shlex
from pathlib import Path

from hwlint.cli.common import StatusLine
from hwlint.engine.errors import UserError
from hwlint.engine.measure_targets import MeasureTarget
from hwlint.engine.workspace import find_root
from hwlint.measure.calibration.calibrating import Calibration, Done
from hwlint.measure.calibration.steps import DTYPE
from hwlint.measure.job import RunnerName
from hwlint.measure.targets import find_measure_target
from hwlint.measure.transports.ssh import Ssh
from hwlint.profile import Profile, ProfileIndex, available_profiles, find_profile
from hwlint.report.alignment import Width, check_file
from hwlint.report.alignment import plot as draw

__all__ = ["calibrate_and_write"]

_DEPLOY: dict[str, str] = {"torch": "_eager", "torch-compile": "_inductor"}
"""What the runners make one kernel of."""
_RUNNERS: dict[str, RunnerName] = {
    "torch": "torch",
    "torch-compile": "torch-compile",
    "onnxruntime": "onnxruntime",
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def calibrate_and_write(
    name: str,
    *,
    minutes: float,
    runner: RunnerName | None,
    base: str | None,
    threads: int,
    root: Path | None,
    python: Path | None,
    resume: bool,
    plot: Path | None,
) -> str:
    """Time operations on this machine, write the profile, and return what to print."""
    folder = (root or find_root(Path.cwd())).resolve()
    if plot is not None:
        check_file(plot)
    if not _NAME.fullmatch(name):
        raise UserError(f"{name}: a profile's name is of letters, digits, - and _")
    target = find_measure_target(name, folder)
    if target is not None and target.transport not in ("local", "ssh"):
        raise UserError(
            f"{name} is reached by {target.way()}, and calibrate times this machine or one behind "
            f"ssh: run it there and copy .hwlint/profiles/{name}.toml"
        )
    runner = runner or _runner(target.runner if target is not None and target.profile else "torch")
    base = base or (target.profile if target is not None and target.profile else None)
    known = _base(
        base, available_profiles(folder), folder / ".hwlint" / "profiles" / f"{name}.toml"
    )
    words = ["hwlint", "device", "calibrate", name, "--runner", runner, "--minutes", f"{minutes:g}"]
    words += ["--threads", str(threads)] if threads else []
    words += ["--profile", base] if base else []
    asked = Calibration(
        folder,
        name,
        shlex.join(words),
        runner,
        _extends(known, runner),
        known.kind if known is not None else "cpu",
        tuple(t for t in known.tiles if DTYPE not in t.dtypes) if known is not None else (),
        minutes,
        threads,
        python,
        resume,
        _there(target),
    )
    status = StatusLine()
    try:
        done = asked.run(cancelled=lambda: False, progress=status)
    finally:
        status.close()
    if plot is not None:
        draw(f"{name}: time by width", _widths(done), plot)
    return _shown(done, name) + (f"Wrote {plot}.\n" if plot is not None else "")


def _there(target: MeasureTarget | None) -> Ssh | None:
    if target is None or target.transport != "ssh":
        return None
    return Ssh(target.address, target.python or "python3")


def _widths(done: Done) -> list[Width]:
    return [
        Width(case.group, int(case.items), done.times[case.id] * 1e6, case.product.macs)
        for case in done.cases
        if case.product is not None and case.group and case.id in done.times
    ]


def _runner(name: str) -> RunnerName:
    if name in _RUNNERS:
        return _RUNNERS[name]
    raise UserError(f"--runner {name}: calibrate times torch, torch-compile and onnxruntime")


def _base(name: str | None, profiles: ProfileIndex, own: Path) -> Profile | None:
    if name is None:
        return None
    found = find_profile(name, profiles)
    if found.id in profiles and profiles.path(found.id) == own:
        raise UserError(f"--profile {name}: that is what is to be written")
    if found.kind != "cpu":
        raise UserError(f"calibrate times processors, and {found.name} is none ({found.kind})")
    return found


def _extends(base: Profile | None, runner: RunnerName) -> tuple[str, ...]:
    deploy = (_DEPLOY[runner],) if runner in _DEPLOY else ()
    return (base.id if base is not None else "_base", *deploy)


def _shown(done: Done, name: str) -> str:
    stopped = ", stopped: --resume goes on" if done.stopped else ""
    lines = [
        f"{name}: {done.curves.timed} operations, {done.visits} of {done.of} visits{stopped}.",
        "",
        "Each foretold by all others of its kind, mean relative error:",
    ]
    for curve in done.curves.products:
        kernel = f" {curve.kernel}" if curve.kernel != "any" else ""
        what = ", ".join(curve.functions) or f"{', '.join(curve.layers)}{kernel}"
        lines.append(f"  {what:30} {100 * (curve.error or 0):5.1f} %")
    lines += [
        "",
        f"Wrote {done.profile}: --device {name} takes it.",
        f"What was timed: {done.raw}.",
    ]
    return "\n".join(lines) + "\n"
