"""Whether another reading of a module is one that may stand in its place."""

from collections.abc import Iterator

from hwlint.fix.parts import unfit_for_parts
from hwlint.graph import Flow, Layer, ModelGraph
from hwlint.search.facts import inside

__all__ = ["Arguments", "arguments_of", "fault", "same_shapes"]

Arguments = dict[str, tuple[str, dict[str, object]]]
"""By qualified name: the kind of layer and its arguments."""


def fault(before: ModelGraph, after: ModelGraph | None, part: str) -> str | None:
    """Return why `after` may not stand in place of `before`; None where it may: it is known to its
    end, takes and returns the same shapes, and nothing outside of the part is another."""
    if after is None:
        return "it cannot be read"
    if after.root is None or len(after.missing) > len(before.missing) or after.params is None:
        reason = after.missing[0].reason if after.missing else "parameters are not known"
        return f"construction: {reason}"
    if after.flow is None or before.flow is None:
        return "forward: not followed"
    said = _of_run(before.flow, after.flow)
    if said is None and part:
        said = _beside(before, after, part)
    return said


def _of_run(before: Flow, after: Flow) -> str | None:
    if after.mismatch is not None:
        return f"forward: {after.mismatch.message}"
    if not after.complete:
        return f"forward: {after.missing[0].reason}"
    if after.inputs != before.inputs:
        return "it takes other inputs"
    if after.outputs != before.outputs:
        return f"it returns {_shapes(after)} in place of {_shapes(before)}"
    unfit = unfit_for_parts(after)
    return f"forward: {unfit}" if unfit and not unfit_for_parts(before) else None


def _shapes(flow: Flow) -> str:
    each = ("x".join(map(str, shape)) if shape is not None else "?" for shape in flow.outputs)
    return ", ".join(each) or "nothing"


def same_shapes(before: ModelGraph, after: ModelGraph) -> bool:
    """Whether all modules return what they did."""
    if before.flow is None or after.flow is None:
        return False
    old, new = ([(c.name, c.outputs) for c in flow.calls] for flow in (before.flow, after.flow))
    return old == new


def _beside(before: ModelGraph, after: ModelGraph, part: str) -> str | None:
    """Say what is another outside of a part, or where it is joined to the rest."""
    if list(_joints(before, part)) != list(_joints(after, part)):
        return f"{part} takes or returns other shapes"
    outside = [
        {name: what for name, what in arguments_of(graph).items() if not inside(name, part)}
        for graph in (before, after)
    ]
    if outside[0] != outside[1]:
        return f"layers outside of {part} are others"
    if list(_ran_beside(before, part)) != list(_ran_beside(after, part)):
        return f"other operations run outside of {part}"
    return None


def _ran_beside(graph: ModelGraph, part: str) -> Iterator[object]:
    assert graph.flow is not None
    for operation in graph.flow.operations:
        if not inside(operation.module, part):
            yield operation.module, operation.name


def _joints(graph: ModelGraph, part: str) -> Iterator[object]:
    assert graph.flow is not None
    for called in graph.flow.calls:
        if called.name == part:
            yield called.inputs, called.outputs


def arguments_of(graph: ModelGraph) -> Arguments:
    """Return what every layer of a model is."""
    known: dict[Layer, tuple[str, dict[str, object]]] = {}
    found: Arguments = {}
    for name, layer in graph.named_layers.items():
        if layer not in known:
            values = {key: arg.value if arg.known else ... for key, arg in layer.args.items()}
            known[layer] = (layer.op, values)
        found[name] = known[layer]
    return found
