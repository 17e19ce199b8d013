"""contextvars and threading, as one thread sees them."""

from typing import TYPE_CHECKING

from hwlint.reader import builtin_classes as core
from hwlint.reader.values import Args, Builtin, Class, Instance, Kwargs, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE"]

CONTEXT_VAR = core.make("ContextVar", module="contextvars")
TOKEN = core.make("Token", module="contextvars")
LOCAL = core.make("local", module="_thread")


def _new_variable(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    variable = args[0]
    interp.touch(variable)
    variable.attrs["name"] = args[1] if len(args) > 1 else kwargs.get("name")
    if "default" in kwargs:
        variable.attrs["default"] = kwargs["default"]
    return None


def _get(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    interp.memo.spoil()
    attrs = args[0].attrs
    if "value" in attrs:
        return attrs["value"]
    if len(args) > 1:
        return args[1]
    if "default" not in attrs:
        raise interp.error("LookupError", "the context variable has no value")
    return attrs["default"]


def _touch(interp: "Interpreter", variable: Value) -> None:
    """Note that a variable is about to change. What is remembered stays: nothing that reads or sets
    a variable is ever remembered."""
    interp.memo.spoil()
    interp.memo.leaked.remember(variable)
    if interp.memo.world is not None:
        interp.memo.world.remember(variable)
    variable.version += 1
    if interp.joins.journals:
        interp.joins.remember(variable)


def _set(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    variable, value = args[0], args[1] if len(args) > 1 else kwargs.get("value")
    token = Instance(TOKEN, interp.clock)
    if "value" in variable.attrs:
        token.attrs["old_value"] = variable.attrs["value"]
    token.attrs["var"] = variable
    _touch(interp, variable)
    variable.attrs["value"] = value
    return token


def _reset(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    variable, token = args[0], args[1] if len(args) > 1 else kwargs.get("token")
    _touch(interp, variable)
    if not isinstance(token, Instance):
        variable.attrs["value"] = token if isinstance(token, Unknown) else Unknown("a token")
    elif "old_value" in token.attrs:
        variable.attrs["value"] = token.attrs["old_value"]
    else:
        variable.attrs.pop("value", None)
    return None


for _name, _call in (("__init__", _new_variable), ("get", _get), ("set", _set), ("reset", _reset)):
    CONTEXT_VAR.attrs[_name] = Builtin(f"ContextVar.{_name}", _call)


def _lock_class(name: str) -> Class:
    made = core.make(name, module="threading")
    made.attrs["__enter__"] = Builtin(f"{name}.__enter__", lambda i, a, k: True)
    made.attrs["__exit__"] = Builtin(f"{name}.__exit__", lambda i, a, k: None)
    made.attrs["acquire"] = Builtin(f"{name}.acquire", lambda i, a, k: True)
    made.attrs["release"] = Builtin(f"{name}.release", lambda i, a, k: None)
    return made


TABLE: dict[str, Value] = {
    "contextvars.ContextVar": CONTEXT_VAR,
    "threading.local": LOCAL,
    "threading.Lock": _lock_class("Lock"),
    "threading.RLock": _lock_class("RLock"),
}
