"""Attribute access as Python and torch.nn.Module do it."""

# A part of Interpreter, which is what `self` is.
# pyright: reportGeneralTypeIssues=false
# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from typing import TYPE_CHECKING, Any

from hwlint.reader import builtin_classes as core
from hwlint.reader.object_methods import OBJECT_METHODS, OF_EVERY_OBJECT
from hwlint.reader.provenance import SourcedFloat, SourcedInt, SourcedStr
from hwlint.reader.special_attributes import (
    CLASS_SPECIAL,
    MISSING,
    SPECIAL,
    is_data_descriptor,
    register_special,
)
from hwlint.reader.values import (
    BoundMethod,
    Builtin,
    Class,
    ClassMethod,
    DictValue,
    External,
    Function,
    Instance,
    LazyModule,
    ListValue,
    ModuleInstance,
    Partial,
    PropertyValue,
    PyRaise,
    SetValue,
    StaticMethod,
    SuperValue,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["Attributes", "register_special"]


class Attributes:
    """The attribute half of the interpreter."""

    def getattr(self: "Interpreter", value: Value, name: str) -> Value:
        """Return `value.name`; raises PyRaise(AttributeError)."""
        if isinstance(value, Instance):
            return self.instance_attribute(value, name)
        if isinstance(value, Unknown):
            return value if self.needs is None else self.needs.attribute(value, name)
        if isinstance(value, Class):
            return self.class_attribute(value, name)
        if isinstance(value, External):
            return self.imports.external_attribute(value, name)
        if isinstance(value, SuperValue):
            return self._super_attribute(value, name)
        special = SPECIAL.get(type(value))
        if special is not None:
            found = special(self, value, name)
            if found is not MISSING:
                return found
        return self._native_attribute(value, name)

    def find_attribute(self: "Interpreter", value: Value, name: str) -> Value:
        """Return `value.name`, or the AttributeError as PyRaise where there is none."""
        try:
            return self.getattr(value, name)
        except PyRaise as problem:
            if not problem.value.cls.derives(core.BUILTINS["AttributeError"]):
                raise
            return problem.with_traceback(None)  # which would keep every frame on the way alive

    def no_attribute(self: "Interpreter", value: Value, name: str) -> PyRaise:
        """Return the AttributeError to raise."""
        kind = self.type_name(value)
        return self.error("AttributeError", f"{kind!r} object has no attribute {name!r}")

    # --- instances --------------------------------------------------------------------------

    def instance_attribute(self: "Interpreter", value: Instance, name: str) -> Value:
        """Return an attribute of an object, the class's own hooks first."""
        hook, fallback = value.cls.find("__getattribute__"), value.cls.find("__getattr__")
        if hook is None:
            found = self._own_attribute(value, name)
            if found is not MISSING:
                return found
        elif fallback is None:
            return self.call(hook, [value, name], {})
        else:
            try:
                return self.call(hook, [value, name], {})
            except PyRaise as problem:
                if not problem.value.cls.derives(core.BUILTINS["AttributeError"]):
                    raise
        if fallback is not None:
            return self.call(fallback, [value, name], {})
        return self.missing_attribute(value, name)

    def plain_attribute(self: "Interpreter", value: Instance, name: str) -> Value:
        """What object.__getattribute__ does: no __getattr__."""
        found = self._own_attribute(value, name)
        return found if found is not MISSING else self.missing_attribute(value, name)

    def missing_attribute(self: "Interpreter", value: Instance, name: str) -> Value:
        """Raise AttributeError, or return Unknown where an unread base may have the attribute."""
        partial = next((c for c in value.cls.mro if c.partial), None)
        if isinstance(value, ModuleInstance) and "?" in value.parameters:
            unknown = Unknown(f"{name} of a layer that is not known in full")
        else:
            unknown = Unknown(f"{partial.name}.{name}") if partial else self.unknown_base(value)
        if unknown is not None and not self.probing:
            return unknown
        raise self.no_attribute(value, name)

    def _own_attribute(self: "Interpreter", value: Instance, name: str) -> Value:
        raw = value.cls.find(name, MISSING)
        if isinstance(raw, PropertyValue):
            return self.get_property(raw, value, value.cls)
        if type(value) is LazyModule and not is_data_descriptor(raw):
            found = _peek(self, value, name)
            if found is not MISSING:
                return found if found is not _ABSENT else self._bound(raw, value)
        attrs = value.attrs
        if name in attrs and not is_data_descriptor(raw):
            return attrs[name]
        if isinstance(value, ModuleInstance):
            found = self.registered(value, name)
            if found is not MISSING:
                return found
        if raw is not MISSING:
            return self.bind(raw, value)
        if name == "__class__":
            return value.cls
        if name == "__dict__":
            return self._instance_dict(value)
        if name == "__doc__":
            return ""  # what is done with documentation builds nothing
        found = self._payload_attribute(value, name) if value.payload is not None else MISSING
        if found is MISSING and name in OF_EVERY_OBJECT:
            return BoundMethod(OBJECT_METHODS[name], value)
        return found

    def _bound(self: "Interpreter", raw: Value, value: Instance) -> Value:
        return MISSING if raw is MISSING else self.bind(raw, value)

    def registered(self: "Interpreter", value: ModuleInstance, name: str) -> Value:
        """Return a submodule, parameter, buffer or layer attribute of a module."""
        if name in value.modules:
            return value.modules[name]
        if name in value.parameters:
            return value.parameters[name]
        if name in value.buffers:
            return value.buffers[name]
        if value.layer is not None:
            from hwlint.reader.library.torch_nn import layer_attributes

            attributes = layer_attributes(self, value)
            if name in attributes:
                return attributes[name]
        own = {
            "_modules": value.modules,
            "_parameters": value.parameters,
            "_buffers": value.buffers,
        }
        if name in own:
            return own[name]
        return self.training if name == "training" else MISSING

    def _instance_dict(self: "Interpreter", value: Instance) -> Value:
        made = DictValue(value.attrs, self.clock)
        made.home = value
        return made

    def _payload_attribute(self: "Interpreter", value: Instance, name: str) -> Value:
        methods = self.native_methods.get(type(value.payload))
        if methods is not None and name in methods:
            impl = methods[name]
            payload = value.payload
            return Builtin(name, lambda interp, args, kwargs: impl(interp, payload, args, kwargs))
        return MISSING

    def get_property(self: "Interpreter", raw: PropertyValue, value: Value, cls: Class) -> Value:
        """Return what a property (or a subclass of it with its own __get__) gives."""
        if raw.instance is not None:
            hook = raw.instance.cls.find("__get__")
            if isinstance(hook, Function):
                return self.call(hook, [raw.instance, value, cls], {})
        if raw.fget is None:
            return Unknown("property without getter")
        return self.call(raw.fget, [value], {})

    def bind(self: "Interpreter", raw: Value, value: Value) -> Value:
        """Return what a class attribute is when read through an instance."""
        kind = type(raw)
        if kind is Function or kind is Builtin:
            return BoundMethod(raw, value)
        if kind is StaticMethod:
            return raw.func
        if kind is ClassMethod:
            return BoundMethod(raw.func, value.cls if isinstance(value, Instance) else value)
        if isinstance(raw, Instance):
            hook = raw.cls.find("__get__")
            if hook is not None:
                owner = value.cls if isinstance(value, Instance) else None
                return self.call(hook, [raw, value, owner], {})
        return raw

    def unknown_base(self: "Interpreter", value: Value) -> Unknown | None:
        """Return why the class of a value is not fully known, None where it is."""
        cls = value if isinstance(value, Class) else core.class_of(value)
        if cls is None:
            return None
        for base in cls.mro:
            if base.generic_unknown is not None:
                return base.generic_unknown
        return None

    # --- classes, super, functions ----------------------------------------------------------

    def class_attribute(self: "Interpreter", value: Class, name: str) -> Value:
        """Return an attribute of a class."""
        raw = value.find(name, MISSING)
        if raw is not MISSING and name != "__init__":
            return self.bind_to_class(raw, value)
        if value.metaclass is not None:
            meta = value.metaclass.find(name, MISSING)
            if isinstance(meta, PropertyValue):
                return self.get_property(meta, value, value.metaclass)
            if meta is not MISSING and name != "__init__":
                return self.bind(meta, value)
        if raw is not MISSING:
            return raw
        special = CLASS_SPECIAL.get(name)
        if special is not None:
            return special(self, value)
        if value.native is not None:
            method = self._unbound_native(value.native, name)
            if method is not None:
                return method
        hook = value.metaclass.find("__getattr__") if value.metaclass is not None else None
        if hook is not None:
            return self.call(hook, [value, name], {})
        if name in OBJECT_METHODS:
            return OBJECT_METHODS[name]
        unknown = self.unknown_base(value)
        if unknown is not None and not self.probing:
            return unknown
        raise self.error("AttributeError", f"type object {value.name!r} has no attribute {name!r}")

    def _unbound_native(self: "Interpreter", native: type, name: str) -> Builtin | None:
        methods = self.native_methods.get(_NATIVE_KIND.get(native, native))
        if methods is None or name not in methods:
            return None
        impl = methods[name]
        return Builtin(name, lambda i, a, k: impl(i, _native(a[0]), a[1:], k))

    def bind_to_class(self: "Interpreter", raw: Value, value: Class) -> Value:
        """Return what a class attribute is when read through the class."""
        if isinstance(raw, StaticMethod):
            return raw.func
        if isinstance(raw, ClassMethod):
            return BoundMethod(raw.func, value)
        if isinstance(raw, PropertyValue) and raw.instance is not None:
            return self.get_property(raw, None, value)
        if isinstance(raw, Instance):
            hook = raw.cls.find("__get__")
            if hook is not None:
                return self.call(hook, [raw, None, value], {})
        return raw

    def _super_attribute(self: "Interpreter", value: SuperValue, name: str) -> Value:
        target = value.self_value
        cls = target if isinstance(target, Class) else core.class_of(target)
        mro = cls.mro if cls is not None else value.after.mro
        if isinstance(target, Class) and value.after not in mro:
            mro = value.after.mro
        start = mro.index(value.after) + 1 if value.after in mro else 1
        for base in mro[start:]:
            if name not in base.attrs:
                continue
            raw = base.attrs[name]
            if isinstance(target, Class) and mro is not target.mro and name != "__new__":
                return self.bind(raw, target)  # a method of a metaclass
            return self._bind_super(raw, target)
        if isinstance(target, ModuleInstance):
            found = self.registered(target, name)
            if found is not MISSING:
                return found
        return self._super_default(value, name, mro[start:])

    def _bind_super(self: "Interpreter", raw: Value, target: Value) -> Value:
        if isinstance(target, Class):
            return (
                BoundMethod(raw.func, target)
                if isinstance(raw, ClassMethod)
                else (raw.func if isinstance(raw, StaticMethod) else raw)
            )
        if isinstance(raw, PropertyValue):
            return self.get_property(raw, target, target.cls)
        return self.bind(raw, target)

    def _super_default(
        self: "Interpreter", value: SuperValue, name: str, rest: tuple[Class, ...]
    ) -> Value:
        target = value.self_value
        default = OBJECT_METHODS.get(name)
        if default is not None:
            return BoundMethod(default, target)
        if isinstance(target, Instance) and target.payload is not None:
            found = self._payload_attribute(target, name)
            if found is not MISSING:
                return found
        for base in rest:
            if base.generic_unknown is not None:
                return base.generic_unknown
        if isinstance(target, Class):
            return self.class_attribute(core.TYPE, name)
        raise self.error("AttributeError", f"'super' object has no attribute {name!r}")

    def _native_attribute(self: "Interpreter", value: Value, name: str) -> Value:
        methods = self.native_methods.get(type(value))
        if methods is not None and name in methods:
            impl = methods[name]
            return Builtin(name, lambda interp, args, kwargs: impl(interp, value, args, kwargs))
        if name == "__class__":
            return core.class_of(value) or Unknown("class")
        if name == "__doc__":
            return None
        raise self.no_attribute(value, name)

    # --- writing ----------------------------------------------------------------------------

    def setattr(self: "Interpreter", value: Value, name: str, item: Value) -> None:
        """Do `value.name = item`."""
        if isinstance(value, Instance):
            hook = value.cls.find("__setattr__")
            if hook is not None:
                self.call(hook, [value, name, item], {})
            else:
                self.set_plain(value, name, item)
        elif isinstance(value, Class | Function):
            self.touch(value)
            value.attrs[name] = item
        elif isinstance(value, External):
            self.imports.set_external(value, name, item)
        elif isinstance(value, Tensor) and name == "data" and isinstance(item, Tensor):
            self._set_data(value, item)
        elif isinstance(value, Tensor):
            self.marks.add(name)
            if name == "shape":
                value.shape = value.data = None
        elif type(value) in SPECIAL:
            setter = getattr(value, "store", None)
            if setter is not None:
                setter(name, item)

    def _set_data(self: "Interpreter", value: Tensor, item: Tensor) -> None:
        """Do `value.data = item`. What is undone after a side of a branch are items only."""
        self.touch(value)
        value.data = item.data
        if item.shape != value.shape:
            value.shape = item.shape if not self.joins.journals else None
            value.data = value.data if value.shape is not None else None

    def set_plain(self: "Interpreter", value: Instance, name: str, item: Value) -> None:
        """What object.__setattr__ does, with torch.nn.Module's registration."""
        raw = value.cls.find(name)
        if raw is not None and self._set_by_class(raw, value, name, item):
            return
        self.touch(value)
        if type(item) in _CALLABLE:
            self.verdicts.callables.add(name)
        if isinstance(value, ModuleInstance):
            self._register(value, name, item)
        else:
            value.attrs[name] = item

    def _set_by_class(
        self: "Interpreter", raw: Value, value: Instance, name: str, item: Value
    ) -> bool:
        """Set what a property or another descriptor of the class stands for."""
        if isinstance(raw, PropertyValue):
            if raw.fset is None:
                raise self.error("AttributeError", f"can't set attribute {name!r}")
            self.call(raw.fset, [value, item], {})
            return True
        if not is_data_descriptor(raw):
            return False
        self.call(raw.cls.find("__set__"), [raw, value, item], {})
        return True

    def _register(self: "Interpreter", value: ModuleInstance, name: str, item: Value) -> None:
        self.budget.steps += 2
        if isinstance(item, ModuleInstance):
            self._drop(value, name, value.modules)
            self.touch(value.modules)
            value.modules[name] = item
        elif isinstance(item, Tensor) and item.kind == "parameter":
            self._drop(value, name, value.parameters)
            self.touch(value.parameters)
            value.parameters[name] = item
        elif not self._replace(value, name, item):
            value.attrs[name] = item

    def _replace(self: "Interpreter", value: ModuleInstance, name: str, item: Value) -> bool:
        """Put something else in the place of what is registered; False where nothing is."""
        if value.unfilled is not None:
            value.parameters  # noqa: B018 - fills them
        modules, parameters, buffers = value.tables()
        if modules and name in modules and (item is None or isinstance(item, Unknown)):
            table = modules
        elif parameters and name in parameters and item is None:
            table = parameters
        elif buffers and name in buffers and (item is None or isinstance(item, Tensor)):
            table = buffers
        else:
            return False
        self.touch(table)
        table[name] = item
        return True

    def _drop(self: "Interpreter", value: ModuleInstance, name: str, keep: DictValue) -> None:
        value.attrs.pop(name, None)
        for table in value.tables():
            if table is not None and table is not keep and name in table:
                self.touch(table)
                del table[name]

    def delattr(self: "Interpreter", value: Value, name: str) -> None:
        """Do `del value.name`."""
        if not isinstance(value, Instance | Class | Function):
            return
        hook = value.cls.find("__delattr__") if isinstance(value, Instance) else None
        if hook is not None:
            self.call(hook, [value, name], {})
            return
        self.touch(value)
        if isinstance(value, ModuleInstance):
            for table in (value.modules, value.parameters, value.buffers):
                self.touch(table)
                table.pop(name, None)
        value.attrs.pop(name, None)


_CALLABLE = frozenset((Function, BoundMethod, Partial, Class, Builtin))
_ABSENT = object()
_ALWAYS = frozenset(("_modules", "_parameters", "_buffers", "training"))
_PLAIN = frozenset((int, bool, str, float, type(None), SourcedInt, SourcedFloat, SourcedStr))


def _peek(interp: "Interpreter", value: ModuleInstance, name: str) -> Value:
    """Look for what an unopened copy has under a name, without opening it.

    Returns the value where it is a plain one, `_ABSENT` where there is nothing of that name in the
    object itself, MISSING where it has to be opened.
    """
    if name in _ALWAYS or name.startswith("__"):
        return MISSING
    if type(value) is LazyModule:
        assert value.pending is not None
        original, copier = value.pending
        found = _peek(interp, original, name)
        return found if found is MISSING or found is _ABSENT else copier.copy(found)
    attrs = value.attrs
    if name in attrs:
        found = attrs[name]
        return found if type(found) in _PLAIN else MISSING
    if value.layer is not None:
        from hwlint.reader.library.torch_nn import layer_attributes

        found = layer_attributes(interp, value).get(name, MISSING)
        if found is not MISSING:
            return found if type(found) in _PLAIN else MISSING
    if value.unfilled is not None:
        value.parameters  # noqa: B018 - fills them
    return MISSING if any(table and name in table for table in value.tables()) else _ABSENT


_NATIVE_KIND: dict[type, Any] = {list: ListValue, dict: DictValue, set: SetValue}


def _native(value: Value) -> Value:
    return value.payload if isinstance(value, Instance) and value.payload is not None else value
