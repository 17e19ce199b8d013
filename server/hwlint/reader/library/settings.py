"""Settings as objects: OmegaConf's DictConfig, EasyDict and its like, yacs' CfgNode.

They are dicts whose items are attributes too. OmegaConf fills in `${a.b}` when an item is read;
here that is done as soon as a configuration is made, and done anew when two are merged.
"""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

import re
from typing import TYPE_CHECKING, Any

from hwlint.reader import builtin_classes as core
from hwlint.reader.library.copying import deep_copy
from hwlint.reader.library.files import literal_file, to_value
from hwlint.reader.limits import descent
from hwlint.reader.values import (
    Args,
    Builtin,
    Class,
    DictValue,
    Instance,
    Kwargs,
    ListValue,
    StaticMethod,
    Unknown,
    Value,
)
from hwlint.source.literals import LiteralProblem, read_yaml_text

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = [
    "ATTRIBUTES",
    "CONFIG",
    "TABLE",
    "as_config",
    "dotted",
    "load",
    "merge",
    "override",
    "plain_dict",
]

_DICT = core.BUILTINS["dict"]
CONFIG = core.make("DictConfig", _DICT, module="omegaconf")
ATTRIBUTES = core.make("EasyDict", _DICT, module="easydict")
_NODE = core.make("CfgNode", _DICT, module="yacs.config")
_REFERENCE = re.compile(r"\$\{([^${}]*)\}")
_MAX_ROUNDS = 10

# --- dicts with attributes ----------------------------------------------------------------------


def as_config(interp: "Interpreter", value: Value, cls: Class = CONFIG) -> Value:
    """Return a dict as settings, all the way down; anything else as it is."""
    if isinstance(value, Instance) and isinstance(value.payload, DictValue):
        value = value.payload
    if isinstance(value, ListValue):
        with descent(interp):
            made_list = interp.make_list([as_config(interp, v, cls) for v in value])
        made_list.unknown = value.unknown
        return made_list
    if not isinstance(value, DictValue):
        return value
    made = Instance(cls, interp.clock)
    made.payload = interp.make_dict()
    made.payload.unknown = value.unknown
    with descent(interp):
        made.payload.update({k: as_config(interp, v, cls) for k, v in value.items()})
    return made


def plain_dict(interp: "Interpreter", value: Value) -> Value:
    """Return settings as plain dicts and lists."""
    if isinstance(value, Instance) and isinstance(value.payload, DictValue):
        value = value.payload
    if isinstance(value, DictValue):
        made = interp.make_dict()
        made.unknown = value.unknown
        with descent(interp):
            made.update({k: plain_dict(interp, v) for k, v in value.items()})
        return made
    if isinstance(value, ListValue):
        with descent(interp):
            items = interp.make_list([plain_dict(interp, v) for v in value])
        items.unknown = value.unknown
        return items
    return value


def _get(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    holder, name = args
    payload: DictValue = holder.payload
    if name in payload:
        return payload[name]
    if payload.unknown is not None:
        return payload.unknown
    raise interp.no_attribute(holder, str(name))


def _set(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    holder, name, value = args
    interp.touch(holder.payload)
    holder.payload[name] = as_config(interp, value, holder.cls)
    return None


def _init(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    made = args[0]
    interp.touch(made.payload)
    for given in [*args[1:2], interp.make_dict(kwargs)]:
        if isinstance(given, Unknown):
            made.payload.unknown = given
        config = as_config(interp, given, made.cls)
        if isinstance(config, Instance) and isinstance(config.payload, DictValue):
            made.payload.update(config.payload)
    return None


for _cls in (CONFIG, ATTRIBUTES, _NODE):
    _cls.attrs.update(
        {
            "__init__": Builtin("__init__", _init),
            "__getattr__": Builtin("__getattr__", _get),
            "__setattr__": Builtin("__setattr__", _set),
        }
    )

# --- merging and references ---------------------------------------------------------------------


def merge(interp: "Interpreter", base: DictValue, other: DictValue) -> None:
    """Put the items of `other` over those of `base`, dict by dict. Both are plain."""
    interp.touch(base)
    base.unknown = base.unknown or other.unknown
    for key, value in other.items():
        held = base.get(key)
        if isinstance(held, DictValue) and isinstance(value, DictValue):
            with descent(interp):
                merge(interp, held, value)
        else:
            base[key] = deep_copy(interp, value, {})


def override(interp: "Interpreter", base: DictValue, path: str, value: Value) -> None:
    """Set `a.b.c` in nested plain dicts."""
    *parents, last = path.split(".")
    for name in parents:
        below = base.get(name)
        if not isinstance(below, DictValue):
            below = base[name] = interp.make_dict()
        base = below
    interp.touch(base)
    base[last] = value


def dotted(interp: "Interpreter", words: list[str]) -> DictValue:
    """Return what "a.b=3 c=x" says."""
    made = interp.make_dict()
    for word in words:
        name, equals, text = word.lstrip("+~").partition("=")
        if equals:
            override(interp, made, name, scalar(interp, text))
    return made


def scalar(interp: "Interpreter", text: str) -> Value:
    """Return the value that YAML sees in a text."""
    try:
        return to_value(interp, read_yaml_text("", text, floats=True))
    except LiteralProblem:
        return text


def resolved(interp: "Interpreter", raw: DictValue) -> Value:
    """Return plain settings with every `${a.b}` in them filled in."""
    made: Any = deep_copy(interp, raw, {})
    for _ in range(_MAX_ROUNDS):
        if not _fill(interp, made, made, ()):
            break
    return made


def _fill(
    interp: "Interpreter", holder: "DictValue | ListValue", root: DictValue, path: tuple[Any, ...]
) -> bool:
    changed = False
    items = holder.items() if isinstance(holder, DictValue) else enumerate(holder)
    for key, value in list(items):
        if isinstance(value, DictValue | ListValue):
            with descent(interp):
                changed |= _fill(interp, value, root, (*path, key))
        elif isinstance(value, str) and value == "???":
            holder[key] = Unknown(f"{key} has to be given")
        elif isinstance(value, str) and "${" in value:
            found = _referred(interp, root, path, str(value))
            changed |= found is not value
            holder[key] = found
    return changed


def _referred(interp: "Interpreter", root: DictValue, path: tuple[Any, ...], text: str) -> Value:
    whole = _REFERENCE.fullmatch(text)
    if whole is not None:
        return deep_copy(interp, _look_up(root, path, whole[1]), {})
    match = _REFERENCE.search(text)
    if match is None:
        return Unknown(f"{text} is not understood")
    found = _look_up(root, path, match[1])
    if isinstance(found, Unknown):
        return found
    return text[: match.start()] + str(found) + text[match.end() :]


def _look_up(root: DictValue, path: tuple[Any, ...], name: str) -> Value:
    if ":" in name:
        return Unknown(f"${{{name}}} asks a resolver")
    start: tuple[Any, ...] = ()
    if name.startswith("."):
        dots = len(name) - len(name.lstrip("."))
        start = path[: max(0, len(path) - dots + 1)]
    value: Value = root
    for part in (*start, *name.strip(".").split(".")):
        if isinstance(value, DictValue) and part in value:
            value = value[part]
        elif isinstance(value, ListValue) and str(part).isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return Unknown(f"${{{name}}} refers to nothing")
    return value


def made_of(interp: "Interpreter", raw: DictValue) -> Instance:
    """Return settings whose references are filled in, and which know what they were made of."""
    made = as_config(interp, resolved(interp, raw))
    made.attrs["_raw"] = raw
    made.attrs["_at_first"] = plain_dict(interp, made)
    return made


def raw_of(interp: "Interpreter", value: Value) -> DictValue | None:
    """Return plain settings with the references that they were written with, where the program has
    not changed them since."""
    now = plain_dict(interp, _of_class(interp, value))
    if not isinstance(now, DictValue):
        return None
    if isinstance(value, Instance) and "_raw" in value.attrs:
        return _unchanged(interp, now, value.attrs["_at_first"], value.attrs["_raw"])
    return now


def _unchanged(interp: "Interpreter", now: Value, before: Value, raw: Value) -> Any:
    if isinstance(now, DictValue) and isinstance(before, DictValue) and isinstance(raw, DictValue):
        made = interp.make_dict()
        made.unknown = now.unknown
        with descent(interp):
            for key, value in now.items():
                kept = _unchanged(interp, value, before.get(key), raw.get(key))
                made[key] = kept
        return made
    refers = isinstance(raw, str) and "${" in raw
    same = now is before or (isinstance(now, str | int | float) and now == before)
    return raw if refers and same else now


def _of_class(interp: "Interpreter", value: Value) -> Value:
    """A dataclass, or an instance of one, as the settings that its fields are."""
    if isinstance(value, Class) and value.find("__dataclass_fields__") is not None:
        value = interp.call(value, [], {})
    if isinstance(value, Instance) and value.cls.find("__dataclass_fields__") is not None:
        names = value.cls.find("__dataclass_fields__")
        fields = interp.make_dict()
        for name in names if isinstance(names, dict) else ():
            if name in value.attrs:
                fields[name] = _of_class(interp, value.attrs[name])
        return fields
    return value


# --- OmegaConf ----------------------------------------------------------------------------------


def load(interp: "Interpreter", value: Value) -> Value:
    """OmegaConf.load: settings from a YAML file."""
    read = literal_file(interp, value, _read_omega)
    return made_of(interp, read) if isinstance(read, DictValue) else as_config(interp, read)


def _read_omega(path: str, text: str) -> Any:
    return read_yaml_text(path, text, floats=True)


def _create(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    given = args[0] if args else next(iter(kwargs.values()), interp.make_dict())
    if isinstance(given, str):
        given = scalar(interp, str(given))
    raw = raw_of(interp, given)
    return made_of(interp, raw) if raw is not None else as_config(interp, given)


def _merge(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    total = interp.make_dict()
    for given in args:
        raw = raw_of(interp, given)
        if raw is None:
            total.unknown = given if isinstance(given, Unknown) else Unknown("merged settings")
        else:
            merge(interp, total, raw)
    return made_of(interp, total)


def _from_words(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    given = interp.iterate(args[0]) if args and args[0] is not None else interp.command_line()[1:]
    return made_of(interp, dotted(interp, [str(w) for w in given if isinstance(w, str)]))


def _select(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value: Value = args[0]
    for part in str(args[1]).split(".") if isinstance(args[1], str) else ():
        payload = value.payload if isinstance(value, Instance) else value
        if not isinstance(payload, DictValue) or part not in payload:
            return kwargs.get("default")
        value = payload[part]
    return value


def _update(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    holder, path, value = args[:3]
    *parents, last = str(path).split(".")
    for name in parents:
        holder = interp.getattr(holder, name)
    interp.setattr(holder, last, value)
    return None


def _nothing(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return None


_OMEGA: dict[str, core.Maker] = {
    "load": lambda i, a, k: load(i, a[0]),
    "create": _create,
    "structured": _create,
    "merge": _merge,
    "unsafe_merge": _merge,
    "from_cli": _from_words,
    "from_dotlist": _from_words,
    "to_container": lambda i, a, k: plain_dict(i, a[0]),
    "to_object": lambda i, a, k: plain_dict(i, a[0]),
    "select": _select,
    "update": _update,
    "is_config": lambda i, a, k: isinstance(a[0], Instance) and a[0].cls is CONFIG,
    "is_dict": lambda i, a, k: isinstance(a[0], Instance) and a[0].cls is CONFIG,
    "is_list": lambda i, a, k: isinstance(a[0], ListValue),
    **dict.fromkeys(
        ("set_struct", "set_readonly", "resolve", "save", "register_new_resolver"), _nothing
    ),
    "to_yaml": lambda i, a, k: Unknown("the text of settings"),
}
OMEGA = core.make("OmegaConf", module="omegaconf", partial=True)
OMEGA.attrs.update({n: StaticMethod(Builtin(n, call)) for n, call in _OMEGA.items()})

# --- yacs ---------------------------------------------------------------------------------------


def _put_over(interp: "Interpreter", holder: Instance, values: Value) -> None:
    if isinstance(values, Unknown):
        interp.touch(holder.payload)
        holder.payload.unknown = values
        holder.payload.update(dict.fromkeys(holder.payload, values))
        return
    now: Any = plain_dict(interp, holder)
    if isinstance(values, DictValue):
        merge(interp, now, values)
    interp.touch(holder.payload)
    holder.payload.update(as_config(interp, now, holder.cls).payload)


def _merge_file(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    _put_over(interp, args[0], literal_file(interp, args[1], read_yaml_text))
    return None


def _merge_list(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    items = interp.iterate(args[1]) if args[1] is not None else []
    found = interp.make_dict()
    for name, value in zip(items[::2], items[1::2], strict=False):
        if isinstance(name, str):
            given = scalar(interp, str(value)) if isinstance(value, str) else value
            override(interp, found, str(name), given)
    _put_over(interp, args[0], found)
    return None


def _merge_other(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    _put_over(interp, args[0], plain_dict(interp, args[1]))
    return None


_YACS: dict[str, core.Maker] = {
    "merge_from_file": _merge_file,
    "merge_from_list": _merge_list,
    "merge_from_other_cfg": _merge_other,
    "clone": lambda i, a, k: deep_copy(i, a[0], {}),
    **dict.fromkeys(("freeze", "defrost", "set_new_allowed"), _nothing),
}
_NODE.attrs.update({n: Builtin(n, call) for n, call in _YACS.items()})

TABLE: dict[str, Value] = {
    "omegaconf.OmegaConf": OMEGA,
    "omegaconf.DictConfig": CONFIG,
    "omegaconf.ListConfig": core.BUILTINS["list"],
    "omegaconf.MISSING": "???",
    "easydict.EasyDict": ATTRIBUTES,
    "addict.Dict": ATTRIBUTES,
    "munch.Munch": ATTRIBUTES,
    "munch.munchify": Builtin("munchify", lambda i, a, k: as_config(i, a[0], ATTRIBUTES)),
    "box.Box": ATTRIBUTES,
    "ml_collections.ConfigDict": ATTRIBUTES,
    "ml_collections.config_dict.ConfigDict": ATTRIBUTES,
    "yacs.config.CfgNode": _NODE,
}
