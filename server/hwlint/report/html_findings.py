"""A finding as a card of the page."""

from collections.abc import Iterator
from html import escape
from pathlib import Path

from hwlint.engine.findings import Diagnostic, Row
from hwlint.report.lines import source_line, where
from hwlint.report.words import holds_in

__all__ = ["finding"]


def finding(number: int, found: Diagnostic, base: Path) -> str:
    """Return one finding; paths are relative to `base`."""
    place = found.anchor
    at = escape(f"{where(place.path, base)}:{place.line + 1}:{place.col + 1}")
    severity = escape(found.severity)
    lines = [
        f'<article class="finding {severity}" id="finding-{number}">',
        f"<h3>{escape(found.code)} {escape(found.name)}",
        f'<span class="severity {severity}">{severity}</span>',
        f'<span class="place faint">{at}</span></h3>',
        f"<p>{escape(found.message)}</p>",
        *_excerpt(found),
        *_rows(found),
        f"<p>{escape(found.advice)}</p>" if found.advice else "",
        f'<p class="faint">{escape(_also(found, base))}</p>' if _also(found, base) else "",
        "</article>",
    ]
    return "\n".join(line for line in lines if line)


def _excerpt(found: Diagnostic) -> Iterator[str]:
    place = found.anchor
    text = source_line(place.path, place.line)
    if not text.strip():
        return
    end = place.end_col if place.end_line == place.line else len(text)
    marked = f"<mark>{escape(text[place.col : end])}</mark>"
    inside = f"{escape(text[: place.col])}{marked}{escape(text[end:])}".strip()
    yield f"<pre><code>{inside}</code></pre>"


def _rows(found: Diagnostic) -> Iterator[str]:
    """What holds on each device, with how it is known."""
    if not found.rows:
        return
    yield "<dl>"
    for row in found.rows:
        yield f"<dt>{escape(row.device)} {escape(row.dtype)}</dt>"
        yield f"<dd>{escape(_said(row, found))}</dd>"
    yield "</dl>"


def _said(row: Row, found: Diagnostic) -> str:
    parts = [row.message] if row.message != found.message else []
    parts.append(row.why)
    if row.advice != found.advice:
        parts.append(row.advice)
    return "; ".join(part for part in parts if part)


def _also(found: Diagnostic, base: Path) -> str:
    own = found.anchor
    places = [related.place for related in found.related]
    lines = dict.fromkeys(
        str(p.line + 1) if p.path == own.path else f"{where(p.path, base)}:{p.line + 1}"
        for p in places
        if (p.path, p.line) != (own.path, own.line)
    )
    also = f"also at {', '.join(lines)}" if lines else ""
    return "; ".join(part for part in (also, holds_in(found)) if part)
