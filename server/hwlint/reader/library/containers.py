"""torch.nn's containers: Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false

from typing import TYPE_CHECKING

from hwlint.reader import builtin_classes as core
from hwlint.reader import operators
from hwlint.reader.library.modules import MODULE, register
from hwlint.reader.values import (
    Args,
    Builtin,
    Class,
    DictValue,
    Instance,
    IteratorValue,
    Kwargs,
    ModuleInstance,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["CONTAINERS"]


def _container(name: str) -> Class:
    made = core.make(name, MODULE, module="torch.nn.modules.container")
    made.is_module = True
    return made


SEQUENTIAL = _container("Sequential")
MODULE_LIST = _container("ModuleList")
MODULE_DICT = _container("ModuleDict")
PARAMETER_LIST = _container("ParameterList")
PARAMETER_DICT = _container("ParameterDict")
CONTAINERS: dict[str, Class] = {
    c.name: c for c in (SEQUENTIAL, MODULE_LIST, MODULE_DICT, PARAMETER_LIST, PARAMETER_DICT)
}


def _table(value: ModuleInstance) -> DictValue:
    parameters = value.cls.derives(PARAMETER_LIST) or value.cls.derives(PARAMETER_DICT)
    return value.parameters if parameters else value.modules


def _put(interp: "Interpreter", value: ModuleInstance, name: str, item: Value) -> None:
    table = _table(value)
    interp.touch(value)
    interp.touch(table)
    table[name] = item


def _poison(interp: "Interpreter", value: ModuleInstance, unknown: Unknown) -> None:
    table = _table(value)
    interp.touch(table)
    table.unknown = unknown


def _append_all(interp: "Interpreter", value: ModuleInstance, items: Value) -> None:
    try:
        for item in interp.iterate(items):
            interp.tick()
            _put(interp, value, str(len(_table(value))), item)
    except operators.UnknownIteration as stop:
        _poison(interp, value, stop.unknown)


def _init_sequential(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value, rest = args[0], args[1:]
    if len(rest) == 1 and _is_mapping(rest[0]):
        pairs = interp.mapping_items(rest[0])
        if isinstance(pairs, Unknown):
            _poison(interp, value, pairs)
            return None
        for name, item in pairs:
            _put(interp, value, str(name), item)
        return None
    for index, item in enumerate(rest):
        _check_module(interp, item)
        _put(interp, value, str(index), item)
    return None


def _check_module(interp: "Interpreter", item: Value) -> None:
    if not isinstance(item, ModuleInstance | Unknown) and item is not None:
        raise interp.error("TypeError", f"{interp.type_name(item)} is not a Module subclass")


def _is_mapping(value: Value) -> bool:
    payload = value.payload if isinstance(value, Instance) else value
    return isinstance(payload, DictValue)


def _init_list(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    items = args[1] if len(args) > 1 else next(iter(kwargs.values()), None)
    if items is not None:
        _append_all(interp, args[0], items)
    return None


def _init_dict(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    items = args[1] if len(args) > 1 else next(iter(kwargs.values()), None)
    return _update(interp, [args[0], items], {}) if items is not None else None


def _update(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    other = args[1]
    if isinstance(other, ModuleInstance):
        other = _table(other)
    pairs = interp.mapping_items(other) if not isinstance(other, DictValue) else list(other.items())
    unknown = pairs if isinstance(pairs, Unknown) else getattr(other, "unknown", None)
    if unknown is not None:
        _poison(interp, args[0], unknown)
    for name, item in [] if isinstance(pairs, Unknown) else pairs:
        _put(interp, args[0], str(name), item)
    return None


def _append(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    _put(interp, args[0], str(len(_table(args[0]))), args[1])
    return args[0]


def _extend(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    _append_all(interp, args[0], args[1])
    return args[0]


def _renumber(value: ModuleInstance, items: Args) -> None:
    table = _table(value)
    table.clear()
    table.update({str(i): item for i, item in enumerate(items)})


def _insert(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value, index, item = args
    interp.touch(_table(value))
    items = list(_table(value).values())
    if not isinstance(index, int):
        _poison(interp, value, operators.why(index))
        return value
    items.insert(index, item)
    _renumber(value, items)
    return value


def _delete(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value, index = args
    table = _table(value)
    interp.touch(table)
    if isinstance(index, str):
        table.pop(str(index), None)
        return None
    items = list(table.values())
    if not isinstance(index, int | slice):
        _poison(interp, value, operators.why(index))
        return None
    try:
        del items[index]
    except IndexError as problem:
        raise interp.native_error(problem) from None
    _renumber(value, items)
    return None


def _pop(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    index = args[1] if len(args) > 1 else -1
    item = _item(interp, [args[0], index], {})
    _delete(interp, [args[0], index], {})
    return item


def _index(interp: "Interpreter", value: ModuleInstance, index: Value) -> str:
    names = list(_table(value))
    if isinstance(index, int):
        if not -len(names) <= index < len(names):
            raise interp.error("IndexError", f"index {index} is out of range")
        return names[index]
    return str(index)


def _item(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value, index = args
    table = _table(value)
    if table.unknown is not None:
        return table.unknown
    if isinstance(index, Unknown):
        return index
    if isinstance(index, slice):
        return _sliced(interp, value, index)
    name = _index(interp, value, index)
    if name not in table:
        raise interp.error("KeyError", name)
    return table[name]


def _sliced(interp: "Interpreter", value: ModuleInstance, index: slice) -> Value:
    pairs = list(_table(value).items())[index]
    cls = value.cls
    made = ModuleInstance(cls if cls in CONTAINERS.values() else _base_container(cls), interp.clock)
    made.place = interp.site.place if interp.site is not None else None
    keep = cls.derives(SEQUENTIAL)
    for position, (name, item) in enumerate(pairs):
        register(interp, made, name if keep else str(position), item)
    return made


def _base_container(cls: Class) -> Class:
    return next(c for c in cls.mro if c in CONTAINERS.values())


def _store(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value, index, item = args
    if isinstance(index, Unknown):
        _poison(interp, value, index)
        return None
    _put(interp, value, _index(interp, value, index), item)
    return None


def _length(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    table = _table(args[0])
    return table.unknown or len(table)


def _iterator(by_key: bool) -> core.Maker:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        table = _table(args[0])
        return table.unknown or IteratorValue(list(table) if by_key else list(table.values()))

    return run


def _contains(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    table = _table(args[0])
    if isinstance(args[1], ModuleInstance):
        return any(args[1] is v for v in table.values())
    return args[1] in table or table.unknown or False


def _view(name: str) -> core.Maker:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        return interp.native_methods[DictValue][name](interp, _table(args[0]), args[1:], kwargs)

    return run


def _add(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    cls = _base_container(args[0].cls)
    made = ModuleInstance(cls, interp.clock)
    for part in args[:2]:
        _append_all(interp, made, part)
    return made


def _forward(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    holder, value = args[0], [*args[1:], *kwargs.values()][0]
    table = _table(holder)
    for item in table.values():
        value = interp.call(item, [value], {})
    if table.unknown is not None:
        return interp.unknown_call(holder, table.unknown, interp.site)
    return value


_COMMON: dict[str, core.Maker] = {
    "__len__": _length, "__getitem__": _item, "__setitem__": _store, "__delitem__": _delete,
    "__contains__": _contains, "pop": _pop,
}  # fmt: skip
_LISTS = {
    **_COMMON, "__iter__": _iterator(False), "append": _append, "extend": _extend,
    "insert": _insert, "__iadd__": _extend, "__add__": _add,
}  # fmt: skip
_DICTS = {
    **_COMMON, "__iter__": _iterator(True), "update": _update,
    **{n: _view(n) for n in ("keys", "values", "items", "clear", "get")},
}  # fmt: skip
for _cls, _methods, _start in (
    (SEQUENTIAL, _LISTS, _init_sequential),
    (MODULE_LIST, _LISTS, _init_list),
    (MODULE_DICT, _DICTS, _init_dict),
    (PARAMETER_LIST, _LISTS, _init_list),
    (PARAMETER_DICT, _DICTS, _init_dict),
):
    _cls.attrs.update({n: Builtin(f"{_cls.name}.{n}", c) for n, c in _methods.items()})
    _cls.attrs["__init__"] = Builtin(f"{_cls.name}.__init__", _start)
SEQUENTIAL.attrs["forward"] = Builtin("Sequential.forward", _forward)
