"""From what a runtime says of its operators to modules, and from modules to lines of the source."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from attrs import evolve, frozen

from hwlint.measure.job import OperatorTime
from hwlint.measure.subject import Site, Subject
from hwlint.source.spans import Place

__all__ = ["Line", "Node", "grown", "hottest_lines", "place_in", "with_modules"]

_GREW = 0.1
"""Share of all growth below which a line is not named."""
_MOST_BACK = 8
"""Nodes of a fused chain that are gone through."""
_MADE = re.compile(r"^(?:Fused|QLinear|Q(?=Gemm))|Integer$")
"""What ONNX Runtime makes of an operator's name: FusedConv, QLinearConv, ConvInteger."""
_SUFFIX = re.compile(
    r"(?:_nchwc|_quant|_fused|_token_\d+|/\w+Fusion.*|_transpose|_reducesum|_copy|_int32)$"
)
"""What ONNX Runtime, and in the second half Vela, append to a node's name."""
_OF_AN_INPUT = re.compile(r"_transpose$")
"""What Vela appends to the name of a tensor for what an operator has to do with it first."""


@frozen
class Node:
    """A node of the exported ONNX model."""

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    module: str | None
    """Whose work it is, where that is known."""
    function: str = ""
    """Torch's name of what it is part of, where that is known."""


@frozen
class Line:
    """What one line of the source takes."""

    place: Place | None
    """None for what no line could be found for."""
    seconds: float
    share: float
    """Of all operators."""
    operators: tuple[str, ...]
    """Names of the runtime's operators, those that take most first."""
    modules: int
    """Modules that the line builds or runs."""


# --- modules --------------------------------------------------------------------------------


def with_modules(times: Iterable[OperatorTime], nodes: Sequence[Node]) -> tuple[OperatorTime, ...]:
    """Say whose work each operator of ONNX Runtime's optimised graph is.

    The optimiser makes one node of a chain and names it after the chain's last output
    ("relu_1_nchwc") or after one of its nodes: back from there to the node of the same kind.
    """
    by_name = {node.name: node for node in nodes}
    makers = {output: node for node in nodes for output in node.outputs}

    def found(time: OperatorTime) -> OperatorTime:
        node = _node_of(time.node, by_name, makers)
        origin = _taker(time, nodes)
        if origin is None and node is not None:
            origin = _same_kind(node, _MADE.sub("", time.name), makers)
        made_of = origin or node
        if made_of is None:
            return time
        return evolve(time, module=made_of.module, function=made_of.function)

    return tuple(found(time) for time in times)


def _node_of(name: str, by_name: Mapping[str, Node], makers: Mapping[str, Node]) -> Node | None:
    text = name
    while text:
        if text in by_name or text in makers:
            return by_name.get(text) or makers[text]
        shorter = _SUFFIX.sub("", text)
        if shorter == text:
            break
        text = shorter
    parts = [part for part in re.split(r"[\s/]+", name) if part in by_name]
    return by_name[parts[0]] if parts else None


def _taker(time: OperatorTime, nodes: Sequence[Node]) -> Node | None:
    """Return the node of the same kind that takes what is named, where the operator is made of a
    node's input: at once, or behind what became part of it."""
    names = {_OF_AN_INPUT.sub("", time.node)}
    if names == {time.node}:
        return None
    for _ in range(_MOST_BACK):
        takers = [node for node in nodes if not names.isdisjoint(node.inputs)]
        for node in takers:
            if node.op.lower() == time.name.lower():
                return node
        names = {name for node in takers for name in node.outputs}
    return None


def _same_kind(node: Node, kind: str, makers: Mapping[str, Node]) -> Node | None:
    """Go back to the nearest node of a kind, breadth first."""
    level = [node]
    for _ in range(_MOST_BACK):
        for one in level:
            if one.op.lower() == kind.lower():  # Vela says "Conv2D" of TOSA's "CONV2D"
                return one
        level = [makers[name] for one in level for name in one.inputs if name in makers]
    return None


# --- lines ----------------------------------------------------------------------------------


def hottest_lines(times: Sequence[OperatorTime], subject: Subject) -> tuple[Line, ...]:
    """Return the lines of the source by what they take, the most first."""
    total = sum(time.seconds for time in times)
    found: dict[tuple[str, int] | None, list[tuple[OperatorTime, Place | None]]] = {}
    sites = _Sites(subject)
    for time in times:
        place = sites.place(time)
        key = (place.path, place.line) if place is not None else None
        found.setdefault(key, []).append((time, place))
    lines = [_line([t for t, _ in each], each[0][1], total) for each in found.values()]
    return tuple(sorted(lines, key=lambda line: -line.seconds))


def _line(times: Sequence[OperatorTime], place: Place | None, total: float) -> Line:
    seconds = sum(time.seconds for time in times)
    ordered = sorted(times, key=lambda time: -time.seconds)
    names = dict.fromkeys(time.name.removeprefix("aten::") for time in ordered)
    modules = len({time.module for time in times})
    return Line(place, seconds, seconds / total if total else 0.0, tuple(names), modules)


def place_in(subject: Subject) -> Callable[[OperatorTime], Place | None]:
    """Return what says which line of a subject an operator belongs to."""
    return _Sites(subject).place


def grown(
    before: Iterable[OperatorTime],
    now: Iterable[OperatorTime],
    place_of: Callable[[OperatorTime], Place | None],
) -> list[tuple[Place, float, float]]:
    """Return the lines that take longer than before, with the seconds of both: as many as make up
    most of what the model grew by, the most first. `before` counts for the line where its module
    stands now. Empty where one of them was not profiled."""
    sides = [_by_line(times, place_of) for times in (before, now)]
    if not all(sides):
        return []
    lines = {**sides[0], **sides[1]}
    rows = [
        (place, sides[0].get(line, (place, 0.0))[1], sides[1].get(line, (place, 0.0))[1])
        for line, (place, _) in lines.items()
    ]
    total = sum(max(0.0, since - then) for _, then, since in rows)
    rows = [row for row in rows if row[2] - row[1] > _GREW * total]
    return sorted(rows, key=lambda row: row[1] - row[2])


def _by_line(
    times: Iterable[OperatorTime], place_of: Callable[[OperatorTime], Place | None]
) -> dict[tuple[str, int], tuple[Place, float]]:
    found: dict[tuple[str, int], tuple[Place, float]] = {}
    for time in times:
        place = place_of(time)
        if place is not None:
            line = (place.path, place.line)
            found[line] = (place, found.get(line, (place, 0.0))[1] + time.seconds)
    return found


class _Sites:
    """Where the modules and operations of a subject stand."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._by_function: dict[tuple[str, str], Site] = {}
        self._by_module: dict[str, list[Site]] = {}
        for site in subject.sites:
            self._by_function.setdefault((site.module, site.function), site)
            self._by_module.setdefault(site.module, []).append(site)

    def place(self, time: OperatorTime) -> Place | None:
        """Return the line of an operator: the call that builds its layer, else the call itself."""
        if time.module is None:
            return None
        module = ".".join(part for part in (self._subject.part, time.module) if part)
        told = (time.function,) if time.function else ()
        for function in (*told, *_functions(time.name)):
            if (module, function) in self._by_function:
                return self._by_function[module, function].place
        sites = self._by_module.get(module, [])
        if len({(site.place.path, site.place.line) for site in sites}) == 1:
            return sites[0].place  # all that it does is done there
        return self._subject.layers.get(module)


_ONNX_NAMES = {
    "gemm": "linear",
    "averagepool": "avg_pool2d",
    "globalaveragepool": "adaptive_avg_pool2d",
    "maxpool": "max_pool2d",
    "batchnormalization": "batch_norm",
    "layernormalization": "layer_norm",
    "conv": "conv2d",
    "reducemean": "mean",
    "reducesum": "sum",
    "gather": "embedding",
    "concat": "cat",
    "transpose": "transpose",
    "attention": "scaled_dot_product_attention",
}


def _functions(operator: str) -> Iterator[str]:
    """Yield torch's names for an operator of a runtime: "aten::add_" is "add"."""
    name = operator.rpartition("::")[2].strip("_")
    yield name
    lower = name.lower()
    yield lower
    if lower in _ONNX_NAMES:
        yield _ONNX_NAMES[lower]
