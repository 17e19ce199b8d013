"""What a run of `forward` leaves behind: calls of modules, and the operations inside them."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from typing import TYPE_CHECKING, Any

from hwlint.reader.budget import Budget
from hwlint.reader.frame import Frame
from hwlint.reader.values import (
    DictValue,
    Instance,
    ModuleInstance,
    PyRaise,
    Tensor,
    Unknown,
    Value,
)
from hwlint.source import Place

if TYPE_CHECKING:
    from hwlint.reader.forward.templates import Template

__all__ = ["REFUSAL_STEPS", "Call", "Event", "Flow", "Replay", "Spot", "Variables", "tensors_of"]


_EVENT_STEPS = 30
"""What an operation costs in steps of the interpreter, by the time that both take."""
REFUSAL_STEPS = 60
"""What one costs that torch refuses: a message is made, and looked at by whoever catches it."""


class Event:
    """One operation on tensors."""

    __slots__ = (
        "effect", "inputs", "macs", "maybe", "name", "order", "outputs", "place", "spec", "through",
        "window",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        place: Place | None,
        inputs: list[Tensor],
        outputs: list[Tensor],
        macs: int | None,
        effect: str,
    ) -> None:
        self.name = name
        self.place = place
        self.inputs = inputs
        self.outputs = outputs
        self.macs = macs
        self.effect = effect
        self.maybe = False
        self.spec: Any = None
        self.window = 1
        self.order: tuple[int, ...] = ()
        self.through: tuple[Place, ...] = ()


class Call:
    """One call of a module, and what happened inside in order."""

    __slots__ = (
        "inputs", "items", "level", "made", "maybe", "module", "outputs", "place", "template",
        "through",
    )  # fmt: skip

    def __init__(
        self,
        module: ModuleInstance | None,
        place: Place | None,
        level: int = 0,
        through: tuple[Place, ...] = (),
    ) -> None:
        self.module = module
        self.place = place
        self.through = through
        self.level = level
        """How many functions were running when it was called."""
        self.items: list[Event | Call | Replay] = []
        self.inputs: list[Tensor] = []
        self.outputs: Value = None
        self.made: list[Tensor] = []
        """The tensors in `outputs`."""
        self.maybe = False
        self.template: Template | None = None
        """Where others can be said by it."""


class Spot:
    """A call inside of a template: its module is known by its name below the template's."""

    __slots__ = (
        "class_name", "inputs", "items", "leaf", "op", "outputs", "path", "place", "through",
    )  # fmt: skip

    def __init__(self, path: str, call: Call, items: "list[Event | Spot | Replay]") -> None:
        module = call.module
        assert module is not None
        self.path = path
        self.class_name = module.cls.name
        self.op = module.layer.spec.op if module.layer is not None else None
        self.leaf = not any(isinstance(m, ModuleInstance) for m in module.modules.values())
        self.inputs = call.inputs
        self.outputs = call.made
        self.items = items
        self.place = call.place
        self.through = call.through


class Replay:
    """A call that was not followed: it did what the call of a template did."""

    __slots__ = ("fresh", "module", "path", "template", "tensors", "through")

    def __init__(
        self,
        template: "Template",
        module: ModuleInstance | None,
        path: str,
        tensors: list[Tensor],
        fresh: list[Tensor],
        through: tuple[Place, ...],
    ) -> None:
        self.template = template
        self.module = module
        """None inside of a template: there it is known by its name, `path`."""
        self.path = path
        self.tensors = tensors
        self.fresh = fresh
        """What it returns, in the order of the template's `outputs`."""
        self.through = through


class Variables(dict[str, Value]):
    """The variables of a function: one that is assigned again held its tensor until then."""

    __slots__ = ("flow",)

    def __init__(self, flow: "Flow", values: dict[str, Value]) -> None:
        super().__init__(values)
        self.flow = flow

    def __setitem__(self, name: str, value: Value) -> None:
        """Assign a variable."""
        old = self.get(name)
        if type(old) is Tensor:
            self.flow.hold([old])
        super().__setitem__(name, value)


class Flow:
    """One run of a model."""

    def __init__(self, running: list[Frame]) -> None:
        """Begin a run. `running`: the functions that run, as the interpreter keeps them."""
        self.running = running
        self.top = Call(None, None, len(running))
        self.stack = [self.top]
        self.count = 0
        self.held: dict[int, tuple[Tensor, int]] = {}
        """Up to which operation variables of the program hold a tensor."""
        self.quiet = 0
        """Above 0, a rule is at work: what it does inside is not an operation of the model."""
        self.refusal: tuple[PyRaise, str, ModuleInstance | None] | None = None
        self.doubts: dict[tuple[Place | None, str], Unknown] = {}

    def refused(self, problem: PyRaise, message: str) -> None:
        """Keep an error of shapes: the last one counts if it ends the run."""
        self.refusal = (problem, message, self.stack[-1].module)

    def doubt(self, reason: str, place: Place | None) -> None:
        """Keep why the run is not complete."""
        self.doubts.setdefault((place, reason), Unknown(reason, place))

    def record(self, event: Event, budget: Budget) -> None:
        """Keep an operation of the module that is running. It costs steps by what it takes to work
        out and keep, more where it has many tensors: a run that never ends must not get large."""
        event.through = self.through()
        self.stack[-1].items.append(event)
        self.count += 1
        budget.steps += _EVENT_STEPS + len(event.inputs) + len(event.outputs)

    def hold(self, tensors: list[Tensor]) -> None:
        """Note that variables of a function kept these tensors up to its end."""
        for tensor in tensors:
            self.held[id(tensor)] = (tensor, self.count)

    def enter(self, module: ModuleInstance, place: Place | None) -> Call:
        """Begin a call of a module."""
        call = Call(module, place, len(self.running), self.through())
        self.stack[-1].items.append(call)
        self.stack.append(call)
        return call

    def through(self) -> tuple[Place, ...]:
        """Return the calls of functions by which the module that runs came to where it is."""
        inside = self.stack[-1].level + 1
        if len(self.running) <= inside:
            return ()
        sites = [frame.site for frame in self.running[inside:]]
        return tuple([site.place for site in sites if site is not None])

    def leave(self, call: Call) -> None:
        """End a call, and whatever it left open."""
        while self.stack.pop() is not call:
            pass


def tensors_of(value: Value, depth: int = 0) -> list[Tensor]:
    """Return the tensors in what a module takes or returns; one of unknown shape for Unknown."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Unknown):
        return [Tensor(None, None, "")]
    if depth > 6:
        return []
    if isinstance(value, tuple | list):
        return [t for v in value for t in tensors_of(v, depth + 1)]
    if isinstance(value, DictValue):
        return [t for v in value.values() for t in tensors_of(v, depth + 1)]
    if isinstance(value, Instance) and not isinstance(value, ModuleInstance):
        inner = value.payload if value.payload is not None else DictValue(value.attrs)
        return tensors_of(inner, depth + 1)
    return []
