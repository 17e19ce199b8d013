"""Reading, writing and deleting `holder[index]`."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownVariableType=false

from typing import TYPE_CHECKING, Any

from hwlint.reader.provenance import derive
from hwlint.reader.unknowns import UnknownIteration, payload_of
from hwlint.reader.values import (
    Builtin,
    Class,
    DictValue,
    External,
    Instance,
    ListValue,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["delete_subscript", "index_of", "store_subscript", "subscript"]


def index_of(interp: "Interpreter", value: Value) -> Value:
    """Return what a slice takes: an int or None."""
    if isinstance(value, Tensor) and value.data is not None and len(value.data) == 1:
        return value.data[0]
    return value


def subscript(interp: "Interpreter", holder: Value, index: Value) -> Value:
    """Return `holder[index]`."""
    kind = type(holder)
    if kind is Unknown:
        return holder if interp.needs is None else interp.needs.item(holder, index)
    if isinstance(holder, DictValue):
        return interp.dict_get(holder, index)
    if isinstance(holder, Instance):
        return _instance_item(interp, holder, index)
    if isinstance(index, Unknown) and not isinstance(holder, Class | External):
        return index
    if isinstance(holder, list | tuple | str | bytes | range):
        return _sequence_item(interp, holder, index)
    if isinstance(holder, Tensor):
        return interp.tensor_item(holder, index)
    if isinstance(holder, Class):
        return interp.class_item(holder, index)
    if isinstance(holder, External):
        return External(f"{holder.name}[]")
    if isinstance(holder, Builtin):
        return holder
    raise interp.error("TypeError", f"{interp.type_name(holder)!r} object is not subscriptable")


def _sequence_item(interp: "Interpreter", holder: Any, index: Any) -> Value:
    marked = getattr(holder, "unknown", None)
    if isinstance(marked, Unknown):
        return marked
    index = index_of(interp, payload_of(index))
    try:
        value = holder[index]
    except (IndexError, TypeError, ValueError) as problem:
        raise interp.native_error(problem) from None
    if isinstance(index, slice) and not isinstance(holder, range):
        interp.budget.steps += len(value) // 64
        if isinstance(holder, list):
            return ListValue(value, interp.clock)
        return derive("[]", value, holder) if isinstance(holder, str) else value
    return derive("[]", value, holder) if isinstance(holder, str) else value


def _instance_item(interp: "Interpreter", holder: Instance, index: Value) -> Value:
    method = holder.cls.find("__getitem__")
    if method is not None:
        return interp.call(interp.bind(method, holder), [index], {})
    if holder.payload is not None:
        if isinstance(holder.payload, DictValue) and holder.cls.find("__missing__") is not None:
            found = interp.dict_find(holder.payload, index)
            if found is None:
                return interp.call(interp.getattr(holder, "__missing__"), [index], {})
        return subscript(interp, holder.payload, index)
    unknown = interp.unknown_base(holder)
    if unknown is not None:
        return unknown
    raise interp.error("TypeError", f"{holder.cls.name!r} object is not subscriptable")


def store_subscript(interp: "Interpreter", holder: Value, index: Value, value: Value) -> None:
    """Do `holder[index] = value`."""
    if isinstance(holder, DictValue):
        interp.dict_set(holder, index, value)
    elif isinstance(holder, ListValue):
        _store_list(interp, holder, index, value)
    elif isinstance(holder, Instance):
        method = holder.cls.find("__setitem__")
        if method is not None:
            interp.call(interp.bind(method, holder), [index, value], {})
        elif holder.payload is not None:
            store_subscript(interp, holder.payload, index, value)
    elif isinstance(holder, Tensor):
        interp.store_tensor(holder, index, value)


def _store_list(interp: "Interpreter", holder: ListValue, index: Any, value: Value) -> None:
    interp.touch(holder)
    if isinstance(index, Unknown):
        holder.unknown = index
        return
    try:
        if isinstance(index, slice):
            interp.budget.steps += len(holder) // 64
            holder[index] = interp.iterate(value)
        else:
            holder[index] = value
    except UnknownIteration as stop:
        holder.unknown = stop.unknown
    except (IndexError, TypeError, ValueError) as problem:
        raise interp.native_error(problem) from None


def delete_subscript(interp: "Interpreter", holder: Value, index: Value) -> None:
    """Do `del holder[index]`."""
    if isinstance(holder, DictValue | ListValue):
        interp.touch(holder)
        if isinstance(index, Unknown):
            holder.unknown = index
            return
        try:
            del holder[index]
        except (KeyError, IndexError, TypeError) as problem:
            raise interp.native_error(problem) from None
    elif isinstance(holder, Instance):
        method = holder.cls.find("__delitem__")
        if method is not None:
            interp.call(interp.bind(method, holder), [index], {})
        elif holder.payload is not None:
            delete_subscript(interp, holder.payload, index)
