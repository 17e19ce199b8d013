"""From a recorded run to `hwlint.graph`."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from collections.abc import Iterator
from dataclasses import replace

from hwlint.graph import Called, Flow, Mismatch, Operation, TensorInfo, Unread
from hwlint.ops.dtypes import item_size
from hwlint.reader.forward.inputs import Given
from hwlint.reader.forward.recording import Call, Event
from hwlint.reader.forward.recording import Flow as Recorded
from hwlint.reader.forward.waits import WAITS
from hwlint.reader.library.modules import named_modules
from hwlint.reader.values import DictValue, Instance, ModuleInstance, Tensor, Unknown, Value

__all__ = ["emit_flow", "outputs_of"]

Shape = tuple[int | None, ...] | None


def emit_flow(recorded: Recorded, root: ModuleInstance, given: Given, result: Value) -> Flow:
    """Return a run as plain data."""
    return _Emission(root, given).flow(recorded, result)


class _Emission:
    def __init__(self, root: ModuleInstance, given: Given) -> None:
        self.given = given
        self.names = {id(module): name for name, module in _backwards(root)}
        self.tensors: list[TensorInfo] = []
        self.index: dict[int, int] = {}
        self.keep: list[Tensor] = []
        self.operations: list[Operation] = []
        self.calls: list[Called] = []
        self.uncounted: dict[str, None] = {}
        self.scattered: set[int] = set()
        self.swapped: set[int] = set()

    def flow(self, recorded: Recorded, result: Value) -> Flow:
        for tensor in self.given.tensors:
            self.tensor(tensor, "input")
        macs, _ = self.call(recorded.top, "")
        self.hold(recorded)
        outputs = outputs_of(result)
        missing = tuple([Unread(u.place, u.reason) for u in recorded.doubts.values()])
        return Flow(
            self.given.described,
            self.given.assumed,
            tuple(self.operations),
            tuple(self.tensors),
            tuple(self.calls),
            tuple([t.shape for t in outputs]),
            tuple([self.tensor(t, t.kind) for t in outputs]),
            None if missing else macs,
            missing,
            self.mismatch(recorded),
            tuple(self.uncounted),
        )

    def hold(self, recorded: Recorded) -> None:
        for tensor, count in recorded.held.values():
            index = self.index.get(id(tensor))
            if index is not None:
                self.tensors[index] = replace(self.tensors[index], held=count)

    def mismatch(self, recorded: Recorded) -> Mismatch | None:
        if recorded.refusal is None:
            return None
        problem, message, module = recorded.refusal
        layer = module.layer if module is not None else None
        name = self.names.get(id(module), "") if module is not None else ""
        return Mismatch(message, problem.place, name, layer.place if layer is not None else None)

    def call(self, call: Call, module: str) -> tuple[int | None, int | None]:
        """Emit what a call did; return its MACs and the bytes that it moved."""
        macs: int | None = 0
        moved: int | None = 0
        for item in call.items:
            if isinstance(item, Event):
                one, bytes_ = self.event(item, module)
            else:
                one, bytes_ = self.inner(item)
            macs = None if macs is None or one is None else macs + one
            moved = None if moved is None or bytes_ is None else moved + bytes_
        return macs, moved

    def inner(self, call: Call) -> tuple[int | None, int | None]:
        module = call.module
        assert module is not None
        name = self.names.get(id(module), "?")
        place, start = len(self.calls), len(self.operations)
        self.calls.append(_UNFILLED)
        taken = tuple([self.tensor(t, t.kind) for t in outputs_of(call.inputs)])
        macs, moved = self.call(call, name)
        layer = module.layer
        leaf = not any(isinstance(m, ModuleInstance) for m in module.modules.values())
        self.calls[place] = Called(
            name,
            module.cls.name,
            layer.spec.op if layer is not None else None,
            _shapes(call.inputs),
            _shapes(call.outputs),
            macs,
            moved,
            leaf,
            taken,
            start,
            len(self.operations),
        )
        return macs, moved

    def event(self, event: Event, module: str) -> tuple[int | None, int | None]:
        if event.spec is None and event.name not in _PLAIN:
            self.uncounted[event.name] = None
        number = len(self.operations)
        inputs = tuple([self.tensor(t, t.kind) for t in event.inputs])
        effect = self.effect(event, inputs)
        base = inputs[0] if inputs and effect in ("view", "same", "inplace") else None
        outputs = tuple([self.made(t, number, base) for t in event.outputs])
        self.scatter(event, effect, inputs, outputs)
        read, written = self.moved(event, effect)
        self.operations.append(
            Operation(
                event.name,
                module,
                event.place,
                inputs,
                outputs,
                event.macs,
                read,
                written,
                effect,
                event.window,
            )
        )
        moved = None if read is None or written is None else read + written
        return event.macs, moved

    def effect(self, event: Event, inputs: tuple[int, ...]) -> str:
        """Say whether what may be a view is one: a copy where the items do not lie in order."""
        if event.effect == "cast":
            return "new"
        if event.effect in ("reshape", "contiguous"):
            return "new" if not inputs or inputs[0] in self.scattered else "view"
        return event.effect

    def scatter(
        self, event: Event, effect: str, inputs: tuple[int, ...], outputs: tuple[int, ...]
    ) -> None:
        """Note which tensors do not lie in memory in the order of their dimensions."""
        if event.name == "scaled_dot_product_attention":
            self.swapped.update(outputs)  # its kernels write heads inside of positions
        if effect == "view" and inputs and event.name == "transpose" and inputs[0] in self.swapped:
            return
        if effect == "view" and inputs:
            moved = event.name in _REORDERING or inputs[0] in self.scattered
            cut = event.name in _CUTTING and any(
                _cut_inside(self.tensors[inputs[0]].shape, self.tensors[o].shape) for o in outputs
            )
            if moved or cut:
                self.scattered.update(outputs)

    def tensor(self, tensor: Tensor, kind: str, producer: int | None = None) -> int:
        """Return the index of a tensor, entered where it is new."""
        found = self.index.get(id(tensor))
        if found is None:
            found = self.index[id(tensor)] = len(self.tensors)
            self.keep.append(tensor)
            kind = kind if kind in ("input", "parameter", "buffer") else "activation"
            self.tensors.append(TensorInfo(tensor.shape, tensor.dtype, kind, producer, found))
        return found

    def made(self, tensor: Tensor, producer: int, base: int | None) -> int:
        """Return the index of an output; of a view, with the memory that it shows."""
        if id(tensor) in self.index:
            return self.index[id(tensor)]
        found = self.tensor(tensor, "activation", producer)
        if base is not None:
            storage = self.tensors[base].storage
            self.tensors[found] = TensorInfo(
                tensor.shape, tensor.dtype, "activation", producer, storage
            )
        return found

    def moved(self, event: Event, effect: str) -> tuple[int | None, int | None]:
        """Return the bytes that an operation reads and writes."""
        if effect in ("view", "same"):
            return 0, 0
        written = _bytes(event.outputs)
        inputs = event.inputs
        if event.spec is not None and event.spec.reads == "part":
            rest = _bytes(inputs[:1])
            return (None if rest is None or written is None else rest + written), written
        return _bytes(inputs), written


_UNFILLED = Called("", "", None, (), (), None, None, leaf=False)
_PLAIN = WAITS | {"index"}


_REORDERING = frozenset(
    ("transpose", "permute", "movedim", "moveaxis", "swapaxes", "swapdims", "t", "expand",
     "expand_as", "broadcast_to", "broadcast_tensors", "diagonal", "unfold")
)  # fmt: skip
_CUTTING = frozenset(("index", "chunk", "split", "unbind", "select", "narrow", "tensor_split"))


def _cut_inside(whole: Shape, part: Shape) -> bool:
    """Say whether a part is more than rows of the first dimension."""
    if whole is None or part is None:
        return True
    return (
        part[len(part) - len(whole) + 1 :] != whole[1:]
        if len(part) >= len(whole)
        else (part != whole[len(whole) - len(part) :])
    )


def _backwards(root: ModuleInstance) -> Iterator[tuple[str, Value]]:
    """Modules and their names; of several names the first one comes last and stays."""
    yield from reversed(list(named_modules(root)))


def _bytes(tensors: list[Tensor]) -> int | None:
    total = 0
    for tensor in tensors:
        size = item_size(tensor.dtype)
        if tensor.shape is None or size is None:
            return None
        for dim in tensor.shape:
            if dim is None:
                return None
            size *= dim
        total += size
    return total


def _shapes(value: Value) -> tuple[tuple[int | None, ...] | None, ...]:
    return tuple([t.shape for t in outputs_of(value)])


def outputs_of(value: Value, depth: int = 0) -> list[Tensor]:
    """Return the tensors in what a module takes or returns; one of unknown shape for Unknown."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Unknown):
        return [Tensor(None, None, "")]
    if depth > 6:
        return []
    if isinstance(value, tuple | list):
        return [t for v in value for t in outputs_of(v, depth + 1)]
    if isinstance(value, DictValue):
        return [t for v in value.values() for t in outputs_of(v, depth + 1)]
    if isinstance(value, Instance) and not isinstance(value, ModuleInstance):
        inner = value.payload if value.payload is not None else DictValue(value.attrs)
        return outputs_of(inner, depth + 1)
    return []
