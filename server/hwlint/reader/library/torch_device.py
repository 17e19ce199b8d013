"""torch.device, torch.finfo and torch.iinfo."""

from typing import TYPE_CHECKING, Any

from hwlint.reader import builtin_classes as core
from hwlint.reader.dtypes import INTEGERS, LIMITS, dtype_name
from hwlint.reader.values import Builtin, External, Instance, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["CPU", "DEVICE", "TABLE"]

DEVICE = core.make("device", module="torch")
_LIMITS = core.make("finfo", module="torch")
_KNOWN: dict[tuple[str, Any], Instance] = {}
_MAX_KNOWN = 256


def _named(kind: str, index: Any) -> Instance:
    """Return the one object for a device, so that equal devices are the same."""
    found = _KNOWN.get((kind, index))
    if found is None:
        found = Instance(DEVICE)
        found.attrs = {"type": kind, "index": index}
        if len(_KNOWN) < _MAX_KNOWN:
            _KNOWN[kind, index] = found
    return found


CPU = _named("cpu", None)


def _shown(interp: "Interpreter", args: list[Value], kwargs: dict[str, Value]) -> Value:
    kind, index = args[0].attrs["type"], args[0].attrs["index"]
    return kind if index is None else f"{kind}:{index}"


DEVICE.attrs["__str__"] = Builtin("__str__", _shown)


def _device(interp: "Interpreter", args: list[Value], kwargs: dict[str, Value]) -> Value:
    given = [*args, *kwargs.values()]
    first = given[0] if given else None
    if isinstance(first, Instance) and first.cls is DEVICE:
        return first
    if isinstance(first, int):
        return _named("cuda", int(first))
    if not isinstance(first, str):
        return Unknown("a device")
    kind, _, index = str(first).partition(":")
    if len(given) > 1 and isinstance(given[1], int):
        index = str(int(given[1]))
    return _named(kind, int(index) if index.isdigit() else None)


core.MAKERS[DEVICE] = _device


def _finfo(interp: "Interpreter", args: list[Value], kwargs: dict[str, Value]) -> Value:
    given = [*args, *kwargs.values()]
    dtype = dtype_name(given[0]) if given else "float32"
    if dtype in LIMITS:
        largest, eps, tiny = LIMITS[dtype]
        bits = 16 if "16" in dtype else int(dtype[-2:])
        return _limits(
            dtype, largest, -largest, bits, {"eps": eps, "tiny": tiny, "smallest_normal": tiny}
        )
    return Unknown("limits of a dtype")


def _iinfo(interp: "Interpreter", args: list[Value], kwargs: dict[str, Value]) -> Value:
    given = [*args, *kwargs.values()]
    dtype = dtype_name(given[0]) if given else ""
    if dtype not in INTEGERS:
        return Unknown("limits of a dtype")
    bits = INTEGERS[dtype]
    signed = dtype != "uint8"
    low = -(2 ** (bits - 1)) if signed else 0
    return _limits(dtype, low + 2**bits - 1, low, bits, {})


def _limits(dtype: str, largest: Any, lowest: Any, bits: int, more: dict[str, Value]) -> Instance:
    made = Instance(_LIMITS)
    made.attrs = {"max": largest, "min": lowest, "bits": bits, "dtype": dtype, **more}
    return made


def _default(interp: "Interpreter", args: list[Value], kwargs: dict[str, Value]) -> Value:
    return External("torch.float32")


def _table() -> dict[str, Value]:
    from hwlint.reader.values import Builtin

    calls = {"finfo": _finfo, "iinfo": _iinfo}
    table: dict[str, Value] = {
        f"{library}.{name}": Builtin(f"{library}.{name}", call)
        for library in ("torch", "numpy")
        for name, call in calls.items()
    }
    table["torch.device"] = DEVICE
    table["torch.get_default_device"] = Builtin("torch.get_default_device", lambda i, a, k: CPU)
    table["torch.get_default_dtype"] = Builtin("torch.get_default_dtype", _default)
    return table


TABLE = _table()
