"""hwlint's verdicts on drawn layers beside the compiler's: steps in channels, and support."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from _ethos_u_cases import Case
from _ethos_u_raw import Result
from _ethos_u_static import Static

from hwlint.api import Finding, Reading
from hwlint_rules.misaligned_channels import MisalignedChannels
from hwlint_rules.misaligned_features import MisalignedFeatures

__all__ = ["DEAR", "Verdict", "pairs", "steps", "support"]

DEAR = 1.2
"""One channel more is dear where it takes so many times the cycles."""


@dataclass(frozen=True)
class Verdict:
    """What was said of one pair of layers, or of one operator."""

    name: str
    kind: str
    said: bool
    true: bool
    detail: str = ""


def steps(drawn: list[tuple[Case, Mapping[str, Result]]], target: str, static: Static):
    """Yield a verdict for each pair that the compiler took: is one channel more dear?

    hwlint says so where HW101 or HW102 reports the layer with the greater number, and says that it
    takes at least `DEAR` times as long as with the smaller one.
    """
    for (base, before), (more, after) in pairs(drawn):
        if "cycles" not in before[target] or "cycles" not in after[target]:
            continue
        ratio = after[target]["cycles"] / before[target]["cycles"]
        count = int(str(base.facts["before"]))
        said = _said(more, target, static, count)
        detail = f"{base.facts['operand']} {count}: {ratio:.2f} times"
        yield Verdict(more.name, more.kind, said, ratio >= DEAR, detail)


def pairs(
    drawn: list[tuple[Case, Mapping[str, Result]]],
) -> Iterator[tuple[tuple[Case, Mapping[str, Result]], ...]]:
    """Yield the two of each pair, the smaller one first."""
    grouped: dict[str, list[tuple[Case, Mapping[str, Result]]]] = {}
    for case, results in drawn:
        if case.group:
            grouped.setdefault(case.group, []).append((case, results))
    for members in grouped.values():
        yield tuple(sorted(members, key=lambda member: member[0].more))


def _said(case: Case, target: str, static: Static, before: int) -> bool:
    model = inside(case)
    lines = model.source.splitlines()
    at = next(i for i, line in enumerate(lines) if "self.layer =" in line)
    return any(
        smaller == before and times >= DEAR
        for finding in _findings(model, target, static)
        if at in {finding.anchor.line, *(r.place.line for r in finding.related)}
        for _, smaller, times in finding.data.get("steps", ())
    )


def _findings(case: Case, target: str, static: Static) -> Iterator[Finding]:
    reading = Reading(static.profile(target), "int8", static.graph(case))
    for rule in (MisalignedChannels(), MisalignedFeatures()):
        yield from rule.check(reading)


def inside(case: Case) -> Case:
    """Return a model with the layer in its middle: what a model begins and ends with is given by
    its task, and no rule speaks of that."""
    shape = case.inputs[0][0]
    line = next(line for line in case.source.splitlines() if "self.layer =" in line)
    ins, outs = _ends(line)
    first, last = ("nn.Linear(64, {})", "nn.Linear({}, 64)")
    if len(shape) == 4:
        first, last = ("nn.Conv2d(64, {}, 1)", "nn.Conv2d({}, 64, 1)")
    around = f"self.first = {first.format(ins)}", line.strip(), f"self.last = {last.format(outs)}"
    source = case.source.replace(line, "\n".join(f"        {one}" for one in around))
    source = source.replace("self.layer(x)", "self.last(self.layer(self.first(x)))")
    inputs = (((shape[0], 64, *shape[2:]), "float32"),)
    return replace(case, source=source, inputs=inputs)


def _ends(line: str) -> tuple[str, str]:
    arguments = line.partition("(")[2].split(",")
    return arguments[0].strip(), arguments[1].strip(" )")


CASTS = ("_to_dim_order_copy", "_clone_dim_order", "view_copy")
"""What may stay on the host without an operator's work: changes of dtype and of shape."""
LEAVES = ("HW201", "HW202", "HW203", "HW204")
"""Rules that report what leaves the NPU."""


def support(
    drawn: list[tuple[Case, Mapping[str, Result]]], target: str, static: Static
) -> Iterator[Verdict]:
    """Yield a verdict for each operator with work to do: does any of it run on the host?"""
    rules = [rule for rule in static.rules() if rule.code in LEAVES]
    for case, results in drawn:
        result = results[target]
        left = [name for name in result.get("host", ()) if not any(c in name for c in CASTS)]
        if "error" in result or not (left or result["parts"]):
            continue
        reading = Reading(static.profile(target), "int8", static.graph(case))
        found = [f for rule in rules for f in rule.check(reading) if _leaves(reading, f)]
        detail = f"{', '.join(sorted(set(left))) or 'nothing'} on the host"
        yield Verdict(case.name, case.kind, bool(found), bool(left), detail)


def _leaves(reading: Reading, finding: Finding) -> bool:
    """Whether a finding is of an operator that leaves: HW201 and HW202 also report what is taken
    apart."""
    op = str(finding.data.get("op", ""))
    known = reading.profile.support(reading.dtype, op)
    known = known or reading.profile.supports_function(reading.dtype, op)
    return known not in ("decomposed", "native", "fused")
