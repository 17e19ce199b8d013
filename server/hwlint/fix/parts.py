"""What a run does with parts of a tensor (`chunk`, `split`) that torch does not do with parts."""

from hwlint.graph import Flow, Operation

__all__ = ["unfit_for_parts"]

_CUTTING = frozenset(("chunk", "split", "split_with_sizes", "tensor_split"))
Sizes = tuple[int, ...]


def unfit_for_parts(flow: Flow) -> str:
    """Return what a run does with parts of a tensor that it could not; "" where there is nothing.

    Autograd refuses to write in place into one of several views that one function returned
    (https://docs.pytorch.org/docs/stable/notes/autograd.html), and `view` takes no dimensions
    together between which there is room (https://docs.pytorch.org/docs/stable/tensor_view.html).
    """
    parts: set[int] = set()
    strides: dict[int, Sizes] = {}
    for operation in flow.operations:
        first = operation.inputs[0] if operation.inputs else -1
        cuts = operation.name in _CUTTING and len(operation.outputs) > 1
        if not cuts and first not in parts:
            continue
        if operation.effect == "inplace":
            return f"{operation.name} would write into a part of a tensor"
        if operation.effect not in ("view", "same"):
            continue
        if operation.name == "view" and _is_apart(flow, operation, strides):
            return "view would have to take dimensions of a part of a tensor together"
        parts.update(operation.outputs)
        for output in operation.outputs:
            known = _strides(flow, operation, strides, output)
            if known is not None:
                strides[output] = known
    return ""


def _is_apart(flow: Flow, operation: Operation, strides: dict[int, Sizes]) -> bool:
    before, after = _size(flow, operation.inputs[0]), _size(flow, operation.outputs[0])
    step = strides.get(operation.inputs[0])
    if before is None or after is None or step is None or before == after:
        return False
    return _viewed(before, step, after) is None


def _size(flow: Flow, index: int) -> Sizes | None:
    shape = flow.tensors[index].shape
    if shape is None or any(size is None for size in shape):
        return None
    return tuple(size for size in shape if size is not None)


def _strides(
    flow: Flow, operation: Operation, strides: dict[int, Sizes], output: int
) -> Sizes | None:
    """Return how far apart the items of what an operation gives lie, in items; None where that is
    not followed."""
    given = operation.inputs[0]
    before, after = _size(flow, given), _size(flow, output)
    if before is None or after is None:
        return None
    known = strides.get(given)
    if operation.name in _CUTTING:
        return known or _in_order(before)
    if known is None:
        return None
    if operation.order:
        return tuple(known[axis] for axis in operation.order)
    if operation.name in ("view", "reshape", "unflatten", "flatten"):
        return _viewed(before, known, after)
    return known if before == after and operation.effect == "same" else None


def _in_order(sizes: Sizes) -> Sizes:
    found: list[int] = []
    step = 1
    for size in reversed(sizes):
        found.insert(0, step)
        step *= size
    return tuple(found)


def _viewed(sizes: Sizes, strides: Sizes, wanted: Sizes) -> Sizes | None:
    """Return the strides of a tensor that is seen in another shape; None where it would have to be
    copied: each new dimension is part of a run of old ones without room in between."""
    runs: list[tuple[int, int]] = []
    for size, step in zip(sizes, strides, strict=True):
        if size == 1:
            continue
        if runs and runs[-1][1] == step * size:
            runs[-1] = (runs[-1][0] * size, step)
        else:
            runs.append((size, step))
    found: list[int] = []
    for size in reversed(wanted):
        if size == 1:
            found.insert(0, 1)
            continue
        if not runs or runs[-1][0] % size:
            return None
        count, step = runs.pop()
        found.insert(0, step)
        if count != size:
            runs.append((count // size, step * size))
    return tuple(found)
