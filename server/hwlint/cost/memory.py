"""Peak activation memory by the lifetimes of tensors: as Python runs a model, and as a runtime
plans it that compiles the graph beforehand."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hwlint.cost.plan import Plan
from hwlint.graph import Flow, TensorInfo
from hwlint.ops.dtypes import is_float, item_size

__all__ = ["Moment", "Peak", "peak_memory", "peak_of", "planned_course", "run_course"]


class Moment(NamedTuple):
    """The bytes of inputs and activations that are alive while something runs."""

    operation: int
    """Index of the operation, the first one of a kernel; -1 before any runs."""
    bytes: float


class Peak(NamedTuple):
    """The most bytes of inputs and activations that are alive at one time."""

    bytes: float
    operation: int
    """Index of the operation that runs then; -1 where there is none."""


def peak_memory(flow: Flow, item: float | None = None) -> Peak | None:
    """Return the peak of `run_course`; None where the run is not complete."""
    course = run_course(flow, item)
    return None if course is None else peak_of(course)


def peak_of(course: Sequence[Moment]) -> Peak:
    """Return the first moment at which most is alive."""
    highest = max(course, key=lambda moment: moment.bytes)
    return Peak(highest.bytes, highest.operation)


def run_course(flow: Flow, item: float | None = None) -> list[Moment] | None:
    """Return what is alive in one forward pass without gradients, operation by operation; None
    where the run is not complete.

    Parameters and buffers do not count. A view shows memory of another tensor, and an operation in
    place writes into its input: both count once. A tensor lives from the operation that makes it to
    the last one that reads it, as long as a variable of the program holds it, what a module is
    given until the module returns, and the inputs and outputs of the model to the end. What one
    operation allocates inside of itself (the steps of an LSTM, copies that einsum makes) is not
    counted. `item`: bytes of a number of floating point where it is deployed.
    """
    if not flow.complete:
        return None
    sizes = {i: _bytes(t, item) for i, t in enumerate(flow.tensors) if _counts(i, t)}
    if None in sizes.values():
        return None
    last = _last_uses(flow)
    changes = [0.0] * (len(flow.operations) + 1)
    alive = 0.0
    for index, size in sizes.items():
        producer = flow.tensors[index].producer
        if producer is None:
            alive += size or 0
        else:
            changes[producer] += size or 0
            changes[last.get(index, producer) + 1] -= size or 0
    return _course(alive, changes, range(len(flow.operations)))


def planned_course(plan: Plan) -> list[Moment]:
    """Return what is alive kernel by kernel, where they run one after the other and a tensor is
    there from the kernel that makes it to the last one that reads it. What only one kernel sees
    takes no memory; inputs are there until they are read, outputs to the end."""
    tensors, kernels = plan.tensors, plan.touched
    last = _last_kernels(plan)
    changes = [0.0] * (len(kernels) + 1)
    born: set[int] = set()
    alive = 0.0
    for index, tensor in enumerate(plan.flow.tensors):
        if tensor.kind == "input" and tensor.storage == index:
            born.add(index)
            alive += tensors.bytes(index)
            changes[last.get(index, -1) + 1] -= tensors.bytes(index)
    for number, touched in enumerate(kernels):
        for root, size in touched.writes.items():
            if root not in born and not tensors.is_constant(root):
                born.add(root)
                changes[number] += size
                changes[last.get(root, number) + 1] -= size
    return _course(alive, changes, [made.operations[0] for made in plan.groups])


def _last_kernels(plan: Plan) -> Mapping[int, int]:
    """The last kernel that needs each tensor; the one after all for what the model returns."""
    last: dict[int, int] = {}
    for number, touched in enumerate(plan.touched):
        last.update(dict.fromkeys((*touched.reads, *touched.writes), number))
    for index in plan.flow.returned:
        last[plan.tensors.root(index)] = len(plan.touched) - 1
    return last


def _course(alive: float, changes: Sequence[float], operations: Sequence[int]) -> list[Moment]:
    """What is alive at first, and after each step's change; the last change is behind them all."""
    course = [Moment(-1, alive)]
    for operation, change in zip(operations, changes[:-1], strict=True):
        alive += change
        course.append(Moment(operation, alive))
    return course


def _counts(index: int, tensor: TensorInfo) -> bool:
    """Whether a tensor has memory of its own that is not the model's."""
    made = tensor.kind == "input" or (tensor.kind == "activation" and tensor.producer is not None)
    return made and tensor.storage == index


def _bytes(tensor: TensorInfo, item: float | None) -> float | None:
    items, size = tensor.items, item_size(tensor.dtype)
    if item is not None and is_float(tensor.dtype):
        size = item
    return None if items is None or size is None else items * size


def _last_uses(flow: Flow) -> dict[int, int]:
    """The last operation at which the memory of each tensor is needed."""
    last: dict[int, int] = {}

    def use(index: int, at: int) -> None:
        storage = flow.tensors[index].storage
        last[storage] = max(last.get(storage, -1), at)

    for number, operation in enumerate(flow.operations):
        for index in (*operation.inputs, *operation.outputs):
            use(index, number)
    for call in flow.calls:
        for index in call.taken:
            use(index, call.stop - 1)
    for index, tensor in enumerate(flow.tensors):
        use(index, tensor.held - 1)
    for index in flow.returned:
        use(index, len(flow.operations) - 1)
    return last
