"""What a profile says, as lines for people: a label, a value, and the group that vouches for it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, cast

from hwlint.profile import (
    Achievable,
    Calibrated,
    Cliff,
    Compute,
    Core,
    Dispatch,
    Effort,
    Energy,
    Fit,
    Layout,
    Limit,
    MatrixUnit,
    Measurement,
    Memory,
    MemoryLevel,
    Operators,
    Power,
    Profile,
    Sourced,
    Tile,
    Wave,
)

__all__ = ["Row", "hardware", "measurements", "shapes", "software"]


class Row(NamedTuple):
    """One line of a card."""

    label: str
    value: str
    group: Sourced


def hardware(profile: Profile) -> Iterator[Row]:
    """Yield cores, memory, rates, power."""
    if profile.core is not None:
        yield Row("core", _core(profile.core), profile.core)
    if profile.matrix_unit is not None:
        yield Row("matrix unit", _matrix_unit(profile.matrix_unit), profile.matrix_unit)
    if profile.memory is not None:
        yield from _memory(profile.memory)
    yield from _rates(profile.peak, profile.achievable)
    if profile.effort is not None:
        yield Row("effort", _effort(profile.effort), profile.effort)
    if profile.dispatch is not None:
        yield Row("dispatch", _dispatch(profile.dispatch), profile.dispatch)
    if profile.power is not None:
        yield Row("power", _power(profile.power), profile.power)
    if profile.energy is not None:
        yield Row("energy", _energy(profile.energy), profile.energy)
    for dtype, fit in profile.fits.items():
        yield Row(f"fitted in {dtype}", _fit(fit), fit)
    for dtype, found in profile.calibrated.items():
        yield Row(f"timed in {dtype}", _calibrated(found), found)


def shapes(profile: Profile) -> Iterator[Row]:
    """Yield tiles, cliffs, layouts, waves."""
    for tile in profile.tiles:
        yield Row(_about(tile), _tile(tile), tile)
    for cliff in profile.cliffs:
        yield Row(f"cliff: {_about(cliff)}", _cliff(cliff), cliff)
    for layout in profile.layouts:
        yield Row(f"stored: {layout.axis}", _layout(layout), layout)
    if profile.wave is not None:
        yield Row("wave", _wave(profile.wave), profile.wave)


def software(profile: Profile) -> Iterator[Row]:
    """Yield what the deploy path asks for, runs, bounds and fuses."""
    if (asked := profile.requirements) is not None:
        yield Row("asks for", _flags(asked), asked)
    for dtype, operators in profile.operators.items():
        yield from _operators(dtype, operators)
    for limit in profile.limits:
        label = f"limit: {', '.join(limit.operators)}"
        yield Row(label, _limit(limit), limit)
    if (fusion := profile.fusion) is not None:
        yield Row("fusion", _flags(fusion), fusion)
        for fused in fusion.activations:
            text = f"{', '.join(fused.activations)} after {', '.join(fused.producers)}"
            yield Row("fused", f"{text}{_in(fused.dtypes)}", fused)
        for pattern in fusion.patterns:
            when = f" ({pattern.condition})" if pattern.condition else ""
            yield Row("fused", f"{', '.join(pattern.sequence)}{when}", pattern)
    if profile.sparsity is not None:
        yield Row("sparsity", _flags(profile.sparsity), profile.sparsity)


def measurements(profile: Profile) -> Iterator[Row]:
    """Yield what others have timed, and what no field holds."""
    for row in profile.measurements:
        yield Row(row.model, _measurement(row), row)
    for remark in profile.remarks:
        yield Row("remark", remark.text, remark)


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(part for part in parts if part)


def _number(value: float | None, before: str = "", after: str = "") -> str:
    return f"{before}{value:,.10g}{after}" if value is not None else ""


def _each(values: Mapping[str, float], after: str = "") -> str:
    text = ", ".join(f"{key} {value:g}" for key, value in values.items())
    return f"{text}{after}" if text else ""


def _in(dtypes: tuple[str, ...]) -> str:
    return f" in {', '.join(dtypes)}" if dtypes else ""


def _flags(group: Sourced) -> str:
    """Say a group of plain fields by their names: "static shapes: yes; batch max: 4096"."""
    import attrs

    told = attrs.fields_dict(Sourced)
    names = [name for name in attrs.fields_dict(type(group)) if name not in told]
    said = ((name.replace("_", " "), _plain(getattr(group, name))) for name in names)
    return "; ".join(f"{name}: {text}" for name, text in said if text)


def _plain(value: object) -> str:
    """Say a value; nothing of what is unknown, and of groups that have lines of their own."""
    if value is None or isinstance(value, Sourced):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return _joined(_plain(item) for item in cast("tuple[object, ...]", value))
    if isinstance(value, Mapping):
        table = cast("Mapping[str, object]", value)
        return _joined(f"{key} {_plain(item)}" for key, item in table.items())
    return f"{value:g}" if isinstance(value, float) else str(value)


def _core(core: Core) -> str:
    floats = core.floats
    return _joined(
        (
            core.architecture or "",
            _number(core.count, after=" core" if core.count == 1 else " cores"),
            _number(core.clock_mhz, after=" MHz"),
            f"vector: {core.vector}" if core.vector else "",
            "" if floats is None else f"floats: {', '.join(floats) or 'none'}",
        )
    )


_ELSE = {
    "padded": "the rest is padding",
    "slower": "else a slower kernel",
    "priced": "else as the estimate says",
}


def _matrix_unit(unit: MatrixUnit) -> str:
    return _flags(unit)


def _memory(memory: Memory) -> Iterator[Row]:
    text = _joined(
        (
            memory.dram or "",
            _number(memory.dram_gb, after=" GB"),
            _number(memory.bandwidth_gb_s, after=" GB/s"),
            "shared" if memory.shared else "",
            _number(memory.l2_mib, "L2 ", " MiB"),
            _number(memory.l1_kib_per_core, "L1 ", " KiB a core"),
            _number(memory.sram_kib, "SRAM ", " KiB"),
            _number(memory.flash_kib, "flash ", " KiB"),
            _number(memory.port_bytes_per_cycle, after=" bytes a cycle and port"),
            f"arenas of {_plain(memory.arena_kib)} KiB" if memory.arena_kib else "",
        )
    )
    yield Row("memory", text or "sizes unknown", memory)
    for level in memory.levels:
        yield Row(level.name, _level(level), level)


def _level(level: MemoryLevel) -> str:
    return _joined(
        (
            _number(level.kib, after=" KiB" + (" a core" if level.per == "core" else "")),
            _number(level.bandwidth_gb_s, after=" GB/s"),
            f"for {' and '.join(level.holds)}" if level.holds else "",
        )
    )


def _rates(peak: Compute | None, achievable: Achievable | None) -> Iterator[Row]:
    if peak is not None:
        yield Row("peak", _peak(peak), peak)
    if achievable is not None:
        shares = {kind: 100 * share for kind, share in achievable.peak_share.items()}
        text = _joined(
            (
                _each(achievable.tops, " TOPS"),
                _each(achievable.cycles_per_mac, " cycles per multiply-accumulate"),
                _each(shares, " % of the peak at most"),
            )
        )
        yield Row("reached", text, achievable)


def _peak(peak: Compute) -> str:
    return _joined(
        (
            _each(peak.tops, " TOPS"),
            _each(peak.two_four_tops, " with two zeros in four"),
            _each(peak.fp16_accumulate_tops, " with sums in fp16"),
            _number(peak.headline_tops, after=" advertised"),
            f"not {', '.join(peak.not_native)}" if peak.not_native else "",
            _number(peak.macs_per_cycle, after=" multiply-accumulates a cycle"),
            _each(peak.core_ops_per_cycle, " operations a core and cycle"),
        )
    )


def _calibrated(found: Calibrated) -> str:
    kinds = dict.fromkeys(kind for curve in found.products for kind in curve.layers)
    functions = [name for one in found.passes for name in one.functions]
    return _joined(
        (
            f"{found.runner}, {found.threads} threads",
            ", ".join(kinds),
            f"{len(functions)} functions",
        )
    )


def _effort(effort: Effort) -> str:
    relative = {str(kind): times for kind, times in effort.relative.items()}
    finishing = _number(effort.per_output or None, after=" for each output")
    return _joined((_each(relative, " times a convolution's"), finishing))


def _dispatch(dispatch: Dispatch) -> str:
    return _joined(
        (
            _number(dispatch.kernel_us, after=" µs a kernel"),
            _number(dispatch.graph_kernel_us, after=" µs inside a recorded graph"),
        )
    )


def _power(power: Power) -> str:
    return _joined(
        (
            _number(power.tdp_w, after=" W"),
            f"modes of {_plain(power.modes_w)} W" if power.modes_w else "",
            _number(power.active_w, after=" W while a model runs"),
            _number(power.tops_per_w, after=" TOPS per watt"),
        )
    )


def _energy(energy: Energy) -> str:
    low_high = " to ".join(f"{gain:g}" for gain in energy.per_watt_against_gpu)
    return _joined(
        (
            _each(energy.pj_per_op, " pJ per operation"),
            _each(energy.pj_per_byte, " pJ per byte"),
            f"from cheap to dear: {', '.join(energy.order)}" if energy.order else "",
            f"{low_high} times the GPU's work per watt" if low_high else "",
        )
    )


def _fit(fit: Fit) -> str:
    error = _number(100 * fit.mape, after=" % mean error") if fit.mape is not None else ""
    return _joined(
        (
            _number(fit.ms_per_gop, after=" ms per 10^9 operations"),
            _number(fit.ms_per_mb, after=" ms per MB"),
            _number(fit.ms_per_kernel, after=" ms per kernel"),
            _number(fit.ms, after=" ms"),
            f"{fit.samples} models",
            error,
        )
    )


def _about(group: Tile | Cliff) -> str:
    kernel = f" {group.kernel}" if group.kernel != "any" else ""
    return f"{', '.join(group.layers)}{kernel}: {', '.join(group.operands)}"


def _tile(tile: Tile) -> str:
    best = f", best {tile.recommended}" if tile.recommended not in (None, tile.minimum) else ""
    else_ = _ELSE[tile.effect]
    return f"{', '.join(tile.dtypes)}: multiples of {tile.minimum}{best}; {else_}"


def _cliff(cliff: Cliff) -> str:
    extra = [f"{100 * share:.0f} %" for share in cliff.extra]
    steps = [f"after {at}" for at in cliff.at]
    if extra:
        steps = [f"{step} +{share}" for step, share in zip(steps, extra, strict=True)]
    step = f"; in steps of {cliff.step}" if cliff.step is not None else ""
    when = f" ({cliff.condition})" if cliff.condition else ""
    return f"{', '.join(cliff.dtypes)}: {', '.join(steps)}{step}{when}"


def _layout(layout: Layout) -> str:
    name = f" ({layout.format})" if layout.format else ""
    return f"{', '.join(layout.dtypes)}: filled up to {layout.elements}{name}"


def _wave(wave: Wave) -> str:
    return f"blocks of {wave.rows} x {wave.columns}"


def _operators(dtype: str, operators: Operators) -> Iterator[Row]:
    for support in ("native", "fused", "decomposed", "float", "none"):
        names = [name for name, how in operators.support.items() if how == support]
        names += [f"{name}()" for name, how in operators.functions.items() if how == support]
        if names:
            yield Row(f"{dtype}: {_SUPPORT[support]}", ", ".join(names), operators)
    if operators.int4_weights:
        yield Row(f"{dtype}: 4-bit weights", ", ".join(operators.int4_weights), operators)


_SUPPORT = {
    "native": "native",
    "fused": "fused",
    "decomposed": "in parts",
    "float": "in float",
    "none": "not at all",
}


def _limit(limit: Limit) -> str:
    bounds = _joined(
        (
            _number(limit.minimum, "at least "),
            _number(limit.maximum, "at most "),
            _number(limit.multiple, "a multiple of "),
            f"one of {_plain(limit.allowed)}" if limit.allowed else "",
        )
    )
    when = f" ({limit.condition})" if limit.condition else ""
    return f"{limit.property.replace('_', ' ')} {bounds}{_in(limit.dtypes)}{when}"


def _measurement(row: Measurement) -> str:
    return _joined(
        (
            f"{row.dtype}, {row.runtime}",
            _number(row.latency_ms, after=" ms"),
            _number(row.per_second, after=" a second"),
            _number(row.cycles, after=" cycles"),
            _number(row.energy_uj, after=" µJ"),
            _number(row.threads, after=" threads"),
            f"batch {row.batch}" if row.batch != 1 else "",
        )
    )
