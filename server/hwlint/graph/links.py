"""Who makes and who reads each value of a run."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from hwlint.graph.flow import Flow, Operation, TensorInfo
from hwlint.ops import LAYERS
from hwlint.source.spans import Place

if TYPE_CHECKING:
    from hwlint.graph.model import Layer, Node

__all__ = ["Links", "Step"]

END = -1
"""Reader of what the model returns; what calls the model."""


class Step:
    """One operation of a run that does something, with its neighbours.

    What only passes its input on (dropout in evaluation, an identity) is no step. A tensor that is
    written in place is another value afterwards.
    """

    __slots__ = ("_links", "layer", "made", "number", "operation", "taken")

    def __init__(self, links: "Links", number: int, operation: Operation) -> None:
        self._links = links
        self.number = number
        """Index into `Flow.operations`."""
        self.operation = operation
        self.taken: tuple[int, ...] = ()
        """Its inputs, as keys of `Links.readers`."""
        self.made: tuple[int, ...] = ()
        """Its outputs, the same way."""
        layer = links.layers.get(operation.module)
        ours = layer is not None and _FUNCTIONS.get(layer.op) == operation.name
        self.layer = layer if ours else None
        """The layer whose work this is; None for what a forward method calls by itself."""

    @property
    def name(self) -> str:
        """Torch's name of the function."""
        return self.operation.name

    @property
    def place(self) -> Place | None:
        """The call in the source."""
        return self.operation.place

    @property
    def op(self) -> str:
        """torch.nn's name for it: that of the layer that called it, else the one whose forward is
        this function; "" where no layer does it."""
        layer = self.layer
        return layer.op if layer is not None else _OPS.get(self.operation.name, "")

    @property
    def anchor(self) -> Place | None:
        """The call that builds its layer where the layer runs nowhere else, else the call."""
        layer = self.layer
        if layer is None or self._links.runs[self.operation.module, self.operation.name] > 1:
            return self.operation.place
        return layer.place

    @property
    def moved(self) -> int:
        """Bytes that it reads and writes."""
        return (self.operation.read or 0) + (self.operation.written or 0)

    @property
    def parent(self) -> str:
        """Qualified name of the module whose forward calls it."""
        module = self.operation.module
        return module.rpartition(".")[0] if self.layer is not None else module

    @property
    def way(self) -> "tuple[tuple[int, Place | None], ...]":
        """How the model comes to it: the calls of functions and modules around it, outermost first,
        and itself. (index into `Flow.calls` of the module whose forward has the call, place)."""
        found: list[tuple[int, Place | None]] = []
        inside = END
        for number, call in enumerate(self._links.flow.calls):
            if call.start <= self.number < call.stop:
                found += [(inside, place) for place in (*call.through, call.place)]
                inside = number
        own = (*self.operation.through, self.operation.place)
        return (*found, *((inside, place) for place in own))

    def tensor(self, number: int = 0) -> TensorInfo | None:
        """Return an input, None where there are fewer."""
        inputs = self.operation.inputs
        return self._links.flow.tensors[inputs[number]] if number < len(inputs) else None

    @property
    def result(self) -> TensorInfo | None:
        """Its output; None where there is not exactly one."""
        outputs = self.operation.outputs
        return self._links.flow.tensors[outputs[0]] if len(outputs) == 1 else None

    def maker(self, number: int = 0) -> "Step | None":
        """Return the step that made an input; None for inputs, parameters and constants."""
        if number >= len(self.taken):
            return None
        found = self._links.makers.get(self.taken[number])
        # An operation may hand out what it takes: who walks back from it has to come to an end.
        return found if found is not None and found.number < self.number else None

    def sharing(self, number: int) -> "tuple[Step, ...]":
        """Return the steps that read an input, itself included."""
        if number >= len(self.taken):
            return ()
        numbers = dict.fromkeys(self._links.readers.get(self.taken[number], ()))
        return tuple(self._links.by_number[n] for n in numbers if n != END)

    @property
    def readers(self) -> "tuple[Step, ...]":
        """The steps that read what it makes."""
        every = self._links.readers
        found = dict.fromkeys(n for value in self.made for n in every.get(value, ()) if n != END)
        return tuple(self._links.by_number[n] for n in found)

    @property
    def is_returned(self) -> bool:
        """The model returns what it makes."""
        return any(END in self._links.readers.get(value, ()) for value in self.made)

    @property
    def next(self) -> "Step | None":
        """The only step that reads its only output; None where there are others."""
        if len(self.made) != 1:
            return None
        numbers = self._links.readers.get(self.made[0], ())
        if len(numbers) != 1 or numbers[0] == END:
            return None
        return self._links.by_number[numbers[0]]


class Links:
    """The steps of one complete run."""

    def __init__(
        self,
        flow: Flow,
        walk: "Callable[[], Iterator[tuple[str, Node]]]",
        layers: "Mapping[str, Layer]",
    ) -> None:
        self.flow = flow
        self._walk = walk
        self.layers = layers
        """Layers of torch by qualified name."""
        self.by_number: dict[int, Step] = {}
        """Steps by the number of their operation, in order."""
        self.readers: dict[int, list[int]] = {}
        """Numbers of the operations that read a value; END where the model returns it."""
        self.makers: dict[int, Step] = {}
        self._now: dict[int, int] = {}
        self._written: dict[int, int] = {}
        self._fresh = len(flow.tensors)
        for number, operation in enumerate(flow.operations):
            if not _passes_on(operation):
                self._enter(number, operation)
        for index in flow.returned:
            self.readers.setdefault(self._value(index), []).append(END)

    @cached_property
    def nodes(self) -> "Mapping[str, Node]":
        """Every module by qualified name."""
        return dict(self._walk())

    @cached_property
    def named(self) -> Mapping[str, tuple[Step, ...]]:
        """Steps by torch's name of the function."""
        found: dict[str, list[Step]] = {}
        for step in self.by_number.values():
            found.setdefault(step.operation.name, []).append(step)
        return {name: tuple(steps) for name, steps in found.items()}

    @cached_property
    def runs(self) -> Mapping[tuple[str, str], int]:
        """How often each module runs each function."""
        each = (step.operation for step in self.by_number.values())
        return Counter((operation.module, operation.name) for operation in each)

    @cached_property
    def moved(self) -> int:
        """Bytes that all steps read and write."""
        return sum(step.moved for step in self.by_number.values())

    def called(self, names: Iterable[str]) -> Iterator[Step]:
        """Yield the steps that are one of these functions."""
        for name in names:
            yield from self.named.get(name, ())

    def projections(self) -> Iterator[tuple[Step, ...]]:
        """Yield the plain linear layers of one module that read the same tensor, two or more of
        them, all with a bias or all without."""
        groups: dict[tuple[int, str, int], list[Step]] = {}
        for step in self.called(("linear",)):
            layer = step.layer
            plain = layer is not None and layer.class_name.rpartition(".")[2] == "Linear"
            if plain and step.maker(1) is None:
                key = (step.taken[0], step.parent, len(step.taken))
                groups.setdefault(key, []).append(step)
        for steps in groups.values():
            if len({step.operation.module for step in steps}) == len(steps) > 1:
                yield tuple(steps)

    def release(self) -> None:
        """Let go of the steps, which hold this in turn. Otherwise all of a run stays until garbage
        is collected."""
        self.by_number.clear()
        self.makers.clear()
        self.__dict__.pop("named", None)

    def _enter(self, number: int, operation: Operation) -> None:
        step = self.by_number[number] = Step(self, number, operation)
        step.taken = tuple([self._value(index) for index in operation.inputs])
        for value in dict.fromkeys(step.taken):
            self.readers.setdefault(value, []).append(number)
        if operation.effect == "inplace" and operation.outputs:
            step.made = (self._overwrite(operation.outputs[0]),)
        else:
            step.made = tuple([self._make(index) for index in operation.outputs])
        for value in step.made:
            self.makers.setdefault(value, step)

    def _value(self, index: int) -> int:
        """Return what a tensor holds now: after its memory was written through another tensor,
        that is what was written there."""
        written = self._written.get(self.flow.tensors[index].storage)
        return index if written is None else self._now.get(index, written)

    def _make(self, index: int) -> int:
        if self.flow.tensors[index].storage in self._written:
            self._now[index] = index  # a view of what was written is what it shows, not the whole
        return index

    def _overwrite(self, index: int) -> int:
        storage = self.flow.tensors[index].storage
        for other in [i for i in self._now if self.flow.tensors[i].storage == storage]:
            del self._now[other]
        self._fresh += 1
        self._now[index] = self._written[storage] = self._fresh
        return self._fresh


def _passes_on(operation: Operation) -> bool:
    if operation.effect == "same" or not operation.outputs:
        return True  # without an output: it asks for a size
    return operation.effect != "inplace" and operation.outputs == operation.inputs[:1] != ()


_FUNCTIONS: Mapping[str, str] = {
    op: spec.forward.function.rpartition(".")[2]
    for op, spec in LAYERS.items()
    if spec.forward is not None
}
_OPS: Mapping[str, str] = {
    function: op for op, function in _FUNCTIONS.items() if not LAYERS[op].lazy
}
