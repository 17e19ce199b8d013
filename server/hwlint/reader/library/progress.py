"""tqdm: its bars go over what they are given."""

from typing import TYPE_CHECKING

from hwlint.reader import builtin_classes as core
from hwlint.reader.values import Args, Builtin, Kwargs, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE"]

BAR = core.make("tqdm", module="tqdm", partial=True)


def _new(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    bar = args[0]
    bar.attrs["iterable"] = args[1] if len(args) > 1 else kwargs.get("iterable")
    return None


def _items(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return interp.call(interp.modelled["builtins.iter"], [args[0].attrs["iterable"]], {})


def _range(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    numbers = interp.call(interp.modelled["builtins.range"], args, {})
    return interp.call(BAR, [numbers], {})


def _nothing(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return None


BAR.attrs.update(
    {
        "__init__": Builtin("tqdm.__init__", _new),
        "__iter__": Builtin("tqdm.__iter__", _items),
        "__enter__": Builtin("tqdm.__enter__", lambda i, a, k: a[0]),
        **dict.fromkeys(("__exit__", "write", "set_lock", "pandas"), Builtin("tqdm", _nothing)),
    }
)
_MODULES = ("", "auto.", "autonotebook.", "notebook.", "std.", "asyncio.", "rich.")
TABLE: dict[str, Value] = {
    **{f"tqdm.{module}tqdm": BAR for module in _MODULES},
    **{f"tqdm.{module}trange": Builtin("trange", _range) for module in _MODULES},
}
