"""Operations, tensors and calls of a run in the form of the graph, in order; and those of a
template, numbered from nought, to be written again for every call that the template stands for."""

from collections.abc import Sequence
from typing import Any, cast

from hwlint.graph import Called, Operation, TensorInfo
from hwlint.ops.dtypes import item_size
from hwlint.reader.forward.recording import Event, Replay, Spot
from hwlint.reader.forward.templates import Template, Where, is_tree, joined, own_tensor, place_of
from hwlint.reader.forward.waits import WAITS
from hwlint.reader.values import LazyModule, Tensor

__all__ = ["Block", "Work", "Writer", "together"]

Shape = tuple[int | None, ...] | None
Work = tuple[int | None, int | None]
"""MACs, and the bytes that are moved."""


class Writer:
    """Writes one operation after the other and numbers what they read and make."""

    def __init__(self) -> None:
        self.tensors: list[list[Any]] = []
        """The fields of `TensorInfo`, but `held`."""
        self.held: dict[int, int] = {}
        self.index: dict[Any, int] = {}
        self.keep: list[Tensor] = []
        self.operations: list[Operation] = []
        self.calls: list[Called] = []
        self.uncounted: dict[str, None] = {}
        self.scattered: set[int] = set()
        self.swapped: set[int] = set()

    def infos(self) -> tuple[TensorInfo, ...]:
        """Return what is known of each tensor."""
        held = self.held
        return tuple(
            [
                TensorInfo(f[0], f[1], f[2], f[3], f[4], held.get(i, 0))
                for i, f in enumerate(self.tensors)
            ]
        )

    def hold(self, tensor: Tensor, until: int) -> None:
        """Note that variables hold a tensor until that many operations have run."""
        index = self.index.get(self.key(tensor))
        if index is not None:
            self.held[index] = max(self.held.get(index, 0), until)

    def key(self, tensor: Tensor) -> Any:
        """Return by what a tensor is known."""
        return id(tensor)

    def opened(self, inputs: Sequence[Tensor]) -> tuple[int, int, tuple[int, ...]]:
        """Begin a call: return its place among the calls, its first operation, what it takes."""
        place, start = len(self.calls), len(self.operations)
        self.calls.append(_UNFILLED)
        return place, start, tuple([self.tensor(t, t.kind) for t in inputs])

    def event(self, event: Event, module: str) -> Work:
        """Write one operation."""
        if event.spec is None and event.name not in _PLAIN:
            self.uncounted[event.name] = None
        number = len(self.operations)
        inputs = tuple([self.tensor(t, t.kind) for t in event.inputs])
        effect = self._effect(event, inputs)
        base = inputs[0] if inputs and effect in ("view", "same", "inplace") else None
        outputs = tuple([self._made(t, number, base) for t in event.outputs])
        self._scatter(event, effect, inputs, outputs)
        read, written = _moved(event, effect)
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
                event.order,
                event.through,
            )
        )
        moved = None if read is None or written is None else read + written
        return event.macs, moved

    def _effect(self, event: Event, inputs: tuple[int, ...]) -> str:
        """Say whether what may be a view is one: a copy where the items do not lie in order."""
        if event.effect == "cast":
            return "new"
        if event.effect in ("reshape", "contiguous"):
            return "new" if not inputs or inputs[0] in self.scattered else "view"
        return event.effect

    def _scatter(
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
                _cut_inside(self.tensors[inputs[0]][0], self.tensors[o][0]) for o in outputs
            )
            if moved or cut:
                self.scattered.update(outputs)

    def tensor(self, tensor: Tensor, kind: str, producer: int | None = None) -> int:
        """Return the index of a tensor, entered where it is new."""
        key = self.key(tensor)
        found = self.index.get(key)
        if found is None:
            found = self.index[key] = len(self.tensors)
            self.keep.append(tensor)
            kind = kind if kind in ("input", "parameter", "buffer") else "activation"
            where = None if producer is not None else self.origin(tensor)
            self.add([tensor.shape, tensor.dtype, kind, producer, found], where)
        return found

    def origin(self, tensor: Tensor) -> Any:
        """Return where a tensor is from that no operation made."""
        del tensor

    def _made(self, tensor: Tensor, producer: int, base: int | None) -> int:
        """Return the index of an output; of a view, with the memory that it shows."""
        found = self.index.get(self.key(tensor))
        if found is not None:
            return found
        found = self.tensor(tensor, "activation", producer)
        if base is not None:
            self.tensors[found][4] = self.tensors[base][4]
        return found

    # --- templates --------------------------------------------------------------------------

    def replay(self, item: Replay, name: str) -> Work:
        """Write what a template did, for a module called `name`."""
        block = self._block(item)
        numbers = self._numbers(block, item)
        first = len(self.operations)
        append = self.operations.append
        for op in block.operations:
            append(
                Operation(
                    op.name,
                    self.below(item, name, op.module),
                    op.place,
                    tuple([numbers[i] for i in op.inputs]),
                    tuple([numbers[i] for i in op.outputs]),
                    op.macs,
                    op.read,
                    op.written,
                    op.effect,
                    op.window,
                    op.order,
                    op.through,
                )
            )
        for position, call in enumerate(block.calls):
            again = call._replace(
                name=self.below(item, name, call.name),
                taken=tuple([numbers[i] for i in call.taken]),
                start=first + call.start,
                stop=first + call.stop,
                through=call.through if position else item.through,
            )
            self.calls.append(again)
        self._take(block, numbers, first)
        for (recorded, _), fresh in zip(item.template.outputs, item.fresh, strict=True):
            index = block.index.get(id(recorded))
            if index is not None:
                self.index.setdefault(self.key(fresh), numbers[index])
                self.keep.append(fresh)
        return block.work

    def below(self, item: Replay, name: str, path: str) -> str:
        """Return the name of the module at `path` below the one that was called, `name`."""
        del item
        return joined(name, path)

    def _take(self, block: "Block", numbers: list[int], first: int) -> None:
        self.uncounted.update(block.uncounted)
        self.scattered.update([numbers[i] for i in block.scattered])
        self.swapped.update([numbers[i] for i in block.swapped])
        held = self.held
        for index, until in block.held.items():
            number = numbers[index]
            held[number] = max(held.get(number, 0), first + until)

    def _block(self, item: Replay) -> "Block":
        """Return the block of a template for tensors that lie in memory like these."""
        lies: list[tuple[int, bool, bool]] = []
        for position, tensor in enumerate(item.tensors):
            index = self.index.get(self.key(tensor))
            if index is not None and (index in self.scattered or index in self.swapped):
                lies.append((position, index in self.scattered, index in self.swapped))
        blocks = item.template.blocks
        found = blocks.get(tuple(lies))
        if found is None:
            found = blocks[tuple(lies)] = Block(item.template, lies)
        return found

    def _numbers(self, block: "Block", item: Replay) -> list[int]:
        """Return the index here of each tensor of a block."""
        numbers: list[int] = []
        first = len(self.operations)
        tensors = self.tensors
        for where, fields in zip(block.wheres, block.tensors, strict=True):
            if where is not None:
                numbers.append(self.outer(where, item, fields))
                continue
            shape, dtype, kind, producer, storage = fields
            number = len(tensors)
            numbers.append(number)
            memory = number if storage == len(numbers) - 1 else tensors[numbers[storage]][4]
            made_by = None if producer is None else first + producer
            self.add([shape, dtype, kind, made_by, memory], None)
        return numbers

    def add(self, fields: list[Any], where: Any) -> None:
        """Enter a tensor."""
        del where
        self.tensors.append(fields)

    def outer(self, where: Any, item: Replay, fields: list[Any]) -> int:
        """Return the index of a tensor that a template is given, has, or shares with all."""
        if type(where) is int:
            tensor = item.tensors[where]
            return self.tensor(tensor, tensor.kind)
        if type(where) is not tuple:
            return self.tensor(where, where.kind)
        assert item.module is not None
        module, rest = place_of(item.module, cast("Where", where))
        if type(module) is LazyModule and is_tree(module):
            return self.entered((id(module), *rest), fields, None)
        tensor = own_tensor(module, rest)
        return self.tensor(tensor, tensor.kind)

    def entered(self, key: Any, fields: list[Any], where: Any) -> int:
        """Return the index of a tensor that is known by something else than itself."""
        found = self.index.get(key)
        if found is None:
            found = self.index[key] = len(self.tensors)
            self.add([*fields[:4], found], where)
        return found


class Block(Writer):
    """What a template did. `wheres`: of each tensor, None where it is made there; else the position
    among what the call is given, where the module has it, or the tensor itself."""

    def __init__(self, template: Template, lies: Sequence[tuple[int, bool, bool]]) -> None:
        super().__init__()
        self.template = template
        self.wheres: list[Any] = []
        self._given = {id(tensor): i for i, tensor in enumerate(template.tensors)}
        self._lies = {position: (one, other) for position, one, other in lies}
        assert template.call is not None
        self.work = self.spot(template.call)
        for tensor, until in template.held:
            self.hold(tensor, until)
        for index, where in enumerate(self.wheres):
            if type(where) is int:  # the caller knows how these lie
                self.scattered.discard(index)
                self.swapped.discard(index)

    def key(self, tensor: Tensor) -> Any:
        """A tensor of the module is known by where it is."""
        return self.template.own.get(id(tensor), id(tensor))

    def origin(self, tensor: Tensor) -> Any:
        """Return where a tensor is from: of the call, of the module, of all or of nobody before."""
        position = self._given.get(id(tensor))
        if position is not None:
            scattered, swapped = self._lies.get(position, (False, False))
            if scattered:
                self.scattered.add(len(self.tensors))
            if swapped:
                self.swapped.add(len(self.tensors))
            return position
        where = self.template.own.get(id(tensor))
        if where is not None:
            return where
        return tensor if 0 < tensor.stamp < self.template.stamp else None

    def spot(self, spot: Spot) -> Work:
        """Write a call inside of the template."""
        place, start, taken = self.opened(spot.inputs)
        macs, moved = self.items(spot.items, spot.path)
        self.calls[place] = Called(
            spot.path,
            spot.class_name,
            spot.op,
            tuple([t.shape for t in spot.inputs]),
            tuple([t.shape for t in spot.outputs]),
            macs,
            moved,
            spot.leaf,
            taken,
            start,
            len(self.operations),
            spot.place,
            spot.through,
        )
        return macs, moved

    def items(self, items: "Sequence[Event | Spot | Replay]", path: str) -> Work:
        """Write what a call did."""
        works = [
            self.event(item, path)
            if isinstance(item, Event)
            else self.spot(item)
            if isinstance(item, Spot)
            else self.replay(item, item.path)
            for item in items
        ]
        return together(works)

    def outer(self, where: Any, item: Replay, fields: list[Any]) -> int:
        """Return the index of a tensor of a template inside of this one."""
        if type(where) is int:
            tensor = item.tensors[where]
            return self.tensor(tensor, tensor.kind)
        if type(where) is not tuple:
            return self.tensor(where, where.kind)
        path, mark, name = cast("Where", where)
        here = (joined(item.path, path), mark, name)
        return self.entered(here, fields, here)

    def add(self, fields: list[Any], where: Any) -> None:
        """Enter a tensor, and where it is from."""
        super().add(fields, where)
        self.wheres.append(where)


def together(works: Sequence[Work]) -> Work:
    """Add up; None where one is not known."""
    macs: int | None = 0
    moved: int | None = 0
    for one, bytes_ in works:
        macs = None if macs is None or one is None else macs + one
        moved = None if moved is None or bytes_ is None else moved + bytes_
    return macs, moved


def _moved(event: Event, effect: str) -> Work:
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


def _bytes(tensors: Sequence[Tensor]) -> int | None:
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
