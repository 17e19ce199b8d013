"""`[tool.hwlint]` of the closest pyproject.toml, or `hwlint.toml`."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import cast

from hwlint.api import BOUNDS, Budget
from hwlint.engine.errors import UserError
from hwlint.engine.inputs import parse_input
from hwlint.engine.measure_targets import MeasureTarget, read_measure_targets
from hwlint.engine.registry import matches
from hwlint.engine.tomlfile import Table, read_toml, shown
from hwlint.profile.errors import did_you_mean
from hwlint.source.spans import Place

__all__ = [
    "KEYS",
    "LEVELS",
    "MODES",
    "SEVERITIES",
    "Config",
    "ModelConfig",
    "Setting",
    "load_config",
]

SEVERITIES = ("off", "info", "warning", "error")
"""Mildest first."""
LEVELS = SEVERITIES[1:]
MODES = ("inference", "training")


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """`[tool.hwlint.models."pkg/net.py:Net"]`: one way of building a model."""

    args: Mapping[str, object] = field(default_factory=dict[str, object])
    inputs: tuple[tuple[int, ...] | str, ...] = ()
    """Shapes, or texts as `--input` takes them: "input_ids=1x128:int64"."""
    batch: int | None = None
    place: Place | None = None
    """Where the configuration names it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a value in force comes from."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{shown(self.file)}:{self.line}"


@dataclass(frozen=True)
class Config:
    """What is in force for one workspace."""

    devices: tuple[str, ...] = ("h100-sxm",)
    dtype: str | Mapping[str, str] | None = None
    """One for all devices, or by device; None: what the profile says."""
    batch: int = 1
    mode: str = "inference"
    image_size: tuple[int, int] = (224, 224)
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict[str, str])
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict[str, tuple[str, ...]]
    )
    """Pattern of paths, from the folder of the configuration, to rules that are silent there."""
    exclude: tuple[str, ...] = ()
    src: tuple[Path, ...] = ()
    """Folders that imports start from, besides those that are found."""
    python: Path | None = None
    min_coverage: float | None = None
    fail_on: str = "error"
    models: Mapping[str, ModelConfig] = field(default_factory=dict[str, ModelConfig])
    budgets: tuple[Budget, ...] = ()
    targets: Mapping[str, MeasureTarget] = field(default_factory=dict[str, MeasureTarget])
    file: Path | None = None
    """The file that was read; None: only defaults."""
    origins: Mapping[str, Setting] = field(default_factory=dict[str, Setting])
    """By field name, for what a file sets."""

    given: frozenset[str] = frozenset()
    """Names of fields that the command line sets."""

    def ignores(self, path: str, code: str, name: str) -> bool:
        """Whether a rule is silent in a file."""
        if not self.per_file_ignores or self.file is None:
            return False
        folder = self.file.parent.resolve()
        inside = Path(path).is_relative_to(folder)
        shown = Path(path).relative_to(folder).as_posix() if inside else path
        return any(
            (fnmatchcase(shown, pattern) or fnmatchcase(Path(path).name, pattern))
            and any(matches(rule, code, name) for rule in rules)
            for pattern, rules in self.per_file_ignores.items()
        )

    def where(self, name: str) -> str:
        """Say where a field's value comes from."""
        if name in self.given:
            return "command line"
        return str(self.origins[name]) if name in self.origins else "default"


def load_config(root: Path) -> Config:
    """Read the configuration of the workspace at `root`."""
    for folder in (root, *root.parents):
        table = _table_in(folder)
        if table is not None:
            return _config(table, ())
        if (folder / ".git").exists():
            break
    return Config()


def _table_in(folder: Path) -> Table | None:
    if os.path.isfile(folder / "hwlint.toml"):  # noqa: PTH113 - no error for too long a name
        return read_toml(folder / "hwlint.toml")
    if os.path.isfile(folder / "pyproject.toml"):  # noqa: PTH113 - no error for too long a name
        return read_toml(folder / "pyproject.toml", ("tool", "hwlint"))
    return None


def _config(table: Table, trail: tuple[Path, ...]) -> Config:
    base = _extended(table, trail)
    values: dict[str, object] = {}
    origins = dict(base.origins)
    for key, value in table.values.items():
        if key == "extend":
            continue
        if key not in KEYS:
            raise table.error(f'unknown key "{key}"{did_you_mean(key, (*KEYS, "extend"))}', key)
        name = key.replace("-", "_")
        values[name] = KEYS[key](table, key, value)
        origins[name] = Setting(table.file, table.line(key))
    # The names come from `KEYS`, each with the reader that makes the field's type.
    return replace(base, **values, file=table.file, origins=origins)  # pyright: ignore[reportArgumentType]


def _extended(table: Table, trail: tuple[Path, ...]) -> Config:
    if "extend" not in table.values:
        return Config()
    file = (table.file.parent / _string(table, "extend", table.values["extend"])).resolve()
    if file in trail or file == table.file.resolve():
        raise table.error(f'"extend" leads back to {shown(file)}', "extend")
    if not file.is_file():
        raise table.error(f'"extend" names {shown(file)}, which is not there', "extend")
    path = ("tool", "hwlint") if file.name == "pyproject.toml" else ()
    other = read_toml(file, path)
    if other is None:
        raise table.error(f"{shown(file)} has no [tool.hwlint]", "extend")
    return _config(other, (*trail, table.file.resolve()))


def _wrong(table: Table, key: str, wanted: str, given: object, *more: str) -> UserError:
    return table.error(f'"{key}" must be {wanted}, not {_kind(given)}', *(more or (key,)))


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, int | float):
        return str(value)
    return "a list" if isinstance(value, list) else "a table" if isinstance(value, dict) else "that"


def _string(table: Table, key: str, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong(table, key, "a string", value)
    return value


def _strings(table: Table, key: str, value: object) -> tuple[str, ...]:
    items: list[object] = cast("list[object]", value) if isinstance(value, list) else [value]
    strings = tuple(item for item in items if isinstance(item, str))
    if len(strings) != len(items):
        raise table.error(f'"{key}" must be a list of strings', key)
    return strings


def _devices(table: Table, key: str, value: object) -> tuple[str, ...]:
    devices = _strings(table, key, value)
    if not devices:
        raise table.error('"devices" is empty: name at least one device', key)
    return tuple(dict.fromkeys(devices))


def _dtype(table: Table, key: str, value: object) -> str | Mapping[str, str]:
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        raise _wrong(table, key, "a string or a table by device", value)
    by_device = cast("dict[str, object]", value)
    for device, dtype in by_device.items():
        if not isinstance(dtype, str):
            raise _wrong(table, f"{key}.{device}", "a string", dtype, key, device)
    return cast("dict[str, str]", by_device)


def _count(table: Table, key: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise _wrong(table, key, "a whole number from 1 up", value)
    return value


def _choice(*choices: str) -> Callable[[Table, str, object], str]:
    def read(table: Table, key: str, value: object) -> str:
        if value not in choices:
            raise _wrong(table, key, " or ".join(f'"{c}"' for c in choices), value)
        return cast("str", value)

    return read


def _size(table: Table, key: str, value: object) -> tuple[int, int]:
    sides = cast("list[object]", value) if isinstance(value, list) else [value, value]
    good = [s for s in sides if isinstance(s, int) and not isinstance(s, bool) and s > 0]
    if len(good) != len(sides) or len(sides) != 2:
        raise table.error(f'"{key}" must be a whole number or [height, width]', key)
    return (good[0], good[1])


def _percent(table: Table, key: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 100:
        raise _wrong(table, key, "a number from 0 to 100", value)
    return float(value)


def _severity(table: Table, key: str, value: object) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise _wrong(table, key, "a table from rule to severity", value)
    levels = cast("dict[str, object]", value)
    for rule, level in levels.items():
        if level not in SEVERITIES:
            wanted = ", ".join(f'"{s}"' for s in SEVERITIES)
            raise _wrong(table, f"{key}.{rule}", f"one of {wanted}", level, key, rule)
    return cast("dict[str, str]", levels)


def _ignores(table: Table, key: str, value: object) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise _wrong(table, key, "a table from pattern to rules", value)
    patterns = cast("dict[str, object]", value)
    return {pattern: _strings(table, key, rules) for pattern, rules in patterns.items()}


def _path(table: Table, key: str, value: object) -> Path:
    return table.file.parent / Path(_string(table, key, value)).expanduser()


def _folders(table: Table, key: str, value: object) -> tuple[Path, ...]:
    return tuple((table.file.parent / part).resolve() for part in _strings(table, key, value))


def _models(table: Table, key: str, value: object) -> Mapping[str, ModelConfig]:
    if not isinstance(value, dict):
        raise _wrong(table, key, "a table of models", value)
    models = cast("dict[str, object]", value)
    return {name: _model(table, name, given) for name, given in models.items()}


def _model(table: Table, name: str, given: object) -> ModelConfig:
    if not isinstance(given, dict):
        raise _wrong(table, f"models.{name}", "a table", given, "models", name)
    inner = Table(
        table.file, (*table.path, "models", name), cast("dict[str, object]", given), table.text
    )
    for key in inner.values:
        if key not in ("args", "inputs", "batch"):
            near = did_you_mean(key, ("args", "inputs", "batch"))
            raise inner.error(f'unknown key "{key}"{near}', key)
    args = inner.values.get("args", {})
    if not isinstance(args, dict):
        raise _wrong(inner, "args", "a table of build arguments", args)
    batch = _count(inner, "batch", inner.values["batch"]) if "batch" in inner.values else None
    return ModelConfig(cast("dict[str, object]", args), _shapes(inner), batch, _place(inner))


def _shapes(table: Table) -> tuple[tuple[int, ...] | str, ...]:
    value = table.values.get("inputs", [])
    shapes = cast("list[object]", value) if isinstance(value, list) else [value]
    found: list[tuple[int, ...] | str] = []
    for shape in shapes:
        if isinstance(shape, str):
            try:
                parse_input(shape)
            except UserError as problem:
                raise table.error(str(problem), "inputs") from None
            found.append(shape)
            continue
        sizes = cast("list[object]", shape) if isinstance(shape, list) else [None]
        good = tuple(s for s in sizes if isinstance(s, int) and not isinstance(s, bool) and s > 0)
        if len(good) != len(sizes):
            raise table.error('"inputs" must be a list of shapes: [[1, 3, 224, 224]]', "inputs")
        found.append(good)
    return tuple(found)


def _budgets(table: Table, key: str, value: object) -> tuple[Budget, ...]:
    if not isinstance(value, list):
        raise _wrong(table, key, "a list of tables, each under [[tool.hwlint.budgets]]", value)
    items = cast("list[object]", value)
    return tuple(_budget(table, number, given) for number, given in enumerate(items))


def _budget(table: Table, number: int, given: object) -> Budget:
    if not isinstance(given, dict):
        raise _wrong(table, "budgets", "a list of tables", given)
    path = (*table.path, "budgets", number)
    inner = Table(table.file, path, cast("dict[str, object]", given), table.text)
    for key in inner.values:
        if key not in (*_NAMES, *BOUNDS):
            near = did_you_mean(key, (*_NAMES, *BOUNDS))
            raise inner.error(f'unknown key "{key}"{near}', key)
    for key in _NAMES:
        if key not in inner.values:
            raise inner.error(f'a budget needs "{key}"')
    model, device = (_string(inner, key, inner.values[key]) for key in _NAMES)
    amounts = {k: _amount(inner, k, inner.values[k]) for k in BOUNDS if k in inner.values}
    if not amounts:
        raise inner.error(f"a budget needs one of {', '.join(BOUNDS)}")
    return Budget(model, device, _place(inner), **amounts)


_NAMES = ("model", "device")


def _place(table: Table) -> Place:
    line = table.line() - 1
    return Place(str(table.file), line, 0, line, 0)


def _amount(table: Table, key: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or value <= 0:
        raise _wrong(table, key, "a number above 0", value)
    return float(value)


KEYS: Mapping[str, Callable[[Table, str, object], object]] = {
    "devices": _devices,
    "dtype": _dtype,
    "batch": _count,
    "mode": _choice(*MODES),
    "image-size": _size,
    "select": _strings,
    "ignore": _strings,
    "severity": _severity,
    "per-file-ignores": _ignores,
    "exclude": _strings,
    "src": _folders,
    "python": _path,
    "min-coverage": _percent,
    "fail-on": _choice(*LEVELS),
    "models": _models,
    "budgets": _budgets,
    "targets": read_measure_targets,
}
"""How the value of each key is read; `config_schema.py` describes them for editors."""
