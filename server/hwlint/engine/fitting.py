"""`device fit`: from a table of measured models to a project profile."""

import csv
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hwlint.cost import (
    LEAST,
    Accuracy,
    Amounts,
    Coefficients,
    Sample,
    amounts,
    cross_validated,
    fit,
    fit_flops,
    unknown_of,
)
from hwlint.engine.errors import UserError
from hwlint.engine.inputs import parse_input
from hwlint.engine.inspection import Inspected, inspect
from hwlint.engine.run import Options
from hwlint.graph import ModelGraph
from hwlint.profile import Profile
from hwlint.reader import ForwardOptions

__all__ = ["Fitting", "fit_device", "write_profile"]

_COLUMNS = ("place", "latency_ms", "input")
_MARK = "# Written by `hwlint device fit"


@dataclass(frozen=True)
class Fitting:
    """What a table of measurements came to."""

    coefficients: Coefficients
    ours: Accuracy
    """Each model foretold by a fit to all others."""
    flops: Accuracy
    """The same of FLOPs and a constant."""


@dataclass(frozen=True, slots=True)
class _Timed:
    """One row of the table."""

    line: int
    place: str
    ms: float
    inputs: str


@dataclass(frozen=True)
class _Measure:
    """What is wanted of a graph; runs in the process that reads."""

    profile: Profile
    dtype: str
    module: str

    def __call__(self, graph: ModelGraph) -> "tuple[Amounts, int] | str":
        found = amounts(graph, self.profile, self.dtype, self.module)
        if found is None or graph.flow is None:
            return unknown_of(graph) or f"{self.dtype} has no known size"
        if not found.kernels:
            return f"nothing runs in {self.module!r}"
        return found, graph.flow.macs or 0


def fit_device(profile: Profile, dtype: str, file: Path, options: Options | None = None) -> Fitting:
    """Read the measured models and fit. Raises `UserError` that names file and line."""
    rows = list(_rows(file))
    if len(rows) < LEAST:
        raise UserError(f"{file}: {len(rows)} rows; a fit takes at least {LEAST}")
    samples = [_sample(row, file, profile, dtype, options or Options()) for row in rows]
    try:
        found = fit(samples)
        ours = cross_validated(samples, lambda some: fit(some).predict)
        flops = cross_validated(samples, fit_flops)
    except ValueError as error:
        raise UserError(f"{file}: {error}: the models are too much alike") from error
    return Fitting(found, ours, flops)


def _rows(file: Path) -> Iterator[_Timed]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            table = csv.reader(text)
            head = [name.strip() for name in next(table, list[str]())]
            _check_head(head, file)
            for cells in table:
                if any(cell.strip() for cell in cells):
                    yield _row(dict(zip(head, cells, strict=False)), file, table.line_num)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{file}: cannot be read: {error}") from error


def _check_head(head: Sequence[str], file: Path) -> None:
    for name in _COLUMNS[:2]:
        if name not in head:
            raise UserError(f'{file}:1: no column "{name}"; columns are {", ".join(_COLUMNS)}')
    unknown = [name for name in head if name not in _COLUMNS]
    if unknown:
        known = ", ".join(_COLUMNS)
        raise UserError(f'{file}:1: unknown column "{unknown[0]}"; columns are {known}')


def _row(cells: dict[str, str], file: Path, line: int) -> _Timed:
    place, text = cells.get("place", "").strip(), cells.get("latency_ms", "").strip()
    try:
        ms = float(text)
    except ValueError:
        ms = math.nan
    if not place:
        raise UserError(f"{file}:{line}: no place; say FILE:Class or FILE:factory")
    if not (0 < ms < math.inf):
        raise UserError(f"{file}:{line}: latency_ms must be a number above zero, not {text!r}")
    return _Timed(line, place, ms, cells.get("input", "").strip())


def _sample(row: _Timed, file: Path, profile: Profile, dtype: str, options: Options) -> Sample:
    place, _, module = row.place.partition("#")
    where = f"{file}:{row.line}"
    try:
        given = tuple(parse_input(text) for text in row.inputs.split(";") if text.strip())
        show = _Measure(profile, dtype, module)
        results = inspect(place, options, show, forward=ForwardOptions(given))
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
    found, macs = _one(results, where, row.place)
    return Sample(found, 2.0 * macs, row.ms)


def _one(
    results: "list[Inspected[tuple[Amounts, int] | str]]", where: str, place: str
) -> tuple[Amounts, int]:
    """The one way in which the place is built. Several that come to the same are one."""
    shown = [found for result in results for found in result.shown]
    known = {found for found in shown if not isinstance(found, str)}
    if len(known) > 1:
        raise UserError(
            f"{where}: {place} is built in several ways; name a factory without choices"
        )
    if not known:
        why = next((found for found in shown if isinstance(found, str)), "it builds no model")
        raise UserError(f"{where}: {place}: {why}")
    return next(iter(known))


def write_profile(
    folder: Path, name: str, base: Profile, dtype: str, file: Path, fitting: Fitting
) -> Path:
    """Write `.hwlint/profiles/NAME.toml` below the project's root; return its path.

    Raises:
        UserError: Where a file of that name was written by somebody else.
    """
    path = folder / ".hwlint" / "profiles" / f"{name}.toml"
    if path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(_MARK):
        raise UserError(f"{path} was not written by `device fit`; choose another name with --name")
    found, ours = fitting.coefficients, fitting.ours
    lines = [
        f"{_MARK}`: {file.name}, {ours.samples} models.",
        f"extends = {json.dumps(base.id)}",
        f"name = {json.dumps(f'{base.name}, fitted to {file.name}', ensure_ascii=False)}",
        f"default_dtype = {json.dumps(dtype)}",
        "",
        f"[fits.{dtype}]",
        *(f"{key} = {value:.6g}" for key, value in found._asdict().items()),
        f"samples = {ours.samples}",
        f"mape = {ours.mape:.4f}",
        f"source = {json.dumps(f'{file.as_posix()} ({ours.samples} models)', ensure_ascii=False)}",
        'evidence = "measured"',
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
