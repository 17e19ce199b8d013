"""The report for people: each finding with the source that it is about."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from hwlint.engine.findings import Diagnostic, Row
from hwlint.engine.run import CheckResult
from hwlint.report.lines import clean, source_line, where, width_of
from hwlint.report.plain import Paint, plain
from hwlint.report.words import (
    count,
    coverage_lines,
    hint,
    holds_in,
    incomplete_lines,
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
    if result.suppressed:
        yield f"{count(result.suppressed, 'finding')} suppressed by comments."
    yield from coverage_lines(result.coverage, base)
    yield from (paint(line, "bold red") for line in incomplete_lines(result, base))
    yield from note_lines(result, base)
    if said := hint(result):
        yield paint(said, "dim")


def _block(diagnostic: Diagnostic, base: Path, paint: Paint, width: int) -> str:
    place = diagnostic.anchor
    start = clean(f"{where(place.path, base)}:{place.line + 1}:{place.col + 1}")
    colour = _COLOURS[diagnostic.severity]
    head = f"{paint(start, 'bold', Path(place.path).as_uri())}  "
    head += f"{paint(diagnostic.code, colour)} {diagnostic.name}  "
    head += paint(diagnostic.severity, colour)
    gutter = len(str(place.line + 1))
    lines = [head, *_excerpt(diagnostic, paint, gutter, width)]
    bar = paint(" " * gutter + " =", "blue")
    lines += (f"{bar} {line}" for line in _notes(diagnostic, base, paint))
    return "\n".join(lines) + "\n"


def _excerpt(diagnostic: Diagnostic, paint: Paint, gutter: int, width: int) -> Iterator[str]:
    place = diagnostic.anchor
    text = source_line(place.path, place.line)
    message = paint(clean(diagnostic.message), _COLOURS[diagnostic.severity])
    if not text.strip():
        yield f"{' ' * gutter} {paint('=', 'blue')} {message}"
        return
    yield paint(f"{' ' * gutter} |", "blue")
    before = source_line(place.path, place.line - 1)
    room = max(40, width - gutter - 3)
    start = _cut(text, place, room)
    if before.strip():
        yield _numbered(place.line, _spread(before)[start:], paint, gutter, room)
    yield _numbered(place.line + 1, _spread(text)[start:], paint, gutter, room)
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


def _notes(diagnostic: Diagnostic, base: Path, paint: Paint) -> Iterator[str]:
    devices_width = max((len(row.device) for row in diagnostic.rows), default=0)
    dtypes_width = max((len(row.dtype) for row in diagnostic.rows), default=0)
    for row in diagnostic.rows:
        name = paint(row.device.ljust(devices_width), "bold")
        yield f"{name}  {row.dtype.ljust(dtypes_width)}  {_row_text(row, diagnostic)}".rstrip()
    if diagnostic.advice:
        yield clean(diagnostic.advice)
    also = "; ".join(part for part in (_also(diagnostic, base), holds_in(diagnostic)) if part)
    if also:
        yield also


def _row_text(row: Row, diagnostic: Diagnostic) -> str:
    """What the row says beyond the first line."""
    parts = [row.message] if row.message != diagnostic.message else []
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
        line = str(place.line + 1)
        if place.path == own and place.line == diagnostic.anchor.line:
            continue
        shown[line if place.path == own else f"{where(place.path, base)}:{line}"] = None
    if not shown:
        return ""
    listed = list(shown)
    more = len(listed) - _SHOWN_RELATED
    text = ", ".join(listed[:_SHOWN_RELATED]) + (f" and {more} more" if more > 0 else "")
    return clean(f"also at {text}")
