"""The interpreter: state, budgets, errors, truth, iteration. Calls and attributes are mixed in."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from hwlint.reader import builtin_classes as core
from hwlint.reader.attributes import Attributes
from hwlint.reader.budget import Budget, Exhausted
from hwlint.reader.calls import Calls
from hwlint.reader.choices import Choices
from hwlint.reader.compile_expressions import Site
from hwlint.reader.containers import Containers
from hwlint.reader.forward.memo import ForwardMemo
from hwlint.reader.forward.recording import Flow
from hwlint.reader.forward.waits import note_wait
from hwlint.reader.frame import Frame
from hwlint.reader.imports import Imports
from hwlint.reader.inert import Verdicts
from hwlint.reader.joins import Joins
from hwlint.reader.limits import SIZES
from hwlint.reader.memo import Memo
from hwlint.reader.needs import Needs
from hwlint.reader.operators import UnknownIteration
from hwlint.reader.programs import Programs
from hwlint.reader.provenance import SourcedFloat, SourcedInt, SourcedStr
from hwlint.reader.recursion import Recursion
from hwlint.reader.tensors import TensorOperations
from hwlint.reader.values import (
    Class,
    External,
    Function,
    Instance,
    IteratorValue,
    LayerRecord,
    ListValue,
    PyRaise,
    Tensor,
    Unknown,
    Value,
)
from hwlint.source import Place

if TYPE_CHECKING:
    from hwlint.reader.roots import Roots

__all__ = ["Interpreter"]

_PLAIN = frozenset((int, float, str, SourcedInt, SourcedFloat, SourcedStr, tuple, Class, Function))
"""Types of values that Python itself knows the truth of."""


class Interpreter(Attributes, Calls, Containers, Programs, TensorOperations):
    """Runs model code over abstract values. One per process; entry points run one after another."""

    def __init__(self, imports: Imports, budget: Budget | None = None) -> None:
        from hwlint.reader.library import install
        from hwlint.reader.native_methods import NATIVE_METHODS

        self.imports = imports
        imports.interp = self
        self.budget = budget or Budget()
        self.clock = 1
        self.depth = 0
        self.maybe = 0
        self.trying = 0
        self.guarded = 0
        self.probing = 0
        self.site: Site | None = None
        self.callers: list[Frame] = []
        self.roots: Roots | None = None
        """What keeps the models of the program that is followed; None inside one of them."""
        self.program: Roots | None = None
        """The same all through the program."""
        self.choices: Choices | None = None
        self.needs: Needs | None = None
        """What keeps what is asked of unknown values, while that is to be found out."""
        self.flow: Flow | None = None
        """What `forward` leaves behind while it is followed."""
        self.training = True
        self.running = 0
        """How many modules are being called, one inside of the other."""
        self.home = ""
        self.settings: tuple[str, ...] = ()
        self.handling: list[PyRaise] = []
        self.marks: set[str] = set()
        """Names under which something was kept in a tensor."""
        self.constructed: dict[LayerRecord, None] = {}
        self.notes: dict[tuple[Place | None, str], Unknown] = {}
        self.built: set[Class] = set()
        self.cells: set[tuple[str, str]] = set()
        self.native_methods: dict[type, Any] = NATIVE_METHODS
        self.modelled: dict[str, Value] = {}
        self.joins = Joins(self)
        self.memo = Memo(self)
        self.recursion = Recursion(self)
        self.followed = ForwardMemo(self)
        self.verdicts = Verdicts(self)
        install(self)
        imports.builtins = {
            name.removeprefix("builtins."): value
            for name, value in self.modelled.items()
            if name.startswith("builtins.")
        }

    # --- budgets ----------------------------------------------------------------------------

    def tick(self) -> None:
        """Count one step; raises Exhausted."""
        budget = self.budget
        budget.steps += 1
        if budget.steps > budget.limit:
            raise Exhausted("too many steps")

    def charged(self, value: Value) -> Value:
        """Count what a modelled function made, by its size. Returns the value."""
        size = SIZES.get(type(value))
        if size is not None:
            self.budget.steps += size(value)
        return value

    @property
    def place(self) -> Place | None:
        """Where the program is: its last call."""
        return self.site.place if self.site is not None else None

    # --- errors -----------------------------------------------------------------------------

    def error(self, name: str, message: str) -> PyRaise:
        """Return a built-in exception to raise."""
        made = Instance(core.BUILTINS[name], self.clock)
        made.attrs["args"] = (message,)
        return PyRaise(made, self.site.place if self.site is not None else None)

    def mismatch(self, message: str) -> PyRaise:
        """Return the error of shapes that do not fit together."""
        problem = self.error("RuntimeError", message)
        if self.flow is not None and not self.maybe:
            self.flow.refused(problem, message)
        return problem

    def native_error(self, problem: BaseException) -> PyRaise:
        """Return the interpreted form of an exception that Python raised on a native value."""
        name = type(problem).__name__
        return self.error(name if name in core.BUILTINS else "ValueError", str(problem)[:300])

    def raised(self, value: Value, segment: Any, node: Any) -> PyRaise:
        """Return what `raise value` raises."""
        if value is None and self.handling:
            return self.handling[-1]
        place = segment.place(node)
        if isinstance(value, Class):
            value = self.call(value, [], {})
        if isinstance(value, Instance):
            return PyRaise(value, place)
        problem = self.error("Exception", value.reason if isinstance(value, Unknown) else "")
        return PyRaise(problem.value, place)

    def note(self, unknown: Unknown, place: Place | None = None) -> None:
        """Keep that something of the model is not known."""
        where = place or unknown.place or (self.site.place if self.site is not None else None)
        self.notes.setdefault((where, unknown.reason), unknown)

    def unbound(self, fr: Frame, key: str) -> Value:
        """Return what reading an unbound variable gives."""
        name = key.split("@", maxsplit=1)[0]
        if self.maybe or fr.pending:
            return Unknown(f"{name} may be unbound")
        raise self.error("UnboundLocalError", f"cannot access local variable {name!r}")

    def forget(self, fr: Frame, key: str) -> None:
        """Do `del name`."""
        fr.vars.pop(key, None)

    # --- truth and iteration ----------------------------------------------------------------

    def truth(self, value: Value) -> bool | None:
        """Return `bool(value)`, None where it is not known."""
        if value is None or value is False:
            return False
        if value is True:
            return True
        if type(value) in _PLAIN:
            return bool(value)
        if isinstance(value, Unknown | External):
            return None
        if isinstance(value, Instance):
            return self._truth_of_instance(value)
        if isinstance(value, Tensor):
            if value.data is not None and len(value.data) == 1:
                return self.truth(value.data[0])
            note_wait(self, "bool", value)
            return None
        unknown = getattr(value, "unknown", None)
        if isinstance(unknown, Unknown) and not value:
            return None
        return bool(value)

    def _truth_of_instance(self, value: Instance) -> bool | None:
        for name in ("__bool__", "__len__"):
            method = value.cls.find(name)
            if method is not None:
                return self.truth(self.call(method, [value], {}))
        if value.payload is not None:
            return self.truth(value.payload)
        return True

    def iterate(self, value: Value, limit: int | None = None) -> list[Value]:
        """Return the items of an iterable as a Python list; raises UnknownIteration.

        `limit`: how many the caller wants at most, one more is looked at.
        """
        if isinstance(value, Unknown):
            raise UnknownIteration(value if self.needs is None else self.needs.iterated(value))
        unknown = getattr(value, "unknown", None)
        if isinstance(unknown, Unknown):
            raise UnknownIteration(unknown)
        if isinstance(value, IteratorValue):
            if value.endless:
                raise UnknownIteration(Unknown("an iterator without an end"))
            self.touch(value)
            items = value.items[value.index :]
            value.index = len(value.items)
            return items
        if isinstance(value, range):
            return self._range_items(value)
        if isinstance(value, list | tuple | str | dict | set | frozenset | bytes):
            self.budget.steps += len(value) // 32
            return list(value)
        if isinstance(value, Instance):
            return self._iterate_instance(value)
        if isinstance(value, Class):
            return self._iterate_class(value)
        if isinstance(value, Tensor):
            return self.tensor_items(value)
        if isinstance(value, External):
            raise UnknownIteration(Unknown(f"{value.name} is not known"))
        raise self.error("TypeError", f"{self.type_name(value)!r} object is not iterable")

    def turns(self, value: Value) -> "Iterable[Value]":
        """Return what a loop goes over: a list that grows meanwhile is followed, and an iterator
        is used up only as far as the loop gets; raises UnknownIteration."""
        if type(value) is ListValue and value.unknown is None:
            return value
        if type(value) is IteratorValue and value.unknown is None:
            return self._remaining(value)
        return self.iterate(value)

    def _remaining(self, value: IteratorValue) -> Iterator[Value]:
        self.touch(value)
        while value.index < len(value.items):
            value.index += 1
            yield value.items[value.index - 1]
        if value.endless:
            raise Exhausted("an iterator without an end")

    def _range_items(self, value: range) -> list[Value]:
        if len(value) > self.budget.max_items:
            raise UnknownIteration(Unknown("range too long"))
        self.budget.steps += len(value) // 8
        return list(value)

    def _iterate_instance(self, value: Instance) -> list[Value]:
        method = value.cls.find("__iter__")
        if method is not None:
            made = self.call(self.bind(method, value), [], {})
            return self._drain(value) if made is value else self.iterate(made)
        if value.payload is not None:
            return self.iterate(value.payload)
        if value.cls.find("__getitem__") is not None:
            return self._iterate_by_index(value)
        unknown = self.unknown_base(value)
        if unknown is not None:
            raise UnknownIteration(unknown)
        raise self.error("TypeError", f"{value.cls.name!r} object is not iterable")

    def _drain(self, value: Instance) -> list[Value]:
        method = value.cls.find("__next__")
        if method is None:
            raise UnknownIteration(Unknown("iterator"))
        return self._until("StopIteration", lambda _: self.call(method, [value], {}))

    def _iterate_by_index(self, value: Instance) -> list[Value]:
        method = self.bind(value.cls.find("__getitem__"), value)

        def item(index: int) -> Value:
            found = self.call(method, [index], {})
            if isinstance(found, Unknown):
                raise UnknownIteration(found)  # whether it would have raised is not known either
            return found

        return self._until("IndexError", item)

    def _until(self, error: str, step: Callable[[int], Value]) -> list[Value]:
        items: list[Value] = []
        while True:
            self.tick()
            try:
                items.append(step(len(items)))
            except PyRaise as stop:
                if not stop.value.cls.derives(core.BUILTINS[error]):
                    raise
                return items

    def _iterate_class(self, value: Class) -> list[Value]:
        members = value.attrs.get("__members__")
        if isinstance(members, dict):
            return list(members.values())
        method = value.metaclass.find("__iter__") if isinstance(value.metaclass, Class) else None
        if method is not None:
            return self.iterate(self.call(method, [value], {}))
        raise self.error("TypeError", f"type {value.name!r} is not iterable")

    # --- with -------------------------------------------------------------------------------

    def enter(self, manager: Value) -> Value:
        """Return what `with manager as x` binds."""
        if isinstance(manager, Instance) and manager.cls.find("__enter__") is not None:
            return self.call(self.getattr(manager, "__enter__"), [], {})
        if isinstance(manager, IteratorValue):
            return manager.items[0] if manager.items else None
        return manager if isinstance(manager, Unknown) else Unknown("context manager")
