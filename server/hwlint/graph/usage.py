"""Which operations of a run have a part in what it returns."""

from hwlint.graph.flow import Flow, Operation

__all__ = ["used", "values_of"]

_AS = ("expand_as", "reshape_as", "type_as", "view_as")
"""Functions that look at the second tensor's shape or dtype alone."""


def values_of(operation: Operation) -> tuple[int, ...]:
    """Return the tensors whose items an operation looks at. Of others it takes a shape or dtype."""
    if operation.name.endswith("_like") or operation.name.startswith("new_"):
        return ()
    return operation.inputs[:1] if operation.name in _AS else operation.inputs


def used(flow: Flow) -> frozenset[int]:
    """Return the indices of the operations without which a run would return something else.

    A tensor counts with all that show the same memory. Where the run is not known to its end, that
    any other operation reads what one makes is enough; where nothing is known of what it returns,
    all count.
    """
    if not flow.returned:
        return frozenset(range(len(flow.operations)))
    wanted = {flow.tensors[index].storage for index in flow.returned}
    if not flow.complete:
        reading = (o for o in flow.operations if o.outputs)  # the others ask for a size
        wanted.update(flow.tensors[i].storage for o in reading for i in o.inputs)
    found: set[int] = set()
    for number in range(len(flow.operations) - 1, -1, -1):
        operation = flow.operations[number]
        if any(_changes(flow, operation, index, wanted) for index in _made(operation)):
            found.add(number)
            wanted.update(flow.tensors[index].storage for index in operation.inputs)
    return frozenset(found)


def _made(operation: Operation) -> tuple[int, ...]:
    """What an operation makes, or writes to."""
    if operation.effect != "inplace":
        return operation.outputs
    return (*operation.outputs, *operation.inputs[:1])


def _changes(flow: Flow, operation: Operation, index: int, wanted: set[int]) -> bool:
    """Whether somebody wants a tensor, or what is written to it outlives the run."""
    storage = flow.tensors[index].storage
    kept = operation.effect == "inplace" and flow.tensors[storage].producer is None
    return kept or storage in wanted
