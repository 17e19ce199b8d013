"""`hwlint device`."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from hwlint.cli.common import debug_option, emit, format_option, terminal_width

if TYPE_CHECKING:
    from rich.console import Console

    from hwlint.measure.job import RunnerName
    from hwlint.profile import Profile, ProfileIndex

__all__ = ["device"]


@click.group()
def device() -> None:
    """Show the devices that hwlint knows, and say where models can be measured."""


@device.command("list")
@click.option("--kind", type=click.Choice(["gpu", "npu", "cpu", "mcu"]), help="Only this kind.")
@format_option
@debug_option
def list_devices(kind: str | None, output_format: str, debug: bool) -> None:  # noqa: ARG001
    """List them by kind: id, name, what models compute in by default, other names; and the targets
    that models are measured on: name, profile, way there, runner."""
    from hwlint.cli.device_targets import by_profile, print_targets

    index = _profiles()
    profiles = [p for p in index.values() if kind in (None, p.kind)]
    targets = by_profile(index, _root())
    if output_format == "json":
        keys = ("id", "name", "kind", "default_dtype", "aliases")
        _emit_json(
            [
                {key: getattr(p, key) for key in keys}
                | {"targets": [{"name": t.name, **t.fields()} for t in targets.get(p.id, ())]}
                for p in profiles
            ]
        )
        return
    from hwlint.cli.device_card import print_list

    def draw(console: "Console") -> None:
        print_list(console, profiles)
        print_targets(console, {p.id: targets[p.id] for p in profiles if p.id in targets})

    _draw(draw)


@device.command("add")
@click.argument("name")
@click.option("--profile", required=True, metavar="DEVICE", help="What `device list` calls it.")
@click.option("--ssh", metavar="HOST", help="A host as ssh knows it: pi@host, or a name of yours.")
@click.option("--command", metavar="COMMAND", help="A program that measures: docs/targets.md.")
@click.option("--dask", metavar="ADDRESS", help="The scheduler of a farm: tcp://host:8786.")
@click.option("--python", metavar="PYTHON", help="The interpreter there; python3 if not said.")
@click.option("--runner", default="onnxruntime", show_default=True, help="What runs models there.")
@click.option("--replace", is_flag=True, help="Change a target that is there already.")
@debug_option
def add_device(
    name: str,
    profile: str,
    ssh: str | None,
    command: str | None,
    dask: str | None,
    python: str | None,
    runner: str,
    replace: bool,
    debug: bool,  # noqa: ARG001 - main has it
) -> None:
    """Say where models can be measured: on this computer, or by --ssh, --command or --dask.

    It is kept in your own configuration; `[tool.hwlint.targets.NAME]` of a project has the same
    keys. `hwlint measure --device NAME` measures there.
    """
    from hwlint.engine.errors import UserError
    from hwlint.engine.measure_targets import MeasureTarget
    from hwlint.measure.targets import add_target

    ways = {
        way: address
        for way, address in (("ssh", ssh), ("command", command), ("dask", dask))
        if address is not None
    }
    if len(ways) > 1:
        raise UserError(f"one way to the device, not {' and '.join(f'--{w}' for w in ways)}")
    way, address = next(iter(ways.items()), ("local", ""))
    target = MeasureTarget(name, profile, way, address, python, runner)
    file = add_target(target, _root(), replace=replace)
    emit(f"{name}: {profile}, {target.way()}, {runner}. Wrote {file}.\n")


@device.command("remove")
@click.argument("name")
@debug_option
def remove_device(name: str, debug: bool) -> None:  # noqa: ARG001 - main has it
    """Forget a target that `device add` wrote."""
    from hwlint.measure.targets import remove_target

    emit(f"Removed {name} from {remove_target(name)}.\n")


@device.command("show")
@click.argument("name")
@click.option("--sources", is_flag=True, help="Say where each value can be read.")
@format_option
@debug_option
def show_device(name: str, sources: bool, output_format: str, debug: bool) -> None:  # noqa: ARG001
    """Show what is known about one device, how well, and from where."""
    from hwlint.profile import find_profile

    profile = find_profile(name, _profiles())
    if output_format == "json":
        _emit_json(_as_data(profile))
        return
    from hwlint.cli.device_card import print_card

    _draw(lambda console: print_card(console, profile, sources=sources))


@device.command("fit")
@click.argument("name", metavar="DEVICE")
@click.argument(
    "file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE.csv"
)
@click.option(
    "--dtype", metavar="DTYPE", help="What was measured; the profile's default if not said."
)
@click.option("--as", "new", metavar="NAME", help="Name of the profile; DEVICE-fitted if not said.")
@click.option("--root", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--python", type=click.Path(path_type=Path), metavar="PYTHON")
@format_option
@debug_option
def fit_device(
    name: str,
    file: Path,
    dtype: str | None,
    new: str | None,
    root: Path | None,
    python: Path | None,
    output_format: str,
    debug: bool,  # noqa: ARG001 - main has it
) -> None:
    """Fit a device's profile to models that were measured on it.

    FILE.csv has a head and a row for each model: place (FILE:Class or FILE:factory, and #module for
    a part of it), latency_ms, and if need be input (1x3x224x224, several separated by ;). The
    profile is written to .hwlint/profiles below the project's root.
    """
    from hwlint.cli.device_fit import fit_and_write

    shown = fit_and_write(name, file, dtype, new, root, python)
    _emit_json(shown.data()) if output_format == "json" else emit(shown.text())


@device.command("calibrate")
@click.argument("name", default="local")
@click.option(
    "--minutes",
    type=click.FloatRange(0.05),
    default=5.0,
    show_default=True,
    metavar="N",
    help="At most so long.",
)
@click.option(
    "--runner",
    type=click.Choice(["torch", "torch-compile", "onnxruntime"]),
    help="What runs models; torch if not said.",
)
@click.option(
    "--profile",
    "base",
    metavar="DEVICE",
    help="What else is known of the machine: a profile that is extended.",
)
@click.option(
    "--threads",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Of one operator; all processors if not said.",
)
@click.option("--resume", is_flag=True, help="Go on with one that was cut short.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Draw time by width: .html or .png.",
)
@click.option("--root", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--python", type=click.Path(path_type=Path), metavar="PYTHON")
@debug_option
def calibrate_device(
    name: str,
    minutes: float,
    runner: "RunnerName | None",
    base: str | None,
    threads: int,
    resume: bool,
    plot: Path | None,
    root: Path | None,
    python: Path | None,
    debug: bool,  # noqa: ARG001 - main has it
) -> None:
    """Time single operations, and write a profile of what they take.

    NAME is a target that is reached by ssh, or else this machine is timed.
    It is .hwlint/profiles/NAME.toml below the project's root, NAME being "local" if not said; what
    was timed is beside it. Ctrl-C ends it early, with a profile of what there is by then.
    """
    from hwlint.cli.device_calibrate import calibrate_and_write

    shown = calibrate_and_write(
        name,
        minutes=minutes,
        runner=runner,
        base=base,
        threads=threads,
        root=root,
        python=python,
        resume=resume,
        plot=plot,
    )
    emit(shown)


@device.command("worker")
@click.option("--scheduler", required=True, metavar="ADDRESS", help="tcp://host:8786")
@click.option("--target", "name", required=True, metavar="NAME", help="The device: `device add`.")
@debug_option
def work(scheduler: str, name: str, debug: bool) -> None:  # noqa: ARG001 - main has it
    """Let others measure on a device of this computer, through the scheduler of a farm.

    `dask scheduler` starts the scheduler. It goes on until it is told to stop: where the scheduler
    goes, it waits for it to come back.
    """
    from hwlint.cli.device_worker import serve
    from hwlint.engine.errors import UserError
    from hwlint.engine.measure_targets import wrong_value

    if problem := wrong_value("dask", scheduler):
        raise UserError(f"--scheduler: {problem}")
    serve(scheduler, name, _root())


@device.command("schema")
@debug_option
def show_schema(debug: bool) -> None:  # noqa: ARG001 - main has it
    """Print the JSON schema of profile files, for editors that check TOML."""
    from hwlint.profile.schema import schema_text

    emit(schema_text())


def _root() -> Path:
    from hwlint.engine.workspace import find_root

    return find_root(Path.cwd())


def _profiles() -> "ProfileIndex":
    from hwlint.profile import available_profiles

    return available_profiles(_root())


def _draw(draw: "Callable[[Console], None]") -> None:
    """Let something be drawn, in colours on a terminal, and write it without trailing blanks."""
    from rich.console import Console

    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    page = StringIO()
    console = Console(
        file=page,
        width=terminal_width(),
        force_terminal=not plain,
        color_system=None if plain else "standard",
        legacy_windows=False,
    )
    draw(console)
    emit("".join(f"{line.rstrip()}\n" for line in page.getvalue().splitlines()))


def _emit_json(data: object) -> None:
    emit(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def _as_data(profile: "Profile") -> Mapping[str, object]:
    """Return a profile as plain data, without what is not known."""
    import attrs

    return {
        key: value
        for key, value in (
            (key, _known(value)) for key, value in attrs.asdict(profile, recurse=True).items()
        )
        if value is not None
    }


def _known(value: object) -> object:
    if isinstance(value, Mapping):
        inner = {k: _known(v) for k, v in cast("Mapping[str, object]", value).items()}
        kept = {key: item for key, item in inner.items() if item is not None}
        return kept or None
    if isinstance(value, list | tuple):
        return [_known(item) for item in cast("list[object]", value)] or None
    return None if value == "" else value
