"""The report for people: each finding with the source that it is about."""

import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from hwlint.engine.findings import Diagnostic, Row
from hwlint.engine.run import CheckResult
from hwlint.report.lines import cell_of, clean, line_of, source_line, spot, width_of
from hwlint.report.plain import Paint, plain
from hwlint.report.words import (
    count,
    coverage_lines,
    fix_lines,
    hint,
    holds_in,
    incomplete_lines,
    loss_lines,
    note_lines,
    summary_line,
)
from hwlint.source.spans import Place

__all__ = ["render", "statistics"]

_COLOURS = {"error": "bold red", "warning": "bold yellow", "info": "bold cyan"}
_TAB = 4
_SHOWN_RELATED = 12


def render(result: CheckResult, base: Path, paint: Paint = plain, width: int = 120) -> str:
    """Return the whole report."""
    blocks = [_block(d, base, paint, width) for d in result.findings]
    return "\n".join([*blocks, "\n".join(_summary(result, base, paint)) + "\n"])


def statistics(result: CheckResult) -> str:
    """Return how often each rule has something to say."""
    found = Counter((d.code, d.name) for d in result.findings)
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return "".join(f"{number:6}  {code} {name}\n" for (code, name), number in ordered)


def _summary(result: CheckResult, base: Path, paint: Paint) -> Iterator[str]:
    clean_run = not (result.findings or result.incomplete) and result.coverage.total > 0
    yield paint(summary_line(result), "bold green" if clean_run else "bold")
    yield from loss_lines(result)
    yield from fix_lines(result, base)
    if result.suppressed:
        yield f"{count(result.suppressed, 'finding')} suppressed by comments."
    if result.known:
        yield f"{count(result.known, 'finding')} known to the baseline."
    yield from coverage_lines(result.coverage, base)
    yield from (paint(line, "bold red") for line in incomplete_lines(result, base))
    yield from note_lines(result, base)
    if said := hint(result):
        yield paint(said, "dim")


def _block(diagnostic: Diagnostic, base: Path, paint: Paint, width: int) -> str:
    place = diagnostic.anchor
    start = clean(f"{spot(place, base)}:{place.col + 1}")
    colour = _COLOURS[diagnostic.severity]
    head = f"{paint(start, 'bold', Path(place.path).as_uri())}  "
    head += f"{paint(diagnostic.code, colour)} {diagnostic.name}  "
    head += paint(diagnostic.severity, colour)
    gutter = len(str(cell_of(place)[1].line + 1))
    lines = [head, *_excerpt(diagnostic, paint, gutter, width)]
    bar = paint(f"{' ' * gutter} =", "blue")
    for first, *rest in _notes(diagnostic, base, paint, width - gutter - 3):
        lines.append(f"{bar} {first}")
        lines += (f"{' ' * (gutter + 3)}{line}" for line in rest)
    return "\n".join(lines) + "\n"


def _excerpt(diagnostic: Diagnostic, paint: Paint, gutter: int, width: int) -> Iterator[str]:
    place = diagnostic.anchor
    text = source_line(place.path, place.line)
    message = paint(clean(diagnostic.message), _COLOURS[diagnostic.severity])
    if not text.strip():
        yield f"{' ' * gutter} {paint('=', 'blue')} {message}"
        return
    yield paint(f"{' ' * gutter} |", "blue")
    line = cell_of(place)[1].line
    before = source_line(place.path, place.line - 1) if line else ""
    room = max(40, width - gutter - 3)
    start = _cut(text, place, room)
    if before.strip():
        yield _numbered(line, _spread(before)[start:], paint, gutter, room)
    yield _numbered(line + 1, _spread(text)[start:], paint, gutter, room)
    offset, length = _mark(text, place, start)
    caret = paint("^" * length, _COLOURS[diagnostic.severity])
    yield f"{paint(' ' * gutter + ' |', 'blue')} {' ' * offset}{caret} {message}"
    yield paint(f"{' ' * gutter} |", "blue")


def _numbered(line: int, text: str, paint: Paint, gutter: int, room: int) -> str:
    shown = text if len(text) <= room else text[: room - 1] + "…"
    return f"{paint(f'{line:{gutter}} |', 'blue')} {shown}".rstrip()


def _spread(text: str) -> str:
    return clean(text.expandtabs(_TAB))


def _cut(text: str, place: Place, room: int) -> int:
    """How many characters to leave out on the left so that a far anchor can be seen."""
    start = len(text[: place.col].expandtabs(_TAB))
    return 0 if start < room * 2 // 3 else start - room // 3


def _mark(text: str, place: Place, start: int) -> tuple[int, int]:
    """Where the caret starts, in cells, and how long it is."""
    prefix = _spread(text[: place.col])
    stop = place.end_col if place.end_line == place.line else len(text)
    marked = _spread(text[:stop])[len(prefix) :]
    return width_of(prefix[start:]), max(1, width_of(marked.rstrip()))


def _notes(diagnostic: Diagnostic, base: Path, paint: Paint, room: int) -> Iterator[list[str]]:
    """What stands below the excerpt: each note with the lines that it takes."""
    rows = _grouped(diagnostic)
    width = max((len(label) for label, _ in rows), default=0)
    # Beside a long list of devices there is no room for a text.
    beside = 0 < width <= room // 3
    for label, text in rows:
        shown = paint(label.ljust(width) if beside and text else label, "bold")
        indent = width + 2 if beside else 2
        lines = [f"{'':{indent}}{line}" for line in _wrapped(text, room - indent)]
        if beside and lines:
            lines[0] = shown + lines[0][width:]
            yield lines
        else:
            yield [shown, *lines]
    also = "; ".join(part for part in (_also(diagnostic, base), holds_in(diagnostic)) if part)
    fix = f"fix: {diagnostic.fix.title}" if diagnostic.fix is not None else ""
    texts = (diagnostic.advice, fix, also)
    yield from filter(None, (_wrapped(clean(text), room) for text in texts))


def _grouped(diagnostic: Diagnostic) -> list[tuple[str, str]]:
    """What there is to say, each with the devices that it is said of."""
    groups: dict[str, list[Row]] = {}
    for row in diagnostic.rows:
        groups.setdefault(_row_text(row, diagnostic), []).append(row)
    labels = ((_label(rows), text) for text, rows in groups.items())
    return [(clean(label), text) for label, text in labels]


def _label(rows: list[Row]) -> str:
    by_dtype: dict[str, list[str]] = {}
    for row in rows:
        by_dtype.setdefault(row.dtype, []).append(row.device)
    return "; ".join(f"{', '.join(names)} {dtype}" for dtype, names in by_dtype.items())


def _wrapped(text: str, room: int) -> list[str]:
    return textwrap.wrap(text, max(30, room), break_long_words=False, break_on_hyphens=False)


def _row_text(row: Row, diagnostic: Diagnostic) -> str:
    """What the row says beyond the first line."""
    parts = [row.message] if row.message != diagnostic.message else []
    if parts and row.worst not in ("", diagnostic.worst):
        parts[0] += f" in {row.worst}"
    parts.append(row.why)
    if row.advice != diagnostic.advice:
        parts.append(row.advice)
    return clean("; ".join(part for part in parts if part))


def _also(diagnostic: Diagnostic, base: Path) -> str:
    """The related places: bare line numbers in the same file."""
    own = diagnostic.anchor.path
    shown: dict[str, None] = {}
    for related in diagnostic.related:
        place = related.place
        if place.path == own and place.line == diagnostic.anchor.line:
            continue
        shown[line_of(place) if place.path == own else spot(place, base)] = None
    if not shown:
        return ""
    listed = list(shown)
    more = len(listed) - _SHOWN_RELATED
    text = ", ".join(listed[:_SHOWN_RELATED]) + (f" and {more} more" if more > 0 else "")
    return clean(f"also at {text}")
