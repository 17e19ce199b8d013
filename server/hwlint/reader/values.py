"""The values that the interpreter computes with.

Python's own None, bool, int, float, str, bytes, tuple, range, slice and frozenset stand for
themselves. Everything that can be changed, called or looked into has a class here. `stamp` is the
interpreter's clock at creation, `version` counts changes: memo templates and joins live on both.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from hwlint.reader.plain_values import (
    Args,
    DictValue,
    IteratorValue,
    Kwargs,
    ListValue,
    SetValue,
    Unknown,
    Value,
)
from hwlint.source import Place

if TYPE_CHECKING:
    from hwlint.ops import LayerSpec
    from hwlint.reader.code import Code
    from hwlint.reader.frame import Frame
    from hwlint.reader.interpreter import Interpreter

__all__ = [
    "Args",
    "BoundMethod",
    "Builtin",
    "Class",
    "ClassMethod",
    "DictValue",
    "External",
    "Function",
    "Instance",
    "IteratorValue",
    "Kwargs",
    "LayerRecord",
    "LazyModule",
    "ListValue",
    "ModuleInstance",
    "Partial",
    "PropertyValue",
    "PyRaise",
    "SetValue",
    "StaticMethod",
    "SuperValue",
    "Tensor",
    "Unknown",
    "Value",
]


class PyRaise(Exception):
    """An exception raised by the interpreted program."""

    def __init__(self, value: "Instance", place: Place | None = None) -> None:
        super().__init__()
        self.value = value
        self.place = place

    def text(self) -> str:
        """Return it the way Python prints an exception: `ValueError: message`."""
        args = self.value.attrs.get("args") or ()
        first = args[0] if args else ""
        message = first if isinstance(first, str) else ""
        return f"{self.value.cls.name}: {message}" if message else self.value.cls.name


class Class:
    """A class: the program's own, a built-in one, or one of torch's."""

    __slots__ = (
        "attrs", "bases", "defined_in", "generic_unknown", "is_module", "metaclass", "module",
        "mro", "name", "native", "partial", "place", "qualname", "spec", "stamp", "version",
    )  # fmt: skip

    def __init__(self, name: str, bases: "tuple[Class, ...]", attrs: dict[str, Value]) -> None:
        self.name = name
        self.qualname = name
        self.bases = bases
        self.attrs = attrs
        self.module = "builtins"
        self.mro: tuple[Class, ...] = (self,)
        self.native: type | None = None
        self.spec: LayerSpec | None = None
        self.is_module = False
        self.metaclass: Value = None
        self.place: Place | None = None
        self.defined_in: Any = None
        self.generic_unknown: Unknown | None = None
        self.partial = False
        """Whether it is a library's class of which only the commonest methods are modelled."""
        self.stamp = 0
        self.version = 0

    def lookup(self, name: str) -> Value:
        """Return the raw attribute along the MRO; raises KeyError."""
        for cls in self.mro:
            attrs = cls.attrs
            if name in attrs:
                return attrs[name]
        raise KeyError(name)

    def find(self, name: str, default: Value = None) -> Value:
        """Return the raw attribute along the MRO or `default`."""
        for cls in self.mro:
            attrs = cls.attrs
            if name in attrs:
                return attrs[name]
        return default

    def derives(self, other: "Class") -> bool:
        """Say whether `other` is in the MRO."""
        return other in self.mro

    def __repr__(self) -> str:
        return f"<class {self.module}.{self.qualname}>"


class Instance:
    """An object. `payload` holds the native value of a subclass of list, dict, str, int ..."""

    __slots__ = ("attrs", "cls", "payload", "stamp", "version")

    def __init__(self, cls: Class, stamp: int = 0) -> None:
        self.cls = cls
        self.attrs: dict[str, Value] = {}
        self.payload: Value = None
        self.stamp = stamp
        self.version = 0

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if self.payload is None:
            return False
        return bool(self.payload == (other.payload if isinstance(other, Instance) else other))

    def __hash__(self) -> int:
        plain = isinstance(self.payload, int | float | str | bytes | tuple | frozenset)
        return hash(self.payload) if plain else object.__hash__(self)

    def __repr__(self) -> str:
        return f"<{self.cls.name} object>"


class LayerRecord:
    """What one constructor call of a torch.nn layer was given."""

    __slots__ = (
        "arguments", "asked", "attributes", "defaulted", "inner", "known", "maybe", "owner",
        "params", "place", "spec", "values",
    )  # fmt: skip

    def __init__(
        self,
        spec: "LayerSpec",
        values: dict[str, Value],
        defaulted: frozenset[str],
        place: Place | None,
        owner: str,
        maybe: bool,
        asked: Place | None = None,
    ) -> None:
        self.spec = spec
        self.values = values
        self.defaulted = defaulted
        self.place = place
        self.owner = owner
        self.maybe = maybe
        self.asked = asked  # where a module's __init__ calls the function that has the call
        self.inner = False  # built by torch inside a composite layer, not by a call in the source
        self.attributes: dict[str, Value] | None = None
        self.known = False  # whether all arguments were found to be known
        self.arguments: Any = None  # as the graph has them, once made
        self.params: int | None = None  # number of parameters once counted, -1 = not known


class ModuleInstance(Instance):
    """A torch.nn.Module. Its tables are made when they are first looked at: most layers of a
    large model are only ever counted."""

    __slots__ = (
        "__weakref__", "_buffers", "_modules", "_parameters", "asked", "layer", "pending", "place",
        "summary", "unfilled",
    )  # fmt: skip

    def __init__(self, cls: Class, stamp: int = 0) -> None:
        super().__init__(cls, stamp)
        self.pending: tuple[ModuleInstance, Any] | None = None
        """Of a copy out of a template: the original and what copies it. See LazyModule."""
        self.summary: Any = None  # what emitting it once found out, for a part of a template
        self._modules: DictValue | None = None
        self._parameters: DictValue | None = None
        self._buffers: DictValue | None = None
        self.layer: LayerRecord | None = None
        self.place: Place | None = None
        self.asked: Place | None = None
        """Where a function has the call that builds it: what calls that in a module's __init__."""
        self.unfilled: Callable[[ModuleInstance], None] | None = None

    @property
    def modules(self) -> DictValue:
        """Submodules by name."""
        if self._modules is None:
            self._modules = DictValue((), self.stamp)
        return self._modules

    @modules.setter
    def modules(self, table: DictValue | None) -> None:
        self._modules = table

    @property
    def parameters(self) -> DictValue:
        """Own parameters by name."""
        if self._parameters is None:
            self._parameters = DictValue((), self.stamp)
        if self.unfilled is not None:
            self._fill()
        return self._parameters

    @parameters.setter
    def parameters(self, table: DictValue | None) -> None:
        self._parameters = table

    @property
    def buffers(self) -> DictValue:
        """Own buffers by name."""
        if self._buffers is None:
            self._buffers = DictValue((), self.stamp)
        if self.unfilled is not None:
            self._fill()
        return self._buffers

    @buffers.setter
    def buffers(self, table: DictValue | None) -> None:
        self._buffers = table

    def _fill(self) -> None:
        fill, self.unfilled = self.unfilled, None
        assert fill is not None
        fill(self)

    def tables(self) -> "tuple[DictValue | None, DictValue | None, DictValue | None]":
        """Return submodules, parameters and buffers as they are, None where never looked at."""
        return self._modules, self._parameters, self._buffers


class LazyModule(ModuleInstance):
    """A copy of a module out of a template that nobody has looked into so far. It becomes a plain
    `ModuleInstance` when it is first looked into."""

    __slots__ = ()

    def __init__(self, original: ModuleInstance, copier: Any, stamp: int) -> None:
        self.cls = original.cls
        self.stamp = stamp
        self.version = 0
        self.payload = None
        self.place = original.place
        self.asked = original.asked
        self.pending = (original, copier)
        self.summary = None

    def opened(self) -> ModuleInstance:
        """Copy what the original holds; this object is a plain module from here on."""
        assert self.pending is not None
        original, copier = self.pending
        copier.open(self, original)
        return self


def _opening(name: str) -> Any:
    slot = getattr(Instance if name == "attrs" else ModuleInstance, name)

    def read(self: LazyModule) -> Any:
        return slot.__get__(self.opened())

    def write(self: LazyModule, value: Any) -> None:
        slot.__set__(self.opened(), value)

    return property(read, write)


for _name in ("attrs", "_modules", "_parameters", "_buffers", "layer", "unfilled"):
    setattr(LazyModule, _name, _opening(_name))


class Tensor:
    """A tensor or array: shape and, for small ones, the values in row-major order."""

    __slots__ = ("data", "dtype", "kind", "shape", "stamp", "version")

    def __init__(
        self,
        shape: tuple[Any, ...] | None,
        data: list[Value] | None = None,
        dtype: str = "float32",
        kind: str = "tensor",
    ) -> None:
        self.shape = shape
        self.data = data
        self.dtype = dtype
        self.kind = kind  # "tensor", "parameter", "buffer" or "ndarray"
        self.stamp = 0
        self.version = 0


class Function:
    """A `def` or lambda with its closure."""

    __slots__ = (
        "attrs", "closure", "code", "def_frame", "defaults", "kwdefaults", "module", "name",
        "owner", "qualname", "ready", "stamp", "version",
    )  # fmt: skip

    def __init__(self, code: "Code", closure: "Frame | None", module: Any, stamp: int) -> None:
        self.code = code
        self.closure = closure
        self.def_frame: Frame | None = None
        self.module = module
        self.name = code.name
        self.qualname = code.qualname
        self.attrs: dict[str, Value] = {}
        self.defaults: tuple[Value, ...] = ()
        self.kwdefaults: dict[str, Value] = {}
        self.owner: Class | None = None
        self.ready = False
        self.stamp = stamp
        self.version = 0
        if code.made is not None:
            code.made.append(self)

    def __repr__(self) -> str:
        return f"<function {self.qualname}>"


class BoundMethod:
    """A function with its first argument."""

    __slots__ = ("func", "self_value")

    def __init__(self, func: Value, self_value: Value) -> None:
        self.func = func
        self.self_value = self_value

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, BoundMethod)
            and self.func is other.func
            and self.self_value is other.self_value
        )

    def __hash__(self) -> int:
        return hash((id(self.func), id(self.self_value)))


class Builtin:
    """A function that the reader models: `call(interpreter, args, kwargs)`."""

    __slots__ = ("call", "name")

    def __init__(
        self,
        name: str,
        call: "Callable[[Interpreter, Args, Kwargs], Value]",
    ) -> None:
        self.name = name
        self.call = call

    def __repr__(self) -> str:
        return f"<builtin {self.name}>"


class Partial:
    """functools.partial."""

    __slots__ = ("args", "func", "kwargs", "stamp", "version")

    def __init__(self, func: Value, args: list[Value], kwargs: dict[str, Value]) -> None:
        self.func = func
        self.args = args
        self.kwargs = kwargs
        self.stamp = 0
        self.version = 0


class PropertyValue:
    """A property. `instance` is set for an instance of a subclass of property."""

    __slots__ = ("fdel", "fget", "fset", "instance")

    def __init__(self, fget: Value, fset: Value = None, fdel: Value = None) -> None:
        self.fget = fget
        self.fset = fset
        self.fdel = fdel
        self.instance: Value = None


class StaticMethod:
    """staticmethod."""

    __slots__ = ("func",)

    def __init__(self, func: Value) -> None:
        self.func = func


class ClassMethod:
    """classmethod."""

    __slots__ = ("func",)

    def __init__(self, func: Value) -> None:
        self.func = func


class SuperValue:
    """What super() returns."""

    __slots__ = ("after", "self_value")

    def __init__(self, after: Class, self_value: Value) -> None:
        self.after = after
        self.self_value = self_value


class External:
    """Something of a library that is neither modelled nor followed, known by its dotted name only:
    one object per name."""

    __slots__ = ("name",)
    table: ClassVar["dict[str, External]"] = {}

    def __new__(cls, name: str) -> "External":  # noqa: PYI034 - the table holds no subclass
        """Return the one object for `name`."""
        found = cls.table.get(name)
        if found is None:
            found = object.__new__(cls)
            found.name = name
            cls.table[name] = found
        return found

    def __repr__(self) -> str:
        return f"<external {self.name}>"
