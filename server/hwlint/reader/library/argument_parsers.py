"""argparse: what `parse_args()` gives where nothing stands on the command line."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hwlint.reader import builtin_classes as core
from hwlint.reader import operators
from hwlint.reader.values import (
    Args,
    Builtin,
    Class,
    DictValue,
    External,
    Instance,
    Kwargs,
    ListValue,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["NAMESPACE", "TABLE", "Option", "split", "value_of"]

PARSER = core.make("ArgumentParser", module="argparse", partial=True)
NAMESPACE = core.make("Namespace", module="argparse")
SUBPARSERS = core.make("_SubParsersAction", module="argparse", partial=True)
_NOT_GIVEN = External("argparse.SUPPRESS")


@dataclass(frozen=True)
class Option:
    """One argument as it was declared."""

    flags: tuple[str, ...]
    """None for a positional one."""
    dest: str
    action: str
    given: "dict[str, Value]"
    """The keywords of `add_argument`."""
    off: tuple[str, ...] = ()
    """Flags that say no, as `--no-bias`."""

    @property
    def required(self) -> bool:
        """Whether the program does not run without it."""
        if self.flags:
            return self.given.get("required") is True
        return self.given.get("nargs") not in ("?", "*")


# --- declaring ----------------------------------------------------------------------------------


def _init_parser(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    parser = args[0]
    parser.attrs.update(
        options=interp.make_list([]), defaults=interp.make_dict(), subparsers=interp.make_list([])
    )
    for parent in interp.iterate(kwargs["parents"]) if "parents" in kwargs else []:
        parser.attrs["options"].extend(parent.attrs["options"])
        parser.attrs["defaults"].update(parent.attrs["defaults"])
    return None


def _add_argument(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    parser, *names = args
    options: ListValue = parser.attrs["options"]
    interp.touch(options)
    if any(not isinstance(n, str) for n in names) or "**" in kwargs:
        options.unknown = operators.why(kwargs.get("**", names[0] if names else None))
        return None
    flags = tuple([str(n) for n in names if n.startswith("-")])
    dest = kwargs.get("dest") or _dest(flags, names)
    action = kwargs.get("action", "store")
    word = action.name.rpartition(".")[2] if isinstance(action, External) else action
    if not isinstance(dest, str):
        return None
    off: tuple[str, ...] = ()
    if word == "BooleanOptionalAction":
        off = tuple([f"--no-{flag[2:]}" for flag in flags if flag.startswith("--")])
    made = Option(flags, str(dest), word if isinstance(word, str) else "?", dict(kwargs), off)
    options.append(made)
    return Unknown("an action of argparse")


def _dest(flags: tuple[str, ...], names: list[Value]) -> Value:
    long = [f for f in flags if f.startswith("--")]
    first = (long or flags or names or [""])[0]
    return first.lstrip("-").replace("-", "_") if flags else first


def _set_defaults(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    interp.touch(args[0].attrs["defaults"])
    args[0].attrs["defaults"].update(kwargs)
    return None


def _get_default(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    parser, dest = args[0], args[1] if len(args) > 1 else kwargs.get("dest")
    if dest in parser.attrs["defaults"]:
        return parser.attrs["defaults"][dest]
    found = next((o for o in parser.attrs["options"] if o.dest == dest), None)
    if found is not None and found.action in ("store_true", "store_false"):
        return found.given.get("default", found.action == "store_false")
    return found.given.get("default") if found is not None else None


def _same_parser(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return args[0]


def _add_subparsers(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    made = Instance(SUBPARSERS, interp.clock)
    made.attrs = {"dest": kwargs.get("dest"), "parsers": interp.make_dict()}
    interp.touch(args[0].attrs["subparsers"])
    args[0].attrs["subparsers"].append(made)
    return made


def _add_parser(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    made = Instance(PARSER, interp.clock)
    _init_parser(interp, [made], {k: v for k, v in kwargs.items() if k == "parents"})
    if isinstance(args[1], str):
        interp.touch(args[0].attrs["parsers"])
        args[0].attrs["parsers"][str(args[1])] = made
    return made


# --- parsing ------------------------------------------------------------------------------------


def _parse_args(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    parser = args[0]
    given = args[1] if len(args) > 1 else kwargs.get("args")
    space = args[2] if len(args) > 2 else kwargs.get("namespace")
    if not isinstance(space, Instance):
        space = Instance(NAMESPACE, interp.clock)
    interp.touch(space)
    words = _words(interp, given)
    _fill(interp, parser, words, space)
    return space


def _words(interp: "Interpreter", given: Value) -> "list[str] | Unknown":
    """The command line: what the program gives itself, else what it is run with."""
    try:
        items = interp.iterate(given) if given is not None else interp.command_line()[1:]
    except operators.UnknownIteration as stop:
        return stop.unknown
    unknown = next((i for i in items if not isinstance(i, str)), None)
    return [str(i) for i in items] if unknown is None else operators.why(unknown)


def _fill(
    interp: "Interpreter", parser: Instance, words: "list[str] | Unknown", space: Instance
) -> None:
    options: ListValue = parser.attrs["options"]
    if options.unknown is not None:
        space.attrs["**"] = options.unknown
    found = words if isinstance(words, Unknown) else split(options, words)
    for option in options:
        if option.action in ("help", "version"):
            continue
        space.attrs[option.dest] = value_of(interp, option, found, parser.attrs["defaults"])
    for name, value in parser.attrs["defaults"].items():
        space.attrs.setdefault(name, value)
    for holder in parser.attrs["subparsers"]:
        _fill_subparser(interp, holder, words, space)


def _fill_subparser(
    interp: "Interpreter", holder: Instance, words: "list[str] | Unknown", space: Instance
) -> None:
    parsers: DictValue = holder.attrs["parsers"]
    if not parsers or isinstance(words, Unknown):
        return
    names = list(parsers)
    at = next((i for i, word in enumerate(words) if word in parsers), None)
    name = words[at] if at is not None else interp.choose("command", names)
    if isinstance(holder.attrs["dest"], str):
        space.attrs[holder.attrs["dest"]] = name
    _fill(interp, parsers[name], words[at + 1 :] if at is not None else [], space)


def split(options: list[Value], words: list[str]) -> dict[str, list[str]]:
    """Words of a command line by the option that takes them."""
    declared: list[Option] = list(options)
    by_flag = {flag: option for option in declared for flag in (*option.flags, *option.off)}
    places = [option for option in declared if not option.flags]
    found: dict[str, list[str]] = {}
    current: Option | None = None
    for word in words:
        flag, equals, value = _flag_of(word, by_flag)
        if flag in by_flag:
            current = by_flag[flag]
            said = [value] if equals else []
            found[current.dest] = [_OFF] if flag in current.off else said
        elif current is not None and _takes_more(current, found[current.dest]):
            found[current.dest].append(word)
        elif places:
            current = places.pop(0)
            found[current.dest] = [word]
    return found


def _flag_of(word: str, known: dict[str, Option]) -> tuple[str, str, str]:
    """Return the flag of a word and the value behind it: `--width=8`, a beginning of it that means
    no other one (`--wid=8`), `-w8`."""
    flag, equals, value = word.partition("=")
    if flag in known or not flag.startswith("-"):
        return flag, equals, value
    if flag.startswith("--"):
        meant = [name for name in known if name.startswith(flag)]
        one = len({known[name].dest for name in meant}) == 1
        return (meant[0] if one else flag), equals, value
    short = known.get(word[:2])
    attached = short is not None and short.action == "store"
    return (word[:2], "=", word[2:]) if attached else (flag, equals, value)


def _takes_more(option: Option, taken: list[str]) -> bool:
    nargs = option.given.get("nargs")
    if option.action not in ("store", "append"):
        return False
    return nargs in ("*", "+") or len(taken) < (nargs if isinstance(nargs, int) else 1)


def value_of(
    interp: "Interpreter",
    option: Option,
    found: "dict[str, list[str]] | Unknown",
    defaults: "dict[Value, Value]",
) -> Value:
    """Return what a program gets for an option. `found`: words of the command line by option."""
    if isinstance(found, Unknown):
        return found
    if option.dest in found:
        return _given(interp, option, found[option.dest])
    if option.dest in defaults:
        return defaults[option.dest]
    if option.required:
        return _required(interp, option)
    return _default(interp, option)


def _given(interp: "Interpreter", option: Option, words: list[str]) -> Value:
    if words == [_OFF]:
        return False
    if option.action in _CONSTANTS and words and words[0].lower() in ("false", "no", "0"):
        return False  # fire and its like take a value
    if option.action in _CONSTANTS:
        return _CONSTANTS[option.action]
    if option.action == "store_const":
        return option.given.get("const")
    values = [_typed(interp, option, word) for word in words]
    if option.given.get("nargs") in (None, "?") and option.action == "store":
        return values[0] if values else option.given.get("const")
    return interp.make_list(values)


_OFF = "\0"
"""Stands for a flag that says no; no word of a command line has it."""
_CONSTANTS = {"store_true": True, "store_false": False, "BooleanOptionalAction": True}


def _required(interp: "Interpreter", option: Option) -> Value:
    """One of the values that it may have; without a list of them nobody knows."""
    choices = _choices(interp, option)
    if not choices:
        return interp.asked_for(option.dest)
    return _one_of(interp, option, choices)


def _default(interp: "Interpreter", option: Option) -> Value:
    default = option.given.get("default")
    if option.action in ("store_true", "store_false") and "default" not in option.given:
        return option.action == "store_false"
    if isinstance(default, str) and interp.program is not None:
        interp.program.options.add(str(default))
    value = _typed(interp, option, default) if isinstance(default, str) else default
    choices = _choices(interp, option)
    if value is None or not choices:
        return value
    others = [c for c in choices if c != value]
    return _one_of(interp, option, [value, *others])


def _one_of(interp: "Interpreter", option: Option, values: list[Value]) -> Value:
    labels = [str(v.attrs.get("value")) if isinstance(v, Instance) else str(v) for v in values]
    chosen = interp.choose(f"option {option.dest}", labels)
    return values[labels.index(str(chosen))]


def _choices(interp: "Interpreter", option: Option) -> list[Value]:
    given = option.given.get("choices")
    if given is None or option.given.get("nargs") is not None:
        return []
    try:
        return [c for c in interp.iterate(given) if isinstance(c, str | int | float | Instance)]
    except operators.UnknownIteration:
        return []


def _typed(interp: "Interpreter", option: Option, word: Value) -> Value:
    convert = option.given.get("type")
    return interp.call(convert, [word], {}) if convert is not None else word


# --- namespaces ---------------------------------------------------------------------------------


def _init_namespace(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    args[0].attrs.update(kwargs)
    return None


def _missing(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    space, name = args
    if "**" in space.attrs:
        return space.attrs["**"]
    raise interp.no_attribute(space, str(name))


def _contains(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return args[1] in args[0].attrs


def _methods(cls: Class, methods: dict[str, core.Maker]) -> None:
    cls.attrs.update({name: Builtin(name, call) for name, call in methods.items()})


_methods(
    PARSER,
    {
        "__init__": _init_parser,
        "add_argument": _add_argument,
        "add_argument_group": _same_parser,
        "add_mutually_exclusive_group": _same_parser,
        "set_defaults": _set_defaults,
        "get_default": _get_default,
        "add_subparsers": _add_subparsers,
        "parse_args": _parse_args,
        "parse_known_args": lambda i, a, k: (_parse_args(i, a, k), i.make_list([])),
        "parse_intermixed_args": _parse_args,
        "print_help": lambda i, a, k: None,
        "print_usage": lambda i, a, k: None,
        "error": lambda i, a, k: i.leave(a, k),
        "exit": lambda i, a, k: i.leave(a, k),
    },
)
_methods(SUBPARSERS, {"add_parser": _add_parser})
_methods(
    NAMESPACE, {"__init__": _init_namespace, "__getattr__": _missing, "__contains__": _contains}
)

TABLE: dict[str, Value] = {
    "argparse.ArgumentParser": PARSER,
    "argparse.Namespace": NAMESPACE,
    "argparse.SUPPRESS": _NOT_GIVEN,
}
