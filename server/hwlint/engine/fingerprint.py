"""What stays of a finding when lines move and numbers change: its fingerprint."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from hwlint.engine.findings import Diagnostic
from hwlint.source import Segment, SourceError, SourceFile, read_source
from hwlint.source.spans import Place

__all__ = ["enclosing", "fingerprints"]

_NUMBER = re.compile(r"\d[\d_.]*")
_SPACE = re.compile(r"\s+")


def fingerprints(findings: Iterable[Diagnostic], root: str) -> Iterator[tuple[Diagnostic, str]]:
    """Yield each finding with its fingerprint: rule, devices, file (below `root`), the class and
    function around it and the lines that it stands on, without numbers. Findings that are alike
    in all of these are told apart by their order."""
    sources: dict[str, SourceFile | None] = {}
    seen: Counter[str] = Counter()
    for found in sorted(findings, key=lambda d: (d.anchor, d.code)):
        path = found.anchor.path
        if path not in sources:
            sources[path] = _source(path)
        text = "\0".join(_parts(found, root, sources[path]))
        seen[text] += 1
        digest = hashlib.blake2b(f"{text}\0{seen[text]}".encode(), digest_size=12)
        yield found, digest.hexdigest()


def _source(path: str) -> SourceFile | None:
    try:
        return read_source(path)
    except SourceError:
        return None


def _parts(found: Diagnostic, root: str, source: SourceFile | None) -> Iterator[str]:
    place = found.anchor
    yield found.code
    yield ",".join(sorted(row.device for row in found.rows))
    yield place.path.removeprefix(root).replace("\\", "/").lstrip("/")
    if source is None:
        return
    yield enclosing(source, place)
    lines = source.lines[place.line : place.end_line + 1]
    yield _SPACE.sub(" ", _NUMBER.sub("0", " ".join(lines))).strip()


def enclosing(source: SourceFile, place: Place) -> str:
    """Return the dotted name of the class and function around a place; "" at the top level."""
    names: list[str] = []
    inside: tuple[Segment, ...] = source.segments
    while inside:
        around = [segment for segment in inside if segment.line <= place.line]
        if not around or not around[-1].name:
            break
        names.append(around[-1].name)
        inside = around[-1].members
    return ".".join(names)
