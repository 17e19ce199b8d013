"""What was measured, for people."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from hwlint.measure.compare import Comparison
from hwlint.measure.job import Failure, Job, Result
from hwlint.measure.operators import Line
from hwlint.report.costs import amount, duration, energy
from hwlint.report.lines import clean, source_line, spot

__all__ = ["comparison_text", "failure_text", "result_text"]

_LINES = 8
"""Source lines that are shown."""
_SPREAD = 0.25
"""Interquartile range over median from which a time is called unsteady, as torch.utils.benchmark
does ("significant environmental influence")."""
_CODE = 60
_COMPILERS = ("vela", "executorch", "torch")


def result_text(
    job: Job,
    result: Result,
    lines: Sequence[Line],
    base: Path,
    *,
    bandwidth: float | None = None,
    host: Sequence[Line] = (),
) -> str:
    """Return the report of one measurement.

    Args:
        job: What was to be measured.
        result: What came of it.
        lines: What the lines of the source take.
        base: The folder that paths are relative to.
        bandwidth: What the device can do, in bytes a second.
        host: Lines of what a compiler leaves to the host.
    """
    times = _compiled(result) if job.is_estimate else [*_times(result), *_more(result, bandwidth)]
    parts = [_head(job), *times]
    if lines:
        parts += ["", *_table(lines, base)]
    if host:
        parts += ["", "  on the host, and in no number above:", *_host(host, base)]
    return "".join(f"{clean(part)}\n" for part in [*parts, *_notes(result)])


def _head(job: Job) -> str:
    shapes = ", ".join("x".join(map(str, i.shape)) or "scalar" for i in job.inputs)
    by = f"{job.claim} by {job.runner}" + (f" for {job.device}" if job.is_estimate else "")
    return f"{job.place}   input {shapes}   {job.dtype}   {by}"


def _compiled(result: Result) -> Iterator[str]:
    """Yield what a compiler says: one number each, no samples."""
    assert result.median_s is not None
    told = result.environment
    cycles = ""
    if result.cycles is not None:
        cycles = f"   {result.cycles:,.0f} cycles at {told.get('clock_mhz', '?')} MHz"
    yield f"  {duration(result.median_s)}{cycles}"
    sizes = {"SRAM": result.peak_bytes, "flash": result.flash_bytes}
    known = [f"{name} {amount(size)}" for name, size in sizes.items() if size is not None]
    known += [f"{told[name]}" for name in ("system_config", "memory_mode") if name in told]
    yield f"  {'   '.join(known)}"
    yield f"  {'   '.join(f'{name} {told[name]}' for name in _COMPILERS if name in told)}"


def _times(result: Result) -> Iterator[str]:
    assert result.median_s is not None
    quartiles = f"IQR {_time(result.iqr_s)}"
    tenths = f"p10 {_time(result.p10_s)}   p90 {_time(result.p90_s)}"
    yield f"  median {duration(result.median_s)}   {quartiles}   {tenths}"
    counted = f"{len(result.samples)} samples"
    if result.runs_per_sample > 1:
        counted += f" of {result.runs_per_sample} runs"
    if result.left_out:
        counted += f" ({result.left_out} more left out: something else was at work)"
    yield f"  {counted} after {result.warmup_runs} runs of warm-up"
    if not result.stable:
        yield "  unsteady: the warm-up did not settle"
    if (result.spread or 0.0) > _SPREAD:
        yield f"  unsteady: IQR / median is {result.spread:.2f}; something else used the machine"


def _time(seconds: float | None) -> str:
    return duration(seconds) if seconds else "0"


def _more(result: Result, bandwidth: float | None) -> Iterator[str]:
    told: list[str] = []
    if result.compile_s is not None:
        told.append(f"compiling or loading {duration(result.compile_s)}")
    if result.peak_bytes:
        told.append(f"peak memory {amount(result.peak_bytes)}")
    if result.energy_j is not None:
        told.append(f"energy {energy(result.energy_j)}")
    if result.achieved_bandwidth:
        share = (
            f" ({result.achieved_bandwidth / bandwidth:.0%} of the device's)" if bandwidth else ""
        )
        told.append(f"moves {result.achieved_bandwidth / 1e9:.3g} GB/s{share}")
    if told:
        yield f"  {'   '.join(told)}"
    names = ("onnxruntime", "provider", "torch", "threads", "processor", "governor", "clock_mhz")
    known = [f"{n} {result.environment[n]}" for n in names if n in result.environment]
    if known:
        yield f"  {'   '.join(known)}"


def _table(lines: Sequence[Line], base: Path) -> Iterator[str]:
    yield "  share      time  line"
    for line in lines[:_LINES]:
        yield f"  {line.share:5.1%}  {duration(line.seconds):>8}  {_where(line, base)}"
    rest = lines[_LINES:]
    if rest:
        share = sum(line.share for line in rest)
        yield f"  {share:5.1%}            {len(rest)} more"


def _where(line: Line, base: Path) -> str:
    """Return the line and what stands there, else whose operators it is."""
    where = spot(line.place, base) if line.place is not None else "(no line found)"
    code = ""
    if line.place is not None:
        code = source_line(line.place.path, line.place.line).strip()
        code = code if len(code) <= _CODE else code[: _CODE - 3] + "..."
    return f"{where}  {code or ', '.join(line.operators[:4])}"


def _host(lines: Sequence[Line], base: Path) -> Iterator[str]:
    for line in lines:
        yield f"    {', '.join(line.operators)}  {_where(line, base)}"


def _notes(result: Result) -> Iterator[str]:
    yield from (f"  {note}" for note in result.notes)


def failure_text(place: str, failure: Failure) -> str:
    """Return why there is no measurement."""
    parts = [f"hwlint: {place}: {failure.message}"]
    parts += _block(failure.trace)
    if failure.output.strip():
        parts += ["  it wrote:", *_block("\n".join(failure.output.strip().splitlines()[-8:]))]
    if failure.advice:
        parts.append(f"  try: {failure.advice}")
    return "".join(f"{clean(part)}\n" for part in parts)


def _block(text: str) -> Iterable[str]:
    return [f"    {line}" for line in text.splitlines()]


def comparison_text(first: Job, second: Job, compared: Comparison) -> str:
    """Return the report of a comparison."""
    rows = [("A", first, compared.first), ("B", second, compared.second)]
    parts = ["measured in turns by " + first.runner]
    for name, job, result in rows:
        times = next(iter(_times(result))).strip()
        parts.append(f"  {name} {job.place}   {times}   {len(result.samples)} samples")
    parts.append(f"  {compared.verdict}")
    parts += [f"  {name}: {note}" for name, _, result in rows for note in result.notes]
    return "".join(f"{clean(part)}\n" for part in parts)
