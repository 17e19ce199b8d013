"""Operators that a deploy path has no kernel for: what the HW20x rules share."""

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hwlint.api import LAYERS, Change, Finding, Flow, Layer, ModelGraph, Operation, Place, Reading
from hwlint_rules._changes import activation_for
from hwlint_rules._homes import Homes
from hwlint_rules._runs import Work, cost_words, run_of, steps
from hwlint_rules._text import count, related

__all__ = ["Use", "costly", "grouped", "uses"]

_COSTLY = ("float", "none", "decomposed")
_SAME = {
    "concat": "cat",
    "concatenate": "cat",
    "divide": "div",
    "true_divide": "div",
    "multiply": "mul",
    "subtract": "sub",
    "negative": "neg",
    "greater": "gt",
    "less": "lt",
    "masked_fill": "where",
}
"""Functions that profiles list under another name."""
_PARTS = {
    "scaled_dot_product_attention": ("bmm", "softmax"),
    "baddbmm": ("bmm", "add"),
    "einsum": ("bmm",),
}
"""Functions that integer exporters write out."""
_BY_FUNCTION: dict[str, list[str]] = {}
for _op, _spec in LAYERS.items():
    if _spec.forward is not None and not _spec.lazy:
        _name = _spec.forward.function.rpartition(".")[2]
        _BY_FUNCTION.setdefault(_name, []).append(_op)


@dataclass(slots=True)
class Use:
    """One operator where the source asks for it."""

    op: str
    """torch.nn's class name, or torch's function name for what is no layer."""
    support: str
    place: Place
    number: int = 0
    """How many of them the model has."""
    layers: list[Layer] = field(default_factory=list[Layer])
    operations: list[int] = field(default_factory=list[int])
    called: str = ""
    """The function that the source calls, where it calls one."""

    @property
    def family(self) -> str:
        """The family of the layer, "" for a function that no layer is."""
        return LAYERS[self.op].family if self.op in LAYERS else ""


def uses(reading: Reading, supports: Sequence[str]) -> list[Use]:
    """Return what the model uses of which the profile says one of `supports`, by place.

    Layers count as they run on what depends on the inputs, and where forward is not known as they
    are built; functions as they are called on it.
    """
    if not _listed(reading, supports):
        return []
    if reading.graph is None:
        return []
    found: dict[tuple[Place, str], Use] = {}
    homes = reading.graph.derived(Homes)
    for layer, running in reading.graph.derived(_running).items():
        support = None if layer.maybe else reading.profile.support(reading.dtype, layer.op)
        if support is None or support not in supports:
            continue
        for place, number in running.at(homes, layer).items():
            use = found.setdefault((place, layer.op), Use(layer.op, support, place))
            use.number += number
            use.layers.append(layer)
    if run_of(reading) is None:
        return list(found.values())
    known: dict[str, tuple[str, str] | None] = {}
    for step, name in reading.graph.derived(_called):
        if name not in known:
            known[name] = _asked(reading, name)
        op, support = known[name] or ("", "")
        if support not in supports:
            continue
        made = Use(op, support, step.place, called=step.operation.name)
        use = found.setdefault((step.place, op), made)
        use.number += 1
        use.operations.append(step.number)
    return list(found.values())


def _called(graph: ModelGraph) -> tuple[tuple[Work, str], ...]:
    """What runs beside the layers, with each function that it comes to, as profiles name it."""
    flow = graph.flow
    if flow is None:
        return ()
    moving = {i for i, tensor in enumerate(flow.tensors) if tensor.kind == "input"}
    moving.update(made for number in graph.driven for made in flow.operations[number].outputs)
    return tuple(
        (work, name)
        for work in steps(graph)
        if work.layer is None or not _is_own(work.layer, work.operation)
        for name in _PARTS.get(work.operation.name, (_function(flow, work.operation, moving),))
    )


def _listed(reading: Reading, supports: Sequence[str]) -> bool:
    """Whether the profile says one of these of anything."""
    operators = reading.profile.operators.get(reading.dtype)
    if operators is None:
        return False
    said = {*operators.support.values(), *operators.functions.values()}
    return not said.isdisjoint(supports)


@dataclass(slots=True)
class _Running:
    """How often one layer runs."""

    number: int = 0
    names: list[str] = field(default_factory=list[str])
    """Of the modules; none where the run is not known."""

    def at(self, homes: Homes, layer: Layer) -> Mapping[Place, int]:
        """Return by place how many are built there."""
        if not self.names:
            return {homes.of(layer): self.number}
        return Counter(homes.called(name, layer) for name in self.names)


def _running(graph: ModelGraph) -> Mapping[Layer, _Running]:
    """Return the layers with those that run on what the model is given: an exporter runs the
    others once, or never meets them. All of them where the run is not known, without the tables
    that are not seen to run on that: many a one is there for its weights alone, or is asked for the
    same rows every time."""
    flow, named = graph.flow, graph.named_layers
    if flow is None or not flow.complete:
        ran = {flow.operations[n].module for n in graph.driven} if flow is not None else set[str]()
        used = {named[name] for name in ran if name in named}
        counted = graph.layers.items()
        tables = {x for x, _ in counted if LAYERS[x.op].family == "embedding" and x not in used}
        return {x: _Running(n) for x, n in counted if x not in tables}
    found: dict[Layer, _Running] = {}
    for name in dict.fromkeys(work.operation.module for work in steps(graph)):
        if name in named:
            found.setdefault(named[name], _Running()).names.append(name)
    return found


def _is_own(layer: Layer, operation: Operation) -> bool:
    """Whether the operation is what the layer is there for."""
    forward = LAYERS[layer.op].forward
    return forward is not None and forward.function.rpartition(".")[2] == operation.name


def _asked(reading: Reading, name: str) -> tuple[str, str] | None:
    """Return what a function comes to that the profile knows: operator and support."""
    known = {op: reading.profile.support(reading.dtype, op) for op in _BY_FUNCTION.get(name, ())}
    said = {support for support in known.values() if support is not None}
    if len(said) == 1:
        return next(op for op, support in known.items() if support is not None), said.pop()
    support = None if known else reading.profile.supports_function(reading.dtype, name)
    return (name, support) if support else None


def _function(flow: Flow, operation: Operation, moving: Container[int]) -> str:
    """Return the function as profiles name it; "" for what becomes another operator.

    `moving`: the tensors that depend on what the model is given.
    """
    name = _SAME.get(operation.name, operation.name)
    tensors = [flow.tensors[i] for i in operation.inputs]
    if name == "div" and (len(tensors) == 1 or operation.inputs[1] not in moving):
        return ""  # dividing by a number is a scale, by a constant tensor a multiplication
    if name in ("matmul", "bmm") and any(t.kind == "parameter" for t in tensors):
        return "linear"
    if name == "matmul":
        return "bmm"
    if tensors and all(_is_index(t.dtype) for t in tensors):
        return ""  # positions and masks are no numbers to be quantised
    return name


def _is_index(dtype: str) -> bool:
    return dtype.startswith(("int", "uint", "bool"))


def grouped(found: Sequence[Use]) -> Iterator[tuple[Use, list[Use]]]:
    """Yield each use with the others of the same operator."""
    for use in found:
        yield use, [other for other in found if other.op == use.op and other is not use]


def costly(
    reading: Reading, family: str, instead: Mapping[str, Sequence[str]], change: str
) -> Iterator[Finding]:
    """Yield one finding for each place that asks for operators of `family` without own kernel.

    `instead` names candidates to use instead, best first; only those are offered that the profile
    says have a kernel. `change` says what using them means.
    """
    found = [use for use in uses(reading, _COSTLY) if use.family == family]
    for use, others in grouped(found):
        usable = list(_usable(reading, instead.get(use.op, ()), use))
        said = finding(reading, use, others, _advice(reading, usable, change))
        yield replace(said, changes=_changes(use, usable, family))


def _changes(use: Use, usable: Sequence[tuple[str, str]], family: str) -> tuple[Change, ...]:
    """Return the changes of an activation, the closest one first."""
    if family != "activation":
        return ()
    return tuple(
        change
        for instead, _ in usable[:2]
        for change in activation_for(use.op, use.place, instead, use.called)
    )


def finding(reading: Reading, use: Use, others: Sequence[Use], advice: str = "") -> Finding:
    """Return what there is to say of one use."""
    places = (
        *related(use.layers, use.place, lambda x: f"{x.op} is built here"),
        *related([x for o in others for x in o.layers], use.place, lambda x: f"{x.op} too"),
    )
    places = tuple({one.place: one for one in reversed(places)}.values())
    return Finding(
        use.place,
        _message(reading, use) + cost_words(reading, use.layers, use.operations),
        _why(reading, use.op),
        advice,
        alternatives=tuple(dict.fromkeys(x.place for x in use.layers if x.place != use.place)),
        related=places,
        model_share=reading.share(use.layers, use.operations),
        severity="warning" if use.support == "none" else None,
        data={"op": use.op, "layers": use.number},
    )


def _message(reading: Reading, use: Use) -> str:
    deploy, one, support = reading.profile.deploy, use.number == 1, use.support
    if use.layers:
        built = "this layer" if one else f"{use.number} layers of this call"
        name = use.op
    else:
        built = "this call" if one else count(use.number, "call")
        name = use.op if use.called in ("", use.op) else f"{use.op} (in {use.called})"
        if use.called in _BY_FUNCTION:
            name = use.called
    if support == "float":
        runs = "runs" if one else "run"
        return (
            f"{name} has no {reading.dtype} kernel: {built} {runs} in float, converted to and fro"
        )
    if support == "none":
        where = f" by {deploy.runtime}" if deploy is not None else ""
        return f"{name} is not supported in {reading.dtype}{where}: {built} {_lost(reading, one)}"
    becomes = "becomes" if one else "each become"
    return f"{name} has no {reading.dtype} kernel of its own: {built} {becomes} several operators"


def _lost(reading: Reading, one: bool) -> str:
    """What becomes of an operator that the path does not have."""
    known = reading.profile.requirements
    what = known.unsupported if known is not None else None
    if what == "fails":
        return "will not run"
    if what == "runs on the host":
        return "falls back to the host" if one else "fall back to the host"
    return f"{'falls' if one else 'fall'} back or will not run"


def _why(reading: Reading, op: str) -> str:
    operators = reading.profile.operators[reading.dtype]
    reason = operators.why.get(op, "")
    deploy = reading.profile.deploy
    path = f"{deploy.exporter}, {deploy.runtime}" if deploy is not None else ""
    if deploy is not None and operators.support.get(op) == "none":
        path = f"exported by {deploy.exporter}"  # the message has named the runtime
    said = "; ".join(part for part in (reason, path) if part)
    return f"{said} [{operators.evidence}]".strip()


def _usable(reading: Reading, candidates: Sequence[str], use: Use) -> Iterator[tuple[str, str]]:
    """Yield the candidates that have a kernel, with how they are supported."""
    for op in candidates:
        support = reading.profile.support(reading.dtype, op)
        if support == "fused" and use.family == "norm" and not _folds(reading, use):
            yield op, "a scale and a shift"
        elif support in {"native", "fused"}:
            yield op, support


def _folds(reading: Reading, use: Use) -> bool:
    """Say whether what is before each of these norms takes up a batch norm in their place."""
    fusion = reading.profile.fusion
    links = reading.graph.links if reading.graph is not None else None
    if links is None or fusion is None:
        return False
    layers = {id(layer) for layer in use.layers}
    steps = [step for step in links.by_number.values() if id(step.layer) in layers]
    makers = [step.maker() for step in steps]
    into = fusion.batch_norm_folds_into or ()
    return bool(makers) and all(maker is not None and maker.op in into for maker in makers)


def _advice(reading: Reading, usable: Sequence[tuple[str, str]], change: str) -> str:
    if not usable:
        return ""
    words = [op if support == "native" else f"{op} ({support})" for op, support in usable]
    return f"{' or '.join(words[:2])} would run in {reading.dtype} here ({change})"
