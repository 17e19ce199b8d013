"""hydra: settings put together from the plain files of a folder, and objects made from them."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

import os
import re
from typing import TYPE_CHECKING, Any

from hwlint.reader.imports import LazyImport
from hwlint.reader.library.files import find_file, open_file, path_of, read_literal, text_of
from hwlint.reader.library.settings import made_of, merge, override, plain_dict, raw_of, scalar
from hwlint.reader.values import (
    Args,
    Builtin,
    DictValue,
    Function,
    Kwargs,
    ListValue,
    Partial,
    PyRaise,
    Unknown,
    Value,
)
from hwlint.source.literals import read_yaml_text

if TYPE_CHECKING:
    from hwlint.reader import builtin_classes as core
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE"]

_PACKAGE = re.compile(r"^#\s*@package\s+(\S+)", re.MULTILINE)
_MAX_LEVELS = 10


class _Composition:
    """One composition: the folder, and what the command line says."""

    def __init__(self, interp: "Interpreter", folder: str, words: list[str]) -> None:
        self.interp = interp
        self.folder = folder
        pairs = [w.lstrip("+~").partition("=") for w in words if "=" in w]
        self.said = {name: text for name, _, text in pairs}
        self.groups: set[str] = set()
        self.total = interp.make_dict()

    def compose(self, name: str) -> Value:
        """Return the settings that the file `name` leads to."""
        problem = self._file(name.removesuffix(".yaml"), "", "", 0)
        if problem is not None:
            return problem
        for path, text in self.said.items():
            if path not in self.groups:
                override(self.interp, self.total, path, scalar(self.interp, text))
        self.total.pop("hydra", None)
        return made_of(self.interp, self.total)

    def _file(self, name: str, group: str, package: str, level: int) -> Unknown | None:
        full = find_file(self.interp, os.path.join(self.folder, group, f"{name}.yaml"))
        if full is None or level > _MAX_LEVELS:
            return Unknown(f"there are no settings {os.path.join(group, name)}")
        opened = open_file(self.interp, full)
        read = read_literal(self.interp, opened, _floats)
        text = text_of(self.interp, opened)
        if not isinstance(read, DictValue):
            return read if isinstance(read, Unknown) else None
        own = _PACKAGE.search(text) if isinstance(text, str) else None
        if own is not None:
            package = "" if own[1] == "_global_" else own[1].replace("_group_", _dots(group))
        return self._parts(read, group, package, level)

    def _parts(self, read: DictValue, group: str, package: str, level: int) -> Unknown | None:
        listed = read.pop("defaults", None)
        entries = list(listed) if isinstance(listed, ListValue) else []
        if "_self_" not in entries:
            entries.append("_self_")
        for entry in entries:
            if entry == "_self_":
                self._put(read, package)
                continue
            problem = self._entry(entry, group, package, level)
            if problem is not None:
                return problem
        return None

    def _put(self, values: DictValue, package: str) -> None:
        target = self.total
        for part in package.split(".") if package else ():
            below = target.get(part)
            if not isinstance(below, DictValue):
                below = target[part] = self.interp.make_dict()
            target = below
        merge(self.interp, target, values)

    def _entry(self, entry: Value, group: str, package: str, level: int) -> Unknown | None:
        """`- model: crnn`, `- base`, `- optional data@a.b: x`."""
        if isinstance(entry, str):
            return self._file(str(entry).removesuffix(".yaml"), group, package, level + 1)
        if not isinstance(entry, DictValue) or not entry:
            return Unknown("a list of defaults that is not understood")
        key, option = next(iter(entry.items()))
        words = str(key).split()
        name, _, where = words[-1].partition("@")
        absolute = name.startswith("/")
        below = name.lstrip("/") if absolute or not group else f"{group}/{name}"
        if below.startswith("hydra"):
            return None
        option = self._option(below, words[-1].lstrip("/"), option)
        if option is None:
            return None
        inside = where or _dots(name.lstrip("/"))
        target = ".".join(p for p in (package, inside) if p and p != "_global_")
        if where == "_global_":
            target = ""
        elif where.startswith("_global_."):
            target = where.removeprefix("_global_.")
        chosen = option if isinstance(option, ListValue) else [option]
        for one in chosen:
            problem = self._file(str(one), below, target, level + 1)
            if problem is not None and "optional" not in words:
                return problem
        return None

    def _option(self, group: str, key: str, option: Value) -> Value:
        """What the command line says, else what the list of defaults says or another of the group:
        each is a way to run the program."""
        self.groups |= {group, key}
        said = self.said.get(key, self.said.get(group))
        if said is not None:
            return None if said == "null" else said
        if not isinstance(option, str):
            return option
        folder = os.path.join(self.folder, group) + os.sep
        names = [f[len(folder) :] for f in self.interp.settings if f.startswith(folder)]
        others = [n.removesuffix(".yaml") for n in names if n.endswith(".yaml") and os.sep not in n]
        option = str(option).removesuffix(".yaml")
        return self.interp.choose(f"{group}", [option, *(o for o in others if o != option)])


def _dots(group: str) -> str:
    return group.replace("/", ".")


def _floats(path: str, text: str) -> Any:
    return read_yaml_text(path, text, floats=True)


# --- main and compose ---------------------------------------------------------------------------


def _main(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    given = dict(zip(("config_path", "config_name"), args, strict=False)) | kwargs

    def decorate(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        function = args[0]

        def start(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
            if args:
                return interp.call(function, args, kwargs)
            base = function.module.path if isinstance(function, Function) else ""
            return interp.call(function, [_composed(interp, given, base)], {})

        return Builtin("hydra.main", start)

    return Builtin("hydra.main", decorate)


def _composed(interp: "Interpreter", given: dict[str, Value], base: str) -> Value:
    folder, name = given.get("config_path"), given.get("config_name")
    words = [str(w) for w in interp.command_line()[1:] if isinstance(w, str)]
    for index, word in enumerate(words):
        if word in ("--config-name", "-cn") and index + 1 < len(words):
            name = words[index + 1]
        if word.startswith("--config-name="):
            name = word.partition("=")[2]
    if name is None:
        return made_of(interp, interp.make_dict())
    if not isinstance(name, str) or not isinstance(folder, str | None):
        return Unknown("the folder of the settings")
    full = os.path.normpath(os.path.join(os.path.dirname(base), str(folder or ".")))
    return _Composition(interp, full, words).compose(str(name))


def _initialize(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    folder = path_of([*args, kwargs.get("config_path"), kwargs.get("config_dir"), ""][0] or "")
    if interp.program is not None and isinstance(folder, str) and interp.site is not None:
        base = os.path.dirname(interp.site.place.path)
        interp.program.settings_folder = os.path.normpath(os.path.join(base, folder))
    return Unknown("hydra")


def _compose(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    name = [*args, kwargs.get("config_name")][0]
    folder = interp.program.settings_folder if interp.program is not None else ""
    if not isinstance(name, str) or not folder:
        return Unknown("hydra.compose")
    words = kwargs.get("overrides")
    given = [str(w) for w in words if isinstance(w, str)] if isinstance(words, ListValue) else []
    return _Composition(interp, folder, given).compose(str(name))


# --- instantiate --------------------------------------------------------------------------------


def named(interp: "Interpreter", name: str) -> Value:
    """Return what a dotted name means: the longest part of it that is a module, then attributes."""
    near = interp.program.path if interp.program is not None else ""
    parts = name.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        module = interp.imports.nearby.name(near, ".".join(parts[:cut]))
        if interp.imports.find(module, quiet=True) is None:
            continue
        interp.imports.expand(module)
        try:
            value = interp.imports.resolve(LazyImport(module, parts[cut]))
            for part in parts[cut + 1 :]:
                value = interp.getattr(value, part)
        except PyRaise:
            continue
        return value
    return Unknown(f"{name} is not found")


def _instantiate(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    given = args[0] if args else kwargs.pop("config", None)
    config = plain_dict(interp, given)
    if config is None:
        return None
    return _built(interp, config, list(args[1:]), dict(kwargs))


def _built(interp: "Interpreter", value: Value, args: Args, kwargs: Kwargs) -> Value:
    if isinstance(value, ListValue):
        return interp.make_list([_built(interp, v, [], {}) for v in value])
    if not isinstance(value, DictValue):
        return value
    recursive = kwargs.pop("_recursive_", value.get("_recursive_", True)) is not False
    items = {
        k: _built(interp, v, [], {}) if recursive else v
        for k, v in value.items()
        if not (isinstance(k, str) and k.startswith("_") and k.endswith("_"))
    }
    if "_target_" not in value:
        made = interp.make_dict(items)
        made.unknown = value.unknown
        return made_of(interp, raw) if (raw := raw_of(interp, made)) is not None else made
    target = value["_target_"]
    if not isinstance(target, str):
        return Unknown("a target that is not known")
    callee = named(interp, str(target))
    given = value.get("_args_")
    args = [*(_built(interp, given, [], {}) if isinstance(given, ListValue) else []), *args]
    items.update({k: _built(interp, v, [], {}) for k, v in kwargs.items()})
    partial = items.pop("_partial_", value.get("_partial_"))
    if partial is True:
        return Partial(callee, args, {str(k): v for k, v in items.items()})
    return interp.call(callee, args, {str(k): v for k, v in items.items()})


def _object(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    path = [*args, *kwargs.values()][0]
    return named(interp, str(path)) if isinstance(path, str) else Unknown("a name")


def _first(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return args[0]


_FUNCTIONS: "dict[str, core.Maker]" = {
    "hydra.main": _main,
    "hydra.initialize": _initialize,
    "hydra.initialize_config_dir": _initialize,
    "hydra.compose": _compose,
    "hydra.utils.instantiate": _instantiate,
    "hydra.utils.call": _instantiate,
    **dict.fromkeys((f"hydra.utils.get_{n}" for n in ("class", "method", "object")), _object),
    "hydra.utils.to_absolute_path": _first,
    "hydra.utils.get_original_cwd": lambda i, a, k: ".",
}
TABLE: dict[str, Value] = {name: Builtin(name, call) for name, call in _FUNCTIONS.items()}
