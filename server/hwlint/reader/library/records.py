"""dataclasses, namedtuple and NamedTuple."""

import ast
from typing import TYPE_CHECKING, Any

from hwlint.reader import builtin_classes as core
from hwlint.reader.values import (
    Args,
    Builtin,
    Class,
    DictValue,
    External,
    Instance,
    Kwargs,
    ListValue,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["GENERATED", "MISSING", "TABLE", "finish_named_tuple"]

MISSING = External("dataclasses.MISSING")
KW_ONLY = External("dataclasses.KW_ONLY")
FIELD = core.make("Field", module="dataclasses", partial=True)
NAMED_TUPLE = core.make("NamedTuple", module="typing")


GENERATED: dict[Builtin, DictValue] = {}
"""The __init__ methods that dataclass made, and the fields that they take."""


def _field(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    made = Instance(FIELD, interp.clock)
    made.attrs = {
        "name": None, "type": None, "default": MISSING, "default_factory": MISSING, "init": True,
        "kw_only": False, "repr": True, "metadata": DictValue((), interp.clock), **kwargs,
    }  # fmt: skip
    return made


def _annotation_text(annotation: Any) -> str:
    return ast.unparse(annotation[1])


def own_fields(interp: "Interpreter", cls: Class, kw_only: bool) -> dict[str, Instance]:
    """Return the fields that a class itself declares."""
    found: dict[str, Instance] = {}
    for name, annotation in cls.attrs.get("__annotations__", {}).items():
        text = _annotation_text(annotation)
        if "ClassVar" in text:
            continue
        if "KW_ONLY" in text:
            kw_only = True
            continue
        default = cls.attrs.get(name, MISSING)
        field = default if _is_field(default) else _field(interp, [], {"default": default})
        field.attrs["name"] = name
        field.attrs["type"] = text
        field.attrs["kw_only"] = field.attrs["kw_only"] or kw_only
        field.attrs["init_only"] = "InitVar" in text
        _class_default(cls, name, field)
        found[name] = field
    return found


def _is_field(value: Value) -> bool:
    return isinstance(value, Instance) and value.cls is FIELD


def _class_default(cls: Class, name: str, field: Instance) -> None:
    if field.attrs["default"] is not MISSING:
        cls.attrs[name] = field.attrs["default"]
    elif _is_field(cls.attrs.get(name)):
        del cls.attrs[name]


def fields_of(interp: "Interpreter", cls: Class, kw_only: bool = False) -> DictValue:
    """Return all fields of a dataclass, those of its bases first."""
    every = DictValue((), interp.clock)
    for base in reversed(cls.mro[1:]):
        inherited = base.attrs.get("__dataclass_fields__")
        if isinstance(inherited, DictValue):
            every.update(inherited)
    every.update(own_fields(interp, cls, kw_only))
    return every


def _dataclass(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    if not args or not isinstance(args[0], Class):
        if args:
            return args[0]
        return Builtin("dataclass", lambda i, a, k: _dataclass(i, a, kwargs))
    cls = args[0]
    every = fields_of(interp, cls, bool(kwargs.get("kw_only")))
    cls.attrs["__dataclass_fields__"] = every
    if kwargs.get("init") is not False:
        made = Builtin("__init__", lambda i, a, k: _init(i, every, a, k))
        GENERATED[made] = every
        cls.attrs["__init__"] = made
    cls.attrs.setdefault("__match_args__", tuple(every))
    if kwargs.get("eq") is not False and "__eq__" not in cls.attrs:
        cls.attrs["__eq__"] = Builtin("__eq__", _equal)
    return cls


def _init(interp: "Interpreter", every: DictValue, args: Args, kwargs: Kwargs) -> Value:
    target, rest = args[0], list(args[1:])
    unknown = kwargs.get("**")
    extra: list[Value] = []
    for name, field in every.items():
        if field.attrs["init"] is False:
            value = _default(interp, name, field, None)
        elif rest and not field.attrs["kw_only"]:
            value = rest.pop(0)
        elif name in kwargs:
            value = kwargs.pop(name)
        else:
            value = _default(interp, name, field, unknown)
        if field.attrs.get("init_only"):
            extra.append(value)
        elif value is not MISSING:
            interp.setattr(target, name, value)
    if rest or any(k != "**" for k in kwargs):
        word = next((k for k in kwargs if k != "**"), "positional")
        raise interp.error("TypeError", f"__init__() got an unexpected argument {word!r}")
    if target.cls.find("__post_init__") is not None:
        interp.call(interp.getattr(target, "__post_init__"), extra, {})
    return None


def _default(interp: "Interpreter", name: str, field: Instance, unknown: Value) -> Value:
    if unknown is not None:
        return unknown
    if field.attrs["default"] is not MISSING:
        return field.attrs["default"]
    if field.attrs["default_factory"] is not MISSING:
        return interp.call(field.attrs["default_factory"], [], {})
    if field.attrs["init"] is False:
        return MISSING
    raise interp.error("TypeError", f"__init__() missing required argument: {name!r}")


def _equal(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    from hwlint.reader import operators

    left, right = args
    if not isinstance(right, Instance) or right.cls is not left.cls:
        return False
    names = left.cls.find("__dataclass_fields__", {})
    one = tuple([left.attrs.get(n) for n in names])
    return operators.equal(interp, one, tuple([right.attrs.get(n) for n in names]))


def _fields(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    cls = args[0] if isinstance(args[0], Class) else getattr(args[0], "cls", None)
    every = cls.find("__dataclass_fields__") if isinstance(cls, Class) else None
    if isinstance(every, DictValue):
        return tuple(every.values())
    return Unknown("fields of something not known")


def _is_dataclass(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    cls = args[0] if isinstance(args[0], Class) else getattr(args[0], "cls", None)
    return isinstance(cls, Class) and cls.find("__dataclass_fields__") is not None


def _replace(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value = args[0]
    if not isinstance(value, Instance):
        return Unknown("replace")
    every = value.cls.find("__dataclass_fields__")
    if not isinstance(every, DictValue):
        return Unknown("replace")
    known = [n for n, f in every.items() if n in value.attrs and f.attrs["init"] is not False]
    given = {n: value.attrs[n] for n in known}
    return interp.call(value.cls, [], {**given, **kwargs})


def _asdict(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value = args[0]
    if not isinstance(value, Instance):
        return value if isinstance(value, Unknown) else Unknown("asdict")
    every = value.cls.find("__dataclass_fields__", ())
    made = DictValue((), interp.clock)
    for name in every:
        made[name] = _as_plain(interp, value.attrs.get(name))
    return made


def _as_plain(interp: "Interpreter", value: Value) -> Value:
    if isinstance(value, Instance) and value.cls.find("__dataclass_fields__") is not None:
        return _asdict(interp, [value], {})
    if isinstance(value, ListValue):
        return interp.make_list([_as_plain(interp, v) for v in value])
    return value


def _make_dataclass(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return Unknown("make_dataclass")


# --- named tuples -------------------------------------------------------------------------------


def finish_named_tuple(interp: "Interpreter", made: Class) -> None:
    """Give a class that derives from NamedTuple its fields."""
    if NAMED_TUPLE not in made.bases:
        return
    names = list(made.attrs.get("__annotations__", {}))
    defaults = {n: made.attrs.pop(n) for n in names if n in made.attrs}
    _tuple_class(made, names, defaults)


def _tuple_class(made: Class, names: list[str], defaults: dict[str, Value]) -> None:
    made.native = tuple
    made.attrs["_fields"] = tuple(names)
    made.attrs["_field_defaults"] = DictValue(defaults)
    made.attrs["__new__"] = Builtin("__new__", lambda i, a, k: _new_tuple(i, names, defaults, a, k))
    made.attrs["__init__"] = Builtin("__init__", lambda i, a, k: None)
    made.attrs["_replace"] = Builtin("_replace", _tuple_replace)
    made.attrs["_asdict"] = Builtin("_asdict", _tuple_asdict)


def _new_tuple(
    interp: "Interpreter", names: list[str], defaults: dict[str, Value], args: Args, kwargs: Kwargs
) -> Value:
    cls, given = args[0], dict(zip(names, args[1:], strict=False))
    unknown = kwargs.pop("**", None)
    for name, value in kwargs.items():
        if name not in names or name in given:
            raise interp.error("TypeError", f"unexpected argument {name!r}")
        given[name] = value
    if len(args) - 1 > len(names):
        raise interp.error("TypeError", f"takes {len(names)} positional arguments")
    made = Instance(cls, interp.clock)
    for name in names:
        if name not in given:
            if name not in defaults and unknown is None:
                raise interp.error("TypeError", f"missing required argument: {name!r}")
            given[name] = defaults[name] if unknown is None else unknown
        made.attrs[name] = given[name]
    made.payload = tuple([given[n] for n in names])
    return made


def _tuple_replace(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value = args[0]
    names = value.cls.find("_fields")
    return interp.call(value.cls, [], {**{n: value.attrs[n] for n in names}, **kwargs})


def _tuple_asdict(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return interp.make_dict({n: args[0].attrs[n] for n in args[0].cls.find("_fields")})


def _namedtuple(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    from hwlint.reader.classes import new_class
    from hwlint.reader.operators import UnknownIteration

    names = args[1] if len(args) > 1 else kwargs.get("field_names")
    if isinstance(names, str):
        names = names.replace(",", " ").split()
    try:
        plain = [str(n) for n in interp.iterate(names)]
        tail = interp.iterate(kwargs["defaults"]) if kwargs.get("defaults") is not None else []
    except UnknownIteration as stop:
        return stop.unknown
    made = new_class(interp, str(args[0]), [core.BUILTINS["tuple"]], {}, None)
    _tuple_class(made, plain, dict(zip(plain[len(plain) - len(tail) :], tail, strict=True)))
    return made


# --- huggingface_hub.dataclasses, where it is not there to be followed ---------------------------


def _validated_field(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return _field(interp, [], {k: v for k, v in kwargs.items() if k != "validator"})


def _as_validated_field(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return Builtin("validated_field", _validated_field)


def _strict(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return args[0] if args else Builtin("strict", lambda i, a, k: a[0])


TABLE: dict[str, Value] = {
    "huggingface_hub.dataclasses.strict": Builtin("strict", _strict),
    "huggingface_hub.dataclasses.validated_field": Builtin("validated_field", _validated_field),
    "huggingface_hub.dataclasses.as_validated_field": Builtin(
        "as_validated_field", _as_validated_field
    ),
    "dataclasses.dataclass": Builtin("dataclass", _dataclass),
    "dataclasses.field": Builtin("field", _field),
    "dataclasses.fields": Builtin("fields", _fields),
    "dataclasses.is_dataclass": Builtin("is_dataclass", _is_dataclass),
    "dataclasses.replace": Builtin("replace", _replace),
    "dataclasses.asdict": Builtin("asdict", _asdict),
    "dataclasses.make_dataclass": Builtin("make_dataclass", _make_dataclass),
    "dataclasses.MISSING": MISSING,
    "dataclasses.KW_ONLY": KW_ONLY,
    "dataclasses.Field": FIELD,
    "typing.NamedTuple": NAMED_TUPLE,
    "collections.namedtuple": Builtin("namedtuple", _namedtuple),
}
