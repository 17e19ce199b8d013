"""Operators that a deploy path has no kernel for: what HW201 and HW202 share."""

from collections.abc import Iterator, Mapping, Sequence

from hwlint.api import LAYERS, Finding, Layer, Place, Reading
from hwlint_rules._text import related

__all__ = ["costly"]

_COSTLY = ("float", "none", "decomposed")


def costly(
    reading: Reading, family: str, instead: Mapping[str, Sequence[str]], change: str
) -> Iterator[Finding]:
    """Yield one finding for each call that builds operators of `family` without own kernel.

    `instead` names candidates to use instead, best first; only those are offered that the profile
    says have a kernel. `change` says what using them means.
    """
    groups: dict[tuple[Place, str], list[Layer]] = {}
    counts: Mapping[Layer, int] = reading.graph.layers if reading.graph is not None else {}
    for layer in counts:
        if layer.maybe or LAYERS[layer.op].family != family:
            continue
        if reading.profile.support(reading.dtype, layer.op) in _COSTLY:
            groups.setdefault((layer.place, layer.op), []).append(layer)
    for (place, op), layers in groups.items():
        others = [layer for key, more in groups.items() if key[1] == op for layer in more]
        number = sum(counts[layer] for layer in layers)
        yield _finding(reading, place, (op, number), others, (instead.get(op, ()), change))


def _finding(
    reading: Reading,
    place: Place,
    found: tuple[str, int],
    others: list[Layer],
    instead: tuple[Sequence[str], str],
) -> Finding:
    op, number = found
    return Finding(
        place,
        _message(reading, op, number),
        _why(reading, op),
        _advice(reading, *instead),
        related=related(others, place, lambda layer: f"{layer.op} too"),
        data={"op": op, "layers": number},
    )


def _message(reading: Reading, op: str, number: int) -> str:
    support = reading.profile.support(reading.dtype, op)
    deploy = reading.profile.deploy
    one = number == 1
    built = "this layer" if one else f"{number} layers of this call"
    if support == "float":
        runs = "runs" if one else "run"
        return f"{op} has no {reading.dtype} kernel: {built} {runs} in float, converted to and fro"
    if support == "none":
        where = f" by {deploy.runtime}" if deploy is not None else ""
        falls = "falls" if one else "fall"
        return (
            f"{op} is not supported in {reading.dtype}{where}: {built} {falls} back or will not run"
        )
    becomes = "becomes" if one else "each become"
    return f"{op} has no {reading.dtype} kernel of its own: {built} {becomes} several operators"


def _why(reading: Reading, op: str) -> str:
    operators = reading.profile.operators[reading.dtype]
    reason = operators.why.get(op, "")
    deploy = reading.profile.deploy
    path = f"{deploy.exporter}, {deploy.runtime}" if deploy is not None else ""
    if deploy is not None and operators.support.get(op) == "none":
        path = f"exported by {deploy.exporter}"  # the message has named the runtime
    said = "; ".join(part for part in (reason, path) if part)
    return f"{said} [{operators.evidence}]".strip()


def _advice(reading: Reading, candidates: Sequence[str], change: str) -> str:
    known = {op: reading.profile.support(reading.dtype, op) for op in candidates}
    usable = [op for op, support in known.items() if support in {"native", "fused"}]
    if not usable:
        return ""
    words = [f"{op} (fused)" if known[op] == "fused" else op for op in usable]
    return f"{' or '.join(words[:2])} would run in {reading.dtype} here ({change})"
