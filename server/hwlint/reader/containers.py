"""Lists, dicts and sets, classes by isinstance, and text."""

# A part of Interpreter, which is what `self` is.
# pyright: reportGeneralTypeIssues=false
# The items of a container that the program made are of any type.
# pyright: reportUnknownVariableType=false

from typing import TYPE_CHECKING, Any

from hwlint.reader import builtin_classes as core
from hwlint.reader.abstract_classes import STRUCTURAL
from hwlint.reader.limits import check_key
from hwlint.reader.provenance import derive
from hwlint.reader.values import (
    Builtin,
    Class,
    DictValue,
    External,
    Function,
    Instance,
    ListValue,
    ModuleInstance,
    SetValue,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["Containers"]


def _holds(target: DictValue, key: Value, value: Value) -> bool:
    """Say whether a dict has a value already, so that setting it changes nothing."""
    try:
        return not isinstance(key, Unknown) and target.get(key, target) is value
    except TypeError:
        return False


class Containers:
    """The container half of the interpreter."""

    def touch(self: "Interpreter", value: Value) -> None:
        """Note that `value` is about to change: memo templates and joins need to know."""
        value.version += 1
        if value.stamp < self.memo.stamp:
            self.memo.outside_changed(value)
        if self.joins.journals:
            self.joins.remember(value)

    def make_list(self: "Interpreter", items: Any) -> ListValue:
        """Return a new list."""
        return ListValue(items, self.clock)

    def make_dict(self: "Interpreter", items: Any = ()) -> DictValue:
        """Return a new dict."""
        return DictValue(items, self.clock)

    def make_set(self: "Interpreter", items: list[Value]) -> Value:
        """Return a new set; unknown items make its content unknown."""
        made = SetValue((), self.clock)
        for item in items:
            if isinstance(item, Unknown):
                made.unknown = item
                continue
            check_key(self, item)
            try:
                made.add(item)
            except TypeError as problem:
                raise self.native_error(problem) from None
        return made

    def extend(self: "Interpreter", target: ListValue, items: Value) -> None:
        """Do `target.extend(items)`."""
        from hwlint.reader.operators import UnknownIteration

        self.touch(target)
        try:
            found = self.iterate(items)
            self.budget.steps += len(found) // 64
            target.extend(found)
        except UnknownIteration as stop:
            target.unknown = stop.unknown
        if len(target) > self.budget.max_items:
            target.clear()
            target.unknown = Unknown("list too long")

    def dict_set(self: "Interpreter", target: DictValue, key: Value, value: Value) -> None:
        """Do `target[key] = value`."""
        if _holds(target, key, value):
            return
        self.touch(target)
        if isinstance(key, Unknown):
            target.unknown = key
            for known in target:
                target[known] = key
            return
        check_key(self, key)
        try:
            target[key] = value
        except TypeError as problem:
            raise self.native_error(problem) from None
        if isinstance(target.home, Instance):
            target.home.attrs[key] = value
        elif target.home is not None:
            target.home.store(key, value)  # the globals of a module

    def dict_find(self: "Interpreter", target: DictValue, key: Value) -> Value:
        """Return `target[key]`, Python's None where it is absent (not the interpreted None)."""
        check_key(self, key)
        try:
            if key in target:
                return _Found(target[key])
        except TypeError as problem:
            raise self.native_error(problem) from None
        if self.imports.complete(target) and key in target:
            return _Found(target[key])
        if isinstance(key, str) and target.home is not None:
            found = self.imports.starred(target.home, str(key))
            return _Found(found[0]) if found else None
        return None

    def dict_get(self: "Interpreter", target: DictValue, key: Value) -> Value:
        """Return `target[key]`; raises KeyError."""
        if isinstance(key, Unknown):
            return key
        check_key(self, key)
        try:
            return target[key]
        except KeyError:
            pass
        except TypeError as problem:
            raise self.native_error(problem) from None
        found = self.dict_find(target, key)
        if found is not None:
            return found.value
        if target.unknown is not None:
            return target.unknown
        if target.factory is not None:
            made = self.call(target.factory, [], {})
            self.dict_set(target, key, made)
            return made
        raise self.error("KeyError", self.plain_text(key))

    def dict_update(self: "Interpreter", target: DictValue, other: Value) -> None:
        """Do `target.update(other)` for a mapping or pairs; what is unknown poisons the target."""
        self.touch(target)
        if isinstance(other, Instance) and other.payload is not None:
            other = other.payload
        if isinstance(other, DictValue):
            self.budget.steps += len(other) // 64
            if other.unknown is not None:
                target.unknown = other.unknown
                target.update(dict.fromkeys(target, other.unknown))
            if target.home is None:
                target.update(other)
            for key, value in other.items() if target.home is not None else ():
                self.dict_set(target, key, value)
            return
        pairs = self.mapping_items(other)
        if isinstance(pairs, Unknown):
            target.unknown = pairs
            for known in target:
                target[known] = pairs
            return
        for key, value in pairs:
            self.dict_set(target, key, value)

    def mapping_items(self: "Interpreter", value: Value) -> "list[tuple[Value, Value]] | Unknown":
        """Return the pairs of a mapping or of an iterable of pairs."""
        from hwlint.reader.operators import UnknownIteration

        if isinstance(value, Unknown):
            return value
        if isinstance(value, External):
            return Unknown(f"{value.name} is not known")
        if isinstance(value, Instance) and isinstance(value.payload, DictValue):
            value = value.payload
        if isinstance(value, DictValue):
            return value.unknown or list(value.items())
        try:
            keys = value.cls.find("keys") if isinstance(value, Instance) else None
            if keys is not None:
                names = self.iterate(self.call(keys, [value], {}))
                from hwlint.reader import operators

                return [(n, operators.subscript(self, value, n)) for n in names]
            pairs = [self.iterate(pair) for pair in self.iterate(value)]
        except UnknownIteration as stop:
            return stop.unknown
        if any(len(pair) != 2 for pair in pairs):
            raise self.error("ValueError", "dictionary update sequence element has wrong length")
        return [(pair[0], pair[1]) for pair in pairs]

    # --- classes ----------------------------------------------------------------------------

    def isinstance(self: "Interpreter", value: Value, wanted: Value) -> bool | None:
        """Say whether a value is one of the wanted classes, None where that is not known."""
        if isinstance(wanted, tuple | list):
            results = [self.isinstance(value, w) for w in wanted]
            return True if True in results else (None if None in results else False)
        cls = core.class_of(value)
        if isinstance(wanted, Unknown) or cls is None:
            return None
        if isinstance(wanted, Class):
            return self._isinstance_class(cls, wanted)
        if isinstance(wanted, External):
            return self._isinstance_external(cls, wanted)
        if wanted is None:
            return value is None
        return None

    def _isinstance_class(self: "Interpreter", cls: Class, wanted: Class) -> bool | None:
        if wanted in cls.mro:
            return True
        if wanted.name in STRUCTURAL and wanted.module in ("typing", "collections.abc"):
            return STRUCTURAL[wanted.name](cls)
        if wanted.metaclass is not None:
            hook = wanted.metaclass.find("__instancecheck__")
            if isinstance(hook, Function):
                return None
        if self.unknown_base(cls) is not None and not cls.is_module:
            return None
        return False

    def _isinstance_external(self: "Interpreter", cls: Class, wanted: External) -> bool | None:
        # A class of a library that nobody followed cannot be the class of something that was.
        unknown = self.unknown_base(cls)
        return None if unknown is not None and wanted.name in unknown.reason else False

    def issubclass(self: "Interpreter", cls: Value, wanted: Value) -> bool | None:
        """Say whether a class derives from the wanted ones, None where that is not known."""
        if isinstance(wanted, tuple):
            results = [self.issubclass(cls, w) for w in wanted]
            return True if True in results else (None if None in results else False)
        if isinstance(cls, Unknown | External) or isinstance(wanted, Unknown):
            return None
        if not isinstance(cls, Class):
            raise self.error("TypeError", "issubclass() arg 1 must be a class")
        if isinstance(wanted, Class):
            return self._isinstance_class(cls, wanted)
        return self._isinstance_external(cls, wanted) if isinstance(wanted, External) else None

    def class_item(self: "Interpreter", cls: Class, index: Value) -> Value:
        """Return `cls[index]`: an enum's member, or the class itself for a generic."""
        members = cls.attrs.get("__members__")
        if isinstance(members, DictValue):
            return self.dict_get(members, index)
        for holder in (cls.metaclass, cls):
            name = "__getitem__" if holder is cls.metaclass else "__class_getitem__"
            method = holder.find(name) if isinstance(holder, Class) else None
            if isinstance(method, Function):
                return self.call(method, [cls, index], {})
        return cls

    def annotate(self: "Interpreter", fr: Any, name: str, annotation: Any) -> None:
        """Keep a class-level annotation, unevaluated."""
        fr.vars.setdefault("__annotations__", {})[name] = annotation

    def type_name(self: "Interpreter", value: Value) -> str:
        """Return the name of the class of a value."""
        cls = core.class_of(value)
        return cls.name if cls is not None else "object"

    # --- text -------------------------------------------------------------------------------

    def text_of(self: "Interpreter", value: Value) -> Value:
        """Return str(value)."""
        if isinstance(value, str | Unknown):
            return value
        if isinstance(value, Instance):
            for name in ("__str__", "__repr__"):
                method = value.cls.find(name)
                if isinstance(method, Function | Builtin):
                    return self.call(method, [value], {})
            if value.payload is not None:
                return self.text_of(value.payload)
            if value.cls.name == "device" and value.cls.module == "torch":
                kind, index = value.attrs["type"], value.attrs["index"]
                return kind if index is None else f"{kind}:{index}"
            if value.cls.derives(core.BUILTINS["BaseException"]):
                args = value.attrs.get("args") or ("",)
                return self.text_of(args[0]) if len(args) == 1 else self.repr_of(args)
        return self.repr_of(value)

    def repr_of(self: "Interpreter", value: Value) -> Value:
        """Return repr(value), for what Python and hwlint print alike."""
        if isinstance(value, bool) or value is None:
            return repr(value)
        if isinstance(value, Unknown):
            return value
        if isinstance(value, int | float | str | bytes):
            return self._repr_native(value)
        if isinstance(value, tuple | ListValue | DictValue):
            return self._repr_container(value, 0)
        if isinstance(value, Class):
            return f"<class '{value.module}.{value.qualname}'>"
        if isinstance(value, External):
            return value.name if value.name.startswith("torch.") else Unknown(value.name)
        return Unknown("text of an object")

    def _repr_native(self: "Interpreter", value: Any) -> Value:
        if isinstance(value, int) and value.bit_length() > 10_000:
            return Unknown("number too large")
        return derive("str", repr(value), value)

    def _repr_container(self: "Interpreter", value: Any, depth: int) -> Value:
        if depth > 4 or len(value) > 1000 or getattr(value, "unknown", None) is not None:
            return Unknown("text of a container")
        self.budget.steps += len(value)
        self.tick()
        parts: list[str] = []
        pairs = value.items() if isinstance(value, DictValue) else [(None, v) for v in value]
        for key, item in pairs:
            nested = isinstance(item, tuple | ListValue | DictValue)
            text = self._repr_container(item, depth + 1) if nested else self.repr_of(item)
            if not isinstance(text, str):
                return text
            parts.append(f"{key!r}: {text}" if isinstance(value, DictValue) else text)
        body = ", ".join(parts)
        if isinstance(value, tuple):
            return f"({body},)" if len(parts) == 1 else f"({body})"
        return f"{{{body}}}" if isinstance(value, DictValue) else f"[{body}]"

    def plain_text(self: "Interpreter", value: Value) -> str:
        """Return a short text of a value for messages."""
        text = self.repr_of(value)
        return text[:80] if isinstance(text, str) else self.type_name(value)

    def is_callable(self: "Interpreter", value: Value) -> bool | None:
        """Return callable(value)."""
        if isinstance(value, Unknown | External):
            return None
        if isinstance(value, Instance):
            return isinstance(value, ModuleInstance) or value.cls.find("__call__") is not None
        simple = isinstance(value, Tensor | int | float | str | tuple | list | dict | set)
        return not simple and value is not None


class _Found:
    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value
