"""Files that a program reads: open, pathlib, os.path, and json, yaml and toml on top of them.

Only files of the workspace are read, and only as text. Where a path is relative, nobody knows the
folder that the program will be started from: the folder of the program is tried first, then those
above it, up to the workspace's own.
"""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hwlint.reader import builtin_classes as core
from hwlint.reader import operators
from hwlint.reader.choices import MISSING_FILES
from hwlint.reader.limits import MAX_TEXT
from hwlint.reader.provenance import Leaf, sourced
from hwlint.reader.values import (
    Args,
    Builtin,
    Instance,
    IteratorValue,
    Kwargs,
    Unknown,
    Value,
)
from hwlint.source.literals import (
    Literal,
    LiteralProblem,
    read_json,
    read_text,
    read_toml,
    read_yaml_text,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE", "find_file", "literal_file", "path_of", "read_literal", "to_value"]

FILE = core.make("TextIOWrapper", module="io", partial=True)
_WRITES = ("w", "a", "x", "+")

# --- finding ------------------------------------------------------------------------------------


def path_of(value: Value) -> "str | Unknown":
    """Return the path that a text or a path object stands for."""
    if isinstance(value, Instance) and "_path" in value.attrs:
        value = value.attrs["_path"]
    if isinstance(value, Instance) and isinstance(value.payload, str):
        value = value.payload
    return str(value) if isinstance(value, str) else operators.why(value)


def find_file(interp: "Interpreter", path: str) -> str | None:
    """Return the file of the workspace that a path means; None where there is none."""
    for folder in interp.folders() if not os.path.isabs(path) else [""]:
        full = os.path.normpath(os.path.join(folder, path))
        if interp.is_own(full) and interp.imports.is_file(full):
            interp.cells.add((full, ""))
            return full
    return None


def _chosen(interp: "Interpreter", value: Value) -> "str | Unknown":
    """Return the file that a path means, or one of several where it is for the user to name."""
    path = path_of(value)
    if isinstance(path, Unknown):
        found = interp.settings_for(path)
        return interp.choose(f"file for {path.reason}", found) if found else path
    full = find_file(interp, path)
    if full is None:
        return Unknown(f"there is no file {path} in the workspace")
    others = interp.siblings(full, path)
    return interp.choose(f"file {path}", [full, *others])


# --- reading ------------------------------------------------------------------------------------


def _open(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    given = [*args, *[kwargs[k] for k in ("file", "mode") if k in kwargs]]
    mode = given[1] if len(given) > 1 else "r"
    if not isinstance(mode, str) or any(letter in mode for letter in _WRITES):
        return Unknown("a file that is written")
    full = _chosen(interp, given[0]) if given else Unknown("open()")
    return full if isinstance(full, Unknown) else open_file(interp, full)


def open_file(interp: "Interpreter", full: str) -> Instance:
    """Return the file object for a file of the workspace."""
    made = Instance(FILE, interp.clock)
    made.attrs = {"_path": full, "name": full}
    return made


def text_of(interp: "Interpreter", value: Value) -> "str | Unknown":
    """Return the text behind a file object, a path or a text."""
    if isinstance(value, Instance) and "_path" in value.attrs:
        full = value.attrs["_path"]
        if isinstance(full, Unknown):
            return full
        try:
            text = read_text(str(full))
        except LiteralProblem as problem:
            return Unknown(f"{problem.path}: {problem.reason}")
        interp.cells.add((str(full), ""))
        interp.budget.steps += len(text) // 128
        return text
    return str(value) if isinstance(value, str) else operators.why(value)


def _read(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    text = text_of(interp, args[0])
    if isinstance(text, str) and len(text) > MAX_TEXT:
        return Unknown("a file too long to be kept")
    return text


def _lines(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    text = _read(interp, args, kwargs)
    if isinstance(text, Unknown):
        return text
    return interp.make_list(text.splitlines(keepends=True))


def _iterate(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    lines = _lines(interp, args, kwargs)
    return lines if isinstance(lines, Unknown) else IteratorValue(lines)


FILE.attrs.update(
    {
        "read": Builtin("read", _read),
        "readlines": Builtin("readlines", _lines),
        "__iter__": Builtin("__iter__", _iterate),
        "__enter__": Builtin("__enter__", lambda i, a, k: a[0]),
        "__exit__": Builtin("__exit__", lambda i, a, k: None),
        "close": Builtin("close", lambda i, a, k: None),
    }
)

# --- plain data ---------------------------------------------------------------------------------


def to_value(interp: "Interpreter", literal: Literal, name: str | None = None) -> Value:
    """Return what plain data is to the program. Numbers keep their place in the file."""
    return _to_value(interp, literal, name, {})


def _to_value(
    interp: "Interpreter", literal: Literal, name: str | None, done: dict[int, Value]
) -> Value:
    value: Any = literal.value
    if id(literal) in done:
        return done[id(literal)]
    if isinstance(value, dict):
        made: Any = interp.make_dict()
        for key, item in value.items():
            made[key] = _to_value(interp, item, key if isinstance(key, str) else name, done)
    elif isinstance(value, list):
        made = interp.make_list([_to_value(interp, item, name, done) for item in value])
    else:
        leaf = Leaf(literal.place, value, name) if literal.place is not None else None
        return sourced(value, leaf)
    interp.budget.steps += 1 + len(value) // 8
    done[id(literal)] = made
    return made


Parse = Callable[[str, str], Literal]


def read_literal(interp: "Interpreter", value: Value, parse: Parse) -> Value:
    """Return the plain data in a file object, a path or a text."""
    text = text_of(interp, value)
    if isinstance(text, Unknown):
        return text
    path = value.attrs["_path"] if isinstance(value, Instance) else ""
    try:
        return to_value(interp, parse(str(path), text))
    except LiteralProblem as problem:
        return Unknown(f"{problem.path}: {problem.reason}" if path else problem.reason)


def literal_file(interp: "Interpreter", value: Value, parse: Parse) -> Value:
    """Return the plain data in the file that a path names."""
    full = _chosen(interp, value)
    if isinstance(full, Unknown):
        return full
    return read_literal(interp, open_file(interp, full), parse)


def _loader(parse: Parse) -> core.Maker:
    return lambda i, a, k: read_literal(i, a[0], parse) if a else Unknown("nothing to load")


def _toml_load(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    """The package toml takes a path as well."""
    if isinstance(args[0], Instance) and args[0].cls is FILE:
        return read_literal(interp, args[0], read_toml)
    return literal_file(interp, args[0], read_toml)


# --- os.path ------------------------------------------------------------------------------------


def _normal(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    path = path_of(args[0])
    return path if isinstance(path, Unknown) else os.path.normpath(path)


def exists(interp: "Interpreter", path: "str | Unknown") -> Value:
    """Say whether a file is there: True for the workspace's own. For others nobody knows; where
    that leaves a model open, the program is followed once more as if none of them were."""
    if isinstance(path, Unknown):
        return path
    if find_file(interp, path) is not None:
        return True
    return interp.choose(MISSING_FILES, [Unknown(f"whether {path} is there"), False])


def _exists(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return exists(interp, path_of(args[0]))


def _add_folder(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    """`sys.path.append` and `insert`: where a file looks for modules, beside its own folder."""
    path = path_of(args[-1])
    if isinstance(path, str) and interp.site is not None:
        interp.imports.nearby.add(interp.site.place.path, path)
    return None


def _add_folders(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    """`sys.path.extend`, `+=` and `+`, on either side."""
    for value in args[1:]:
        for path in value if isinstance(value, list | tuple) else ():
            _add_folder(interp, [path], {})
    return args[0]


def _set_folders(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    """`sys.path[:0] = [...]`"""
    return _add_folders(interp, [args[0], args[-1]], {})


_SEARCHED = Instance(core.make("path", module="sys"))
_SEARCHED.cls.attrs.update(
    {
        "append": Builtin("sys.path.append", _add_folder),
        "insert": Builtin("sys.path.insert", _add_folder),
        "extend": Builtin("sys.path.extend", lambda i, a, k: _add_folders(i, [None, *a], {})),
        **dict.fromkeys(("__iadd__", "__add__", "__radd__"), Builtin("sys.path +", _add_folders)),
        "__setitem__": Builtin("sys.path[]", _set_folders),
        "__iter__": Builtin("sys.path", lambda i, a, k: Unknown("where modules are looked for")),
        "remove": Builtin("sys.path.remove", lambda i, a, k: None),
        "__contains__": Builtin("in sys.path", lambda i, a, k: False),
    }
)


def _list_folder(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return Unknown("what is in a folder")


_FUNCTIONS: dict[str, core.Maker] = {
    "builtins.open": _open,
    "io.open": _open,
    "codecs.open": _open,
    "json.load": _loader(read_json),
    "json.loads": _loader(read_json),
    **dict.fromkeys(
        (f"yaml.{n}" for n in ("safe_load", "load", "full_load", "unsafe_load")),
        _loader(read_yaml_text),
    ),
    "tomllib.load": _loader(read_toml),
    "tomllib.loads": _loader(read_toml),
    "tomli.load": _loader(read_toml),
    "tomli.loads": _loader(read_toml),
    "toml.loads": _loader(read_toml),
    "toml.load": _toml_load,
    **dict.fromkeys((f"os.path.{n}" for n in ("abspath", "realpath", "normpath")), _normal),
    "os.path.expanduser": lambda i, a, k: a[0],
    **dict.fromkeys((f"os.path.{n}" for n in ("exists", "isfile")), _exists),
    "os.getcwd": lambda i, a, k: ".",
    "os.listdir": _list_folder,
    "os.makedirs": lambda i, a, k: None,
}
TABLE: dict[str, Value] = {name: Builtin(name, call) for name, call in _FUNCTIONS.items()}
TABLE["sys.path"] = _SEARCHED
TABLE["yaml.YAMLError"] = core.BUILTINS["ValueError"]
TABLE["json.JSONDecodeError"] = core.BUILTINS["ValueError"]
