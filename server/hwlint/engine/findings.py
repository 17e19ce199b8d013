"""From what rules raised, context by context and device by device, to what is reported."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hwlint.api import Change, Finding, Fix, Related, Rule
from hwlint.engine.analysis import FileResult, Raised
from hwlint.engine.budgets import unread
from hwlint.engine.config import SEVERITIES, Config
from hwlint.engine.registry import ENGINE_RULES, UNREAD, engine_rule, matches
from hwlint.graph import EntryPoint
from hwlint.source.spans import Place

__all__ = ["Diagnostic", "Row", "Saving", "collect"]


@dataclass(frozen=True, slots=True)
class Row:
    """What holds on one device, in the worst context."""

    device: str
    dtype: str
    message: str
    why: str
    advice: str
    share: float | None
    model_share: float | None
    worst: str = ""
    """The entry point in which it costs most on this device."""


@dataclass(frozen=True, slots=True)
class Saving:
    """What a finding costs in one context on one device."""

    device: str
    context: str
    """Which entry point: unlike any other."""
    name: str
    share: float
    """Of the model's estimated time, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One rule at one place, over all contexts and devices."""

    code: str
    name: str
    severity: str
    anchor: Place
    message: str
    advice: str = ""
    rows: tuple[Row, ...] = ()
    related: tuple[Related, ...] = ()
    contexts: int = 0
    """Ways of building in which it holds; 0: it is about the file and not about a model."""
    of: int = 0
    """Ways of building that reach the place."""
    worst: str = ""
    """The entry point in which it costs most."""
    cost: float = 0.0
    """Largest share of a model that is concerned: the order of the report."""
    data: Mapping[str, object] = field(default_factory=dict[str, object])
    saves: tuple[Saving, ...] = ()
    """What it costs of the time of each model on each device, where that is known."""
    changes: tuple[Change, ...] = ()
    """What would mend it in one context or another, on one device or another, the worst first."""
    fix: Fix | None = None
    """What mends it in all of them, where that was worked out and proved."""
    built_by: str = ""
    """Where the worst one is a call: which, with what: "train.py:88 with args.width=100"."""


@dataclass
class _Group:
    """All that was raised by one rule at one place."""

    raised: list[tuple[FileResult, Raised]] = field(default_factory=list[tuple[FileResult, Raised]])

    def contexts(self) -> set[tuple[str, str, int]]:
        """The entry points in which it holds, each with a key of its own."""
        return {_context(r, x.entry) for r, x in self.raised if x.entry is not None}


def _context(result: FileResult, entry: int) -> tuple[str, str, int]:
    place = result.entries[entry].entry.place
    return (result.path, f"{place.line}:{place.col}:{result.entries[entry].entry.name}", entry)


def collect(
    results: Sequence[FileResult],
    rules: Iterable[type[Rule]],
    config: Config,
    owned: frozenset[str],
) -> tuple[Diagnostic, ...]:
    """Merge, move to places in `owned` files, give severities and sort."""
    groups: dict[tuple[str, Place], _Group] = {}
    for result in results:
        for raised in result.raised:
            anchor = _own_place(raised.finding, owned)
            if anchor is not None:
                groups.setdefault((raised.rule, anchor), _Group()).raised.append((result, raised))
    by_code = {rule.code: rule for rule in rules}
    reach = _Reach(results)
    found = [
        _merged(by_code[code], anchor, group, reach, owned)
        for (code, anchor), group in groups.items()
    ]
    found.extend(_engine_findings(results, owned))
    found.extend(_unread(results, config))
    return finish(found, config)


def finish(found: Iterable[Diagnostic], config: Config) -> tuple[Diagnostic, ...]:
    """Apply the configured severities; the costliest comes first."""
    meant = (d for d in found if not config.ignores(d.anchor.path, d.code, d.name))
    graded = (replace(d, severity=_severity(d, config)) for d in meant)
    return tuple(sorted((d for d in graded if d.severity != "off"), key=order))


def order(diagnostic: Diagnostic) -> tuple[float, Place, str]:
    """Sort by cost, then by place."""
    return (-diagnostic.cost, diagnostic.anchor, diagnostic.code)


def _own_place(finding: Finding, owned: frozenset[str]) -> Place | None:
    """The anchor, or the nearest literal of the user's own that leads to it."""
    for place in (finding.anchor, *finding.alternatives):
        if place.path in owned:
            return place
    return None


class _Reach:
    """Which entry points build something at a place."""

    def __init__(self, results: Sequence[FileResult]) -> None:
        self._contexts: dict[Place, set[tuple[str, str, int]]] = {}
        for result in results:
            for number, entry in enumerate(result.entries):
                for place in entry.places:
                    self._contexts.setdefault(place, set()).add(_context(result, number))

    def count(self, places: Iterable[Place], holds_in: set[tuple[str, str, int]]) -> int:
        """Count the entry points that reach any of the places."""
        return len(holds_in.union(*(self._contexts.get(place, ()) for place in places)))


def _weight(item: tuple[FileResult, Raised]) -> tuple[float, float, str, str]:
    result, raised = item
    finding = raised.finding
    name = "" if raised.entry is None else result.entries[raised.entry].entry.name
    return (-(finding.model_share or 0.0), -(finding.share or 0.0), name, result.path)


def _merged(
    rule: type[Rule], anchor: Place, group: _Group, reach: _Reach, owned: frozenset[str]
) -> Diagnostic:
    ordered = sorted(group.raised, key=_weight)
    result, worst = ordered[0]
    contexts = group.contexts()
    same = [x.finding for r, x in ordered if r is result and x.entry == worst.entry]
    related = _related([raised.finding for _, raised in ordered], same, anchor)
    places = [anchor, *(r.place for r in related)]
    return Diagnostic(
        rule.code,
        rule.name,
        _worth(ordered),
        anchor,
        worst.finding.message,
        worst.finding.advice,
        _rows(ordered),
        tuple(r for r in related if r.place.path in owned),
        len(contexts),
        reach.count(places, contexts) if contexts else 0,
        "" if worst.entry is None else result.entries[worst.entry].entry.name,
        worst.finding.model_share or 0.0,
        worst.finding.data,
        tuple(_savings(ordered)),
        tuple(dict.fromkeys(c for _, raised in ordered for c in raised.finding.changes)),
        None,
        "" if worst.entry is None else _built_by(result.entries[worst.entry].entry),
    )


def _savings(ordered: Sequence[tuple[FileResult, Raised]]) -> Iterator[Saving]:
    for result, raised in ordered:
        share, entry = raised.finding.saves, raised.entry
        if share and entry is not None:
            name = result.entries[entry].entry.name
            context = ":".join(map(str, _context(result, entry)))
            yield Saving(raised.device, context, name, share)


def _worth(ordered: Sequence[tuple[FileResult, Raised]]) -> str:
    """The severity of what was raised: the worst of what is configured or a program builds, else
    the median over all contexts. Each context counts with its worst device."""
    by_context: dict[tuple[int, int | None], int] = {}
    told: list[int] = []
    for result, raised in ordered:
        level = SEVERITIES.index(raised.severity)
        key = (id(result), raised.entry)
        by_context[key] = max(level, by_context.get(key, level))
        if raised.entry is not None and result.entries[raised.entry].entry.kind in _MEANT:
            told.append(level)
    levels = sorted(by_context.values())
    return SEVERITIES[max(told) if told else levels[(len(levels) - 1) // 2]]


_MEANT = ("configured", "hint", "call")
"""Kinds of entry points that somebody asks for."""


def _built_by(entry: EntryPoint) -> str:
    return entry.built_with if entry.kind == "call" else ""


def _related(
    findings: Iterable[Finding], worst: Iterable[Finding], anchor: Place
) -> tuple[Related, ...]:
    """Return the related places of the worst context: what others have there it may not build. Of
    all contexts only where the finding was moved from."""
    found: dict[Place, Related] = {}
    for finding in findings:
        if finding.anchor != anchor:
            found.setdefault(finding.anchor, Related(finding.anchor, finding.message))
    for finding in worst:
        for related in finding.related:
            found.setdefault(related.place, related)
    found.pop(anchor, None)
    return tuple(found[place] for place in sorted(found))


def _rows(ordered: Iterable[tuple[FileResult, Raised]]) -> tuple[Row, ...]:
    """One row for each device, the device that is hit hardest first."""
    rows: dict[str, Row] = {}
    for result, raised in ordered:
        finding = raised.finding
        row = Row(
            raised.device,
            raised.dtype,
            finding.message,
            finding.why,
            finding.advice,
            finding.share,
            finding.model_share,
            "" if raised.entry is None else result.entries[raised.entry].entry.name,
        )
        rows.setdefault(raised.device, row)
    return tuple(rows.values())


def _unread(results: Sequence[FileResult], config: Config) -> Iterable[Diagnostic]:
    """What the configuration asks for and could not be done: also where it stands itself."""
    rule = engine_rule(UNREAD)
    entries = [
        (e.entry, e.complete, e.missing[0].reason if e.missing else "no reason known")
        for result in results
        for e in result.entries
    ]
    judged = [one for result in results for one in result.judged]
    for one in dict.fromkeys(unread(config, entries, judged)):
        yield Diagnostic(rule.code, rule.name, rule.default_severity, one.place, one.message)


def _engine_findings(results: Sequence[FileResult], owned: frozenset[str]) -> Iterable[Diagnostic]:
    by_code = {rule.code: rule for rule in ENGINE_RULES}
    syntax, crashed = by_code["HW001"], by_code["HW004"]
    seen: set[tuple[str, Place, str]] = set()
    for result in results:
        said = [(syntax, p.place, p.reason) for p in result.problems if p.place is not None]
        said += [
            (crashed, c.place, f"{c.rule} failed on {c.about or 'this file'}: {c.error}")
            for c in result.crashes
        ]
        for rule, place, message in said:
            if place.path in owned and (rule.code, place, message) not in seen:
                seen.add((rule.code, place, message))
                yield Diagnostic(rule.code, rule.name, rule.default_severity, place, message)


def _severity(diagnostic: Diagnostic, config: Config) -> str:
    """The configured severity that names the rule most closely, else the rule's own."""
    meant = [s for s in config.severity if matches(s, diagnostic.code, diagnostic.name)]
    if not meant:
        return diagnostic.severity
    closest = max(meant, key=lambda s: (s == diagnostic.name, s != "ALL", len(s)))
    return config.severity[closest]
