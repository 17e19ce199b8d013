"""Where a forward method asks for the values of tensors that the device computes."""

from collections.abc import Collection, Mapping

from hwlint.api import Flow, Operation, Place, Reading

__all__ = ["times", "waits"]


def waits(reading: Reading, names: Collection[str]) -> Mapping[Place, list[Operation]]:
    """Return the calls that need values of something computed from the input or from weights, by
    their place. A run that was not followed to its end shows those before that."""
    flow = reading.graph.flow if reading.graph is not None else None
    found: dict[Place, list[Operation]] = {}
    for operation in flow.operations if flow is not None else ():
        asks = operation.name in names and operation.effect == "same" and not operation.outputs
        if flow is None or not asks or operation.place is None:
            continue
        if not operation.inputs or _on_device(flow, operation.inputs[0]):
            found.setdefault(operation.place, []).append(operation)
    return found


def times(reading: Reading, number: int) -> str:
    """Say how often something happens in a run: "3 times", "at least 3 times" where the run was not
    followed to its end; "" for once."""
    flow = reading.graph.flow if reading.graph is not None else None
    whole = flow is not None and flow.complete
    return f"{'' if whole else 'at least '}{number} times" if number > 1 else ""


def _on_device(flow: Flow, index: int) -> bool:
    """Whether the input, a parameter or a buffer goes into a tensor: what is made of sizes alone
    may as well be on the host."""
    seen, waiting = {index}, [index]
    while waiting:
        tensor = flow.tensors[waiting.pop()]
        if tensor.kind in ("input", "parameter", "buffer"):
            return True
        before = flow.operations[tensor.producer].inputs if tensor.producer is not None else ()
        for other in before:
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return False
