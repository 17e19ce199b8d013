"""Small pieces of text that several formats share."""

from collections.abc import Iterable
from pathlib import Path

from hwlint.engine.coverage import Coverage
from hwlint.engine.findings import Diagnostic
from hwlint.engine.run import CheckResult
from hwlint.report.lines import clean, spot, where
from hwlint.source.spans import Place

__all__ = [
    "count",
    "coverage_lines",
    "devices",
    "fix_lines",
    "hint",
    "holds_in",
    "incomplete_lines",
    "loss_lines",
    "note_lines",
    "summary_line",
    "tally",
    "unbuilt_lines",
]

_SHOWN_GAPS = 3
_SHOWN_NOTES = 5


def count(number: int, one: str, many: str | None = None) -> str:
    """Return "1 file", "2 files"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def devices(result: CheckResult) -> str:
    """Return the devices with their dtypes."""
    return ", ".join(f"{device} ({dtype})" for device, dtype in result.targets)


def tally(found: Iterable[Diagnostic]) -> str:
    """Return "7 findings (1 error, 6 warnings) in 3 files"."""
    all_found = tuple(found)
    by_severity = [
        count(number, severity) if severity != "info" else f"{number} info"
        for severity in ("error", "warning", "info")
        if (number := sum(d.severity == severity for d in all_found))
    ]
    files = count(len({d.anchor.path for d in all_found}), "file")
    return f"{count(len(all_found), 'finding')} ({', '.join(by_severity)}) in {files}"


def holds_in(diagnostic: Diagnostic) -> str:
    """Return in which ways of building it holds; "" where that says nothing."""
    built = f"built by {clean(diagnostic.built_by)}" if diagnostic.built_by else ""
    if diagnostic.of <= 1:
        return built
    worst = f", worst in {clean(diagnostic.worst)}" if diagnostic.contexts > 1 else ""
    worst += f", {built}" if built else ""
    if diagnostic.contexts == diagnostic.of:
        return f"holds in all {diagnostic.of} contexts{worst}"
    return f"holds in {diagnostic.contexts} of {diagnostic.of} contexts{worst}"


def coverage_lines(coverage: Coverage, base: Path) -> list[str]:
    """Return how much was read, and the commonest reasons why the rest was not."""
    helped = unbuilt_lines(coverage, base)
    if not coverage.total:
        return ["No entry point found: nothing here builds a model.", *helped]
    missing = coverage.total - coverage.full
    said = f"Read {coverage.full} of {count(coverage.total, 'entry point')} fully"
    if not missing:
        return [f"{said}.", *helped]
    lines = [f"{said}; {missing} not:"]
    for gap in coverage.gaps[:_SHOWN_GAPS]:
        line = spot(gap.place, base)
        number = f"{gap.count} x " if gap.count > 1 else ""
        lines.append(clean(f"  {number}{gap.reason} ({gap.entry}, {line})"))
    others = sum(gap.count for gap in coverage.gaps[_SHOWN_GAPS:])
    if others:
        kinds = count(len(coverage.gaps) - _SHOWN_GAPS, "other reason")
        lines.append(f"  {others} x {kinds}; `hwlint inspect` lists them")
    return [*lines, *helped]


def unbuilt_lines(coverage: Coverage, base: Path, most: int = 5) -> list[str]:
    """Return a line for each class that nothing builds: the comment that would make it read."""
    lines = [
        clean(f"{spot(u.place, base)}: nothing builds {u.name}: {u.hint}")
        for u in coverage.unbuilt[:most]
    ]
    more = len(coverage.unbuilt) - most
    if more > 0:
        kinds = count(more, "more class", "more classes")
        lines.append(f"{kinds} that nothing builds; `hwlint inspect --contexts` lists them")
    return lines


def incomplete_lines(result: CheckResult, base: Path) -> list[str]:
    """Return the files whose reading ended early."""
    return [
        clean(f"Not read to the end: {where(item.path, base)}: {item.reason}")
        for item in result.incomplete
    ]


def fix_lines(result: CheckResult, base: Path) -> list[str]:
    """Return what was fixed, what would be with --unsafe-fixes, and what could not be written."""
    lines: list[str] = []
    if result.fixed:
        files = {e.place.path for d in result.fixed if d.fix is not None for e in d.fix.edits}
        lines.append(f"Fixed {count(len(result.fixed), 'finding')} in {count(len(files), 'file')}.")
    if result.hidden:
        lines.append(f"{count(result.hidden, 'fix', 'fixes')} hidden, use --unsafe-fixes.")
    lines += [
        clean(f"Not fixed: {where(item.path, base)}: {item.reason}") for item in result.unwritten
    ]
    return lines


def note_lines(result: CheckResult, base: Path) -> list[str]:
    """Return what else could not be done: the first few of it."""
    placed = [(note.place, note.reason) for note in result.notes if note.place is not None]
    lines = [clean(f"{spot(place, base)}: {reason}") for place, reason in placed[:_SHOWN_NOTES]]
    more = len(placed) - _SHOWN_NOTES
    return [*lines, f"and {count(more, 'more note')}"] if more > 0 else lines


def summary_line(result: CheckResult) -> str:
    """Return the line that says what was found, where and for which devices."""
    if result.findings:
        return f"{tally(result.findings)} · {devices(result)}"
    new = "No new findings" if result.known else "No findings"
    return f"{new} in {count(result.files, 'file')} · {devices(result)}"


def loss_lines(result: CheckResult) -> list[str]:
    """Return what the findings cost of the model that they cost most of, a line for each device.

    Several findings at one place are about the same work: the dearest counts.
    """
    lines: list[str] = []
    for device, _ in result.targets:
        costs: dict[tuple[str, str], dict[Place, float]] = {}
        for found in result.findings:
            for saving in found.saves:
                if saving.device == device:
                    places = costs.setdefault((saving.context, saving.name), {})
                    places[found.anchor] = max(saving.share, places.get(found.anchor, 0.0))
        if costs:
            (_, name), places = max(costs.items(), key=lambda item: (sum(item[1].values()), item))
            share = 100 * min(1.0, sum(places.values()))
            told = f"{share:.0f}" if share >= 1 else f"{share:.1g}"
            costing = "costs" if len(places) == 1 else "cost"
            of = f" ({clean(name)})" if len(costs) > 1 else ""
            text = f"{count(len(places), 'finding')} {costing} an estimated {told} % of latency"
            lines.append(f"{text} on {device}{of}.")
    return lines


def hint(result: CheckResult) -> str:
    """Return what is assumed where nobody has named a device; "" where somebody has."""
    for config in result.configs:
        if config.where("devices") == "default":
            assumed = ", ".join(f"{device} in {dtype}" for device, dtype in result.targets)
            rest = f"batch {config.batch}, {config.mode}"
            return f"No device is configured: assumed {assumed}, {rest}. Name yours by --device."
    return ""
