"""Measurements for people and for programs: a table, one as a card, JSON, CSV."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from typing import cast

from hwlint.measure.job import Input, as_json
from hwlint.measure.store import Measurement
from hwlint.report.words import count

__all__ = ["as_data", "card", "everything", "for_fit", "seconds", "table"]

_HEAD = ("ID", "taken", "place", "target", "runner", "dtype", "median", "IQR")
_HOTTEST = 10


def table(found: Sequence[Measurement], total: int) -> str:
    """Return a line for each, and how many more there are."""
    if not found:
        return "No measurements: `hwlint measure FILE:Class` makes one.\n"
    rows = [_HEAD, *(_row(each) for each in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    if total > len(found):
        lines += ["", f"{len(found)} of {count(total, 'measurement')}: --most shows more."]
    return "\n".join(lines) + "\n"


def _row(found: Measurement) -> tuple[str, ...]:
    job, result = found.job, found.result
    spread = f"{100 * result.spread:.1f} %" if result.spread is not None else ""
    spread = job.claim if job.is_estimate else spread
    taken = f"{found.taken.astimezone():%Y-%m-%d %H:%M}"
    median = seconds(found.median_s)
    return (f"{found.id}", taken, job.place, found.target, job.runner, job.dtype, median, spread)


def seconds(value: float) -> str:
    """Return a time in the unit that suits it, to four figures."""
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if value * scale >= 1:
            return f"{value * scale:.4g} {unit}"
    return f"{value * 1e9:.4g} ns"


def card(found: Measurement) -> str:
    """Return one measurement in full."""
    rows = [(label, value) for label, value in _facts(found) if value]
    width = max(len(label) for label, _ in rows)
    lines = [found.job.place, "", *(f"{label:{width}}  {value}" for label, value in rows)]
    if operators := _operators(found):
        lines += ["", f"where the time goes, {_HOTTEST} operators at most:", *operators]
    lines += ["", *(f"note: {note}" for note in found.result.notes)]
    return "\n".join(lines).rstrip() + "\n"


def _facts(found: Measurement) -> Iterator[tuple[str, str]]:
    job, result = found.job, found.result
    profile = f" ({found.profile})" if found.profile else ""
    yield (
        "estimated" if job.is_estimate else "measured",
        f"{found.taken.astimezone():%Y-%m-%d %H:%M:%S %Z}",
    )
    yield "target", f"{found.target}{profile}"
    yield "machine", found.device
    yield "runner", f"{job.runner} on {job.device}: {found.versions}"
    yield "built by", job.context
    yield "commit", job.commit
    yield "inputs", ";".join(_input(each) for each in job.inputs)
    yield "dtype", job.dtype
    yield "threads", f"{job.threads}"
    yield job.claim if job.is_estimate else "median", seconds(found.median_s)
    yield "interquartile range", _time(result.iqr_s)
    yield "10 % and 90 %", " to ".join(filter(None, map(_time, (result.p10_s, result.p90_s))))
    runs = f" of {count(result.runs_per_sample, 'run')}" if result.runs_per_sample != 1 else ""
    counted = f"{len(result.samples)}{runs}, after {count(result.warmup_runs, 'run')}"
    yield "samples", "" if job.is_estimate else counted
    yield "cycles", "" if result.cycles is None else f"{result.cycles:,.0f}"
    yield "compiling", _time(result.compile_s)
    yield (
        "SRAM" if job.is_estimate else "peak memory",
        "" if result.peak_bytes is None else f"{result.peak_bytes / 1e6:,.1f} MB",
    )
    yield "flash", "" if result.flash_bytes is None else f"{result.flash_bytes / 1e6:,.1f} MB"
    yield "on the host", ", ".join(each.name for each in result.on_host)
    yield "energy", "" if result.energy_j is None else f"{1e3 * result.energy_j:.4g} mJ a run"
    reached = result.achieved_bandwidth
    yield "bandwidth", "" if reached is None else f"{reached / 1e9:.4g} GB/s"
    yield from result.environment.items()


def _operators(found: Measurement) -> list[str]:
    hottest = sorted(found.result.operators, key=lambda each: -each.seconds)[:_HOTTEST]
    return [
        f"{seconds(each.seconds):>10}  {each.name}  {each.module or each.node}".rstrip()
        for each in hottest
    ]


def _time(value: float | None) -> str:
    return "" if value is None else seconds(value)


def as_data(found: Measurement) -> Mapping[str, object]:
    """Return one as plain data, in short."""
    job, result = found.job, found.result
    return {
        "id": found.id,
        "kind": job.claim,
        "taken": found.taken.isoformat(),
        "place": job.place,
        "context": job.context,
        "commit": job.commit or None,
        "target": found.target,
        "profile": found.profile,
        "device": found.device,
        "runner": job.runner,
        "versions": found.versions,
        "dtype": job.dtype,
        "median_s": result.median_s,
        "iqr_s": result.iqr_s,
    }


def everything(found: Measurement) -> Mapping[str, object]:
    """Return all of one as plain data."""
    job = cast("Mapping[str, object]", json.loads(as_json(found.job)))
    result = cast("Mapping[str, object]", json.loads(as_json(found.result)))
    return {**as_data(found), "job": job, "result": result}


def for_fit(found: Sequence[Measurement]) -> str:
    """Return the CSV that `device fit` reads: what was measured, and no compiler's estimate."""
    text = StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("place", "latency_ms", "input"))
    for each in found:
        if each.job.is_estimate:
            continue
        inputs = ";".join(_input(given) for given in each.job.inputs)
        rows.writerow((each.job.place, f"{1e3 * each.median_s:.6g}", inputs))
    return text.getvalue()


def _input(given: Input) -> str:
    """Write an input as `--input` takes it."""
    name = f"{given.name}=" if given.name else ""
    shape = "x".join(map(str, given.shape)) or "scalar"
    dtype = "" if given.dtype == "float32" else f":{given.dtype}"
    return f"{name}{shape}{dtype}"
