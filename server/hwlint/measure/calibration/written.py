"""A calibration as the text of a profile."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import attrs
from attrs import frozen

from hwlint.measure.calibration.cases import Case
from hwlint.measure.calibration.fitting import Curves, Times
from hwlint.measure.calibration.pairs import Pair, pairs_of
from hwlint.profile import Tile

__all__ = ["MARK", "Made", "profile_text"]

MARK = "# Written by `hwlint device calibrate"


@frozen
class Made:
    """What was made of a calibration, and how."""

    name: str
    command: str
    """The command line that repeats it."""
    date: str
    runner: str
    dtype: str
    """In the words of profiles: "fp32"."""
    threads: int
    environment: Mapping[str, str]
    extends: tuple[str, ...]
    kind: str
    tiles: tuple[Tile, ...]
    """Of what is extended."""
    curves: Curves
    times: Times
    visits: int


def profile_text(made: Made, cases: Sequence[Case]) -> str:
    """Return the TOML of the profile."""
    source = [f"source = {_text(_source(made))}", 'evidence = "measured"']
    processor = made.environment.get("processor", "this machine")
    title = f"{processor}, {made.runner} {_version(made)}, {made.threads} threads"
    lines = [
        f"{MARK}`. What was timed is in {made.name}.json.",
        f"extends = {_text(list(made.extends))}",
        f"name = {_text(title)}",
        f"kind = {_text(made.kind)}",
        f"default_dtype = {_text(made.dtype)}",
    ]
    if made.curves.tiles:  # a list replaces the one that is extended
        lines += (line for tile in made.tiles for line in ("", "[[tiles]]", *_fields(tile)))
    for tile in made.curves.tiles:
        lines += ["", "[[tiles]]", *_fields(tile, _TOLD), *source]
    if made.runner == "onnxruntime":  # what torch makes one kernel of is known from its source
        lines += ["", "[fusion]", *_fusion(list(pairs_of(cases, made.times))), *source]
    for head, values in _rates(made, cases):
        lines += ["", f"[{head}]", *values, *source]
    table = f"calibrated.{made.dtype}"
    lines += [
        "",
        f"[{table}]",
        f"runner = {_text(made.runner)}",
        f"threads = {made.threads}",
        f"us_between = {made.curves.us_between:.4g}",
        *source,
    ]
    for part, curves in (("products", made.curves.products), ("passes", made.curves.passes)):
        for curve in curves:
            lines += ["", f"[[{table}.{part}]]", *_fields(curve)]
    return "\n".join(lines) + "\n"


def _fusion(pairs: Sequence[Pair]) -> Iterator[str]:
    """Batch norms and activations that cost next to nothing behind a layer."""
    fused = [pair for pair in pairs if pair.fused]
    folds = dict.fromkeys(pair.before[-1] for pair in fused if pair.layer == "BatchNorm2d")
    yield f"batch_norm_folds_into = {_text([one for one in folds if one in _HEADS])}"
    behind: dict[str, list[str]] = {}
    for pair in fused:
        if pair.layer in _ACTIVATIONS and pair.before[0] in _HEADS:
            behind.setdefault(pair.before[0], []).append(pair.layer)
    tables = [
        f"{{ producers = {_text([head])}, activations = {_text(sorted(set(members)))} }}"
        for head, members in behind.items()
    ]
    yield f"activations = [{', '.join(tables)}]"


_HEADS = ("Conv2d", "Linear")
_ACTIVATIONS = ("ReLU", "ReLU6", "Hardswish", "GELU", "SiLU", "Tanh")


def _source(made: Made) -> str:
    said = made.environment
    machine = ", ".join(said[key] for key in ("processor", "system") if key in said)
    return (
        f"{made.command} on {made.date}: {made.curves.timed} operations, {made.visits} visits; "
        f"{made.runner} {_version(made)}, Python {said.get('python', '?')}, {machine}"
    )


def _version(made: Made) -> str:
    package = "onnxruntime" if made.runner == "onnxruntime" else "torch"
    return made.environment.get(package, "")


def _rates(made: Made, cases: Sequence[Case]) -> Iterator[tuple[str, list[str]]]:
    """The rates that the best of what was timed has reached."""
    known = [(case, made.times[case.id]) for case in cases if case.id in made.times]
    rates = [2 * c.product.macs / s / 1e12 for c, s in known if c.product is not None]
    if rates:
        yield "achievable", [f"tops = {{ {made.dtype} = {max(rates):.4g} }}"]
    moved = [
        12 * case.items / s / 1e9
        for case, s in known
        if case.function in ("add", "mul") and case.items >= _LARGE
    ]
    if moved:
        yield "memory", [f"bandwidth_gb_s = {max(moved):.4g}"]
    starts = sorted(curve.points[0][1] for curve in made.curves.passes)
    if starts:
        yield "dispatch", [f"kernel_us = {starts[len(starts) // 2]:.4g}"]


_LARGE = 1 << 22
"""Items from which on a sum of two tensors (three times four bytes each) is about memory."""


_TOLD = frozenset({"source", "evidence", "note"})


def _fields(curve: attrs.AttrsInstance, without: frozenset[str] = frozenset()) -> Iterator[str]:
    """Keys of one table, without what is as it is anyhow."""
    for field in attrs.fields(type(curve)):
        value = getattr(curve, field.name)
        if value != field.default and field.name not in without:
            yield f"{field.name} = {_value(value)}"


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.5g}" if "." in f"{value:.5g}" or "e" in f"{value:.5g}" else f"{value:.1f}"
    if isinstance(value, tuple):
        items = cast("tuple[object, ...]", value)
        if items and isinstance(items[0], tuple):
            return "[\n" + "".join(f"    {_value(item)},\n" for item in items) + "]"
        return f"[{', '.join(_value(item) for item in items)}]"
    return _text(value)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
