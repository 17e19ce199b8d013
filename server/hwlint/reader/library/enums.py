"""enum."""

from typing import TYPE_CHECKING

from hwlint.reader import builtin_classes as core
from hwlint.reader.values import (
    Builtin,
    Class,
    ClassMethod,
    DictValue,
    External,
    Function,
    Instance,
    PropertyValue,
    StaticMethod,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE", "finish_enum"]

ENUM_TYPE = core.make("EnumType", core.TYPE, module="enum")
ENUM = core.make("Enum", module="enum")
ENUM.metaclass = ENUM_TYPE
_AUTO = External("enum.auto()")


def finish_enum(interp: "Interpreter", made: Class) -> None:
    """Turn the attributes of an Enum subclass into members."""
    if not made.derives(ENUM) or made.module == "enum":
        return
    members = DictValue((), interp.clock)
    count = 0
    for name, value in list(made.attrs.items()):
        if name.startswith("_") or isinstance(
            value, Function | PropertyValue | StaticMethod | ClassMethod | Builtin | Class
        ):
            continue
        count = value if isinstance(value, int) else count + 1
        member = Instance(made, interp.clock)
        plain = _auto_value(made, name, count) if value is _AUTO else value
        member.attrs = {"name": name, "value": plain, "_name_": name, "_value_": plain}
        if made.native is not None:
            member.payload = plain
        members[name] = made.attrs[name] = member
    if members:
        made.attrs["__members__"] = members
        made.attrs["__new__"] = StaticMethod(Builtin("enum", _lookup))


def _auto_value(made: Class, name: str, count: int) -> Value:
    return name.lower() if made.native is str else count


def _lookup(interp: "Interpreter", args: list[Value], kwargs: dict[str, Value]) -> Value:
    from hwlint.reader import operators

    given = [*args, *kwargs.values()]
    if len(given) < 2:
        raise interp.error("TypeError", "missing required argument: 'value'")
    cls, wanted = given[0], given[1]
    members = cls.find("__members__")
    for member in members.values():
        same = operators.equal(interp, member.attrs["value"], wanted)
        if member is wanted or interp.truth(same):
            return member
    missing = cls.find("_missing_")
    if missing is not None:
        func = missing.func if isinstance(missing, ClassMethod) else missing
        return interp.call(func, [cls, wanted], {})
    raise interp.error("ValueError", f"{interp.plain_text(wanted)} is not a valid {cls.name}")


TABLE: dict[str, Value] = {
    "enum.Enum": ENUM,
    "enum.EnumMeta": ENUM_TYPE,
    "enum.EnumType": ENUM_TYPE,
    "enum.IntEnum": core.make("IntEnum", core.BUILTINS["int"], ENUM, module="enum"),
    "enum.StrEnum": core.make("StrEnum", core.BUILTINS["str"], ENUM, module="enum"),
    "enum.Flag": core.make("Flag", ENUM, module="enum"),
    "enum.IntFlag": core.make("IntFlag", core.BUILTINS["int"], ENUM, module="enum"),
    "enum.auto": Builtin("enum.auto", lambda i, a, k: _AUTO),
    "enum.unique": Builtin("enum.unique", lambda i, a, k: a[0]),
}
