"""pathlib: paths as text; what they lead to is read by `files`."""

import os
from typing import TYPE_CHECKING

from hwlint.reader import builtin_classes as core
from hwlint.reader.library.files import exists, path_of, text_of
from hwlint.reader.values import (
    Args,
    Builtin,
    Instance,
    Kwargs,
    PropertyValue,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE"]

PATH = core.make("Path", module="pathlib", partial=True)


def _path(interp: "Interpreter", text: "str | Unknown") -> Value:
    made = Instance(PATH, interp.clock)
    made.attrs["_path"] = text if isinstance(text, Unknown) else os.path.normpath(text)
    return made


def _make(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return _joined(interp, args or ["."], {})


def _joined(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    parts = [path_of(a) for a in args]
    unknown = next((p for p in parts if isinstance(p, Unknown)), None)
    return _path(interp, unknown or os.path.join(*[p for p in parts if isinstance(p, str)]))


def _text(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return path_of(args[0])


def _same(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return args[0]


def _opened(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return interp.call(interp.modelled["builtins.open"], args, kwargs)


def _read_text(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    opened = _opened(interp, args[:1], {})
    return opened if isinstance(opened, Unknown) else text_of(interp, opened)


def _equal(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    left, right = args[0], args[1]
    if not isinstance(right, Instance) or right.cls is not PATH:
        return right if isinstance(right, Unknown) else False
    return path_of(left) == path_of(right)


def _parents(interp: "Interpreter", path: str) -> Value:
    found: list[Value] = []
    while os.path.dirname(path) != path and len(found) < 100:
        path = os.path.dirname(path)
        found.append(_path(interp, path or "."))
    return tuple(found)


def _property(compute: "core.Maker") -> PropertyValue:
    def get(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        path = path_of(args[0])
        return path if isinstance(path, Unknown) else compute(interp, [path], {})

    return PropertyValue(Builtin("path", get))


def _with_suffix(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    path, suffix = path_of(args[0]), args[1]
    if isinstance(path, Unknown) or not isinstance(suffix, str):
        return _path(interp, Unknown("a suffix"))
    return _path(interp, os.path.splitext(path)[0] + str(suffix))


def _is_file(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return exists(interp, path_of(args[0]))


def _cwd(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return _path(interp, ".")


_METHODS: dict[str, core.Maker] = {
    "__truediv__": _joined,
    "__rtruediv__": lambda i, a, k: _joined(i, [a[1], a[0]], k),
    "joinpath": _joined,
    **dict.fromkeys(("__str__", "__fspath__", "__repr__", "as_posix"), _text),
    **dict.fromkeys(("resolve", "absolute", "expanduser"), _same),
    "open": _opened,
    "read_text": _read_text,
    "__eq__": _equal,
    **dict.fromkeys(("exists", "is_file"), _is_file),
    "is_dir": lambda i, a, k: Unknown("whether a folder is there"),
    **dict.fromkeys(("mkdir", "touch", "unlink", "write_text"), lambda i, a, k: None),
    **dict.fromkeys(("glob", "rglob", "iterdir"), lambda i, a, k: Unknown("what is in a folder")),
    "with_suffix": _with_suffix,
}
_PROPERTIES: dict[str, core.Maker] = {
    "parent": lambda i, a, k: _path(i, os.path.dirname(a[0]) or "."),
    "parents": lambda i, a, k: _parents(i, a[0]),
    "name": lambda i, a, k: os.path.basename(a[0]),
    "stem": lambda i, a, k: os.path.splitext(os.path.basename(a[0]))[0],
    "suffix": lambda i, a, k: os.path.splitext(a[0])[1],
    "parts": lambda i, a, k: tuple(a[0].split(os.sep)),
}
PATH.attrs.update({name: Builtin(name, call) for name, call in _METHODS.items()})
PATH.attrs.update({name: _property(compute) for name, compute in _PROPERTIES.items()})
PATH.attrs["cwd"] = Builtin("Path.cwd", _cwd)
PATH.attrs["home"] = Builtin("Path.home", lambda i, a, k: _path(i, Unknown("the home folder")))
core.MAKERS[PATH] = _make
TABLE: dict[str, Value] = {
    f"pathlib.{name}": PATH for name in ("Path", "PosixPath", "PurePath", "PurePosixPath")
}
