"""click, typer and fire: functions that a command line calls; where it is empty, their defaults."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

import ast
from typing import TYPE_CHECKING

from hwlint.reader import builtin_classes as core
from hwlint.reader.library.argument_parsers import Option, split, value_of
from hwlint.reader.library.enums import ENUM
from hwlint.reader.signatures import seen_from
from hwlint.reader.values import (
    Args,
    BoundMethod,
    Builtin,
    Class,
    DictValue,
    Function,
    Instance,
    Kwargs,
    ListValue,
    Partial,
    Unknown,
    Value,
)
from hwlint.source import SyntaxProblem

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE"]

COMMAND = core.make("Command", module="click.core", partial=True)
CHOICE = core.make("Choice", module="click.types", partial=True)
APP = core.make("Typer", module="typer.main", partial=True)
DECLARED = core.make("OptionInfo", module="typer.models", partial=True)
_PARAMS = "__click_params__"
_CONTEXT = "__click_context__"

# --- commands -----------------------------------------------------------------------------------


def _command(interp: "Interpreter", function: Value, params: list[Value]) -> Instance:
    made = Instance(COMMAND, interp.clock)
    made.attrs = {
        "callback": function,
        "options": interp.make_list(params),
        "commands": interp.make_dict(),
    }
    return made


def _start(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    """Call a command as the command line does."""
    command = args[0]
    given = kwargs.get("args", args[1] if len(args) > 1 else None)
    words = interp.command_line()[1:] if given is None else interp.iterate(given)
    return _run(interp, command, [str(w) for w in words if isinstance(w, str)])


def _run(interp: "Interpreter", command: Instance, words: list[str]) -> Value:
    commands: DictValue = command.attrs["commands"]
    own, name, rest = words, None, list[str]()
    if commands:
        at = next((i for i, word in enumerate(words) if word in commands), None)
        name = words[at] if at is not None else interp.choose("command", list(commands))
        own, rest = (words[:at], words[at + 1 :]) if at is not None else ([], [])
    options: ListValue = command.attrs["options"]
    found = split(options, own)
    values = {option.dest: value_of(interp, option, found, {}) for option in options}
    callback = command.attrs["callback"]
    context = isinstance(callback, Function) and _CONTEXT in callback.attrs
    first: Args = [Unknown("the context of click")] if context else []
    result = interp.call(callback, first, values)
    return _run(interp, commands[name], rest) if name is not None else result


def _name_of(function: Value) -> str:
    while isinstance(function, Partial | BoundMethod):
        function = function.func
    return function.name if isinstance(function, Function) else "main"


# --- click --------------------------------------------------------------------------------------


def _click_command(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    def decorate(interp: "Interpreter", given: Args, kwargs: Kwargs) -> Value:
        params = given[0].attrs.get(_PARAMS, ()) if isinstance(given[0], Function) else ()
        return _command(interp, given[0], list(params))

    if args and isinstance(args[0], Function):
        return decorate(interp, args, {})
    return Builtin("click.command", decorate)


def _subcommand(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    group, *rest = args
    named = next((a for a in [*rest, kwargs.get("name")] if isinstance(a, str)), None)

    def decorate(interp: "Interpreter", given: Args, kwargs: Kwargs) -> Value:
        function = given[0]
        params = function.attrs.get(_PARAMS, ()) if isinstance(function, Function) else ()
        made = _command(interp, function, list(params))
        _register(interp, group, str(named or _name_of(function).replace("_", "-")), made)
        return made

    if rest and isinstance(rest[0], Function):
        return decorate(interp, rest, {})
    return Builtin("click.command", decorate)


def _register(interp: "Interpreter", group: Instance, name: str, made: Instance) -> None:
    interp.touch(group.attrs["commands"])
    group.attrs["commands"][name] = made


def _add_command(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    group, made, *rest = args
    name = [*rest, kwargs.get("name"), None][0]
    if isinstance(made, Instance) and made.cls is COMMAND:
        text = name if isinstance(name, str) else _name_of(made.attrs["callback"])
        _register(interp, group, str(text).replace("_", "-"), made)
    return None


def _click_option(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    option = _declared([str(a) for a in args if isinstance(a, str)], kwargs)

    def decorate(interp: "Interpreter", given: Args, kwargs: Kwargs) -> Value:
        function = given[0]
        if isinstance(function, Function):
            held = function.attrs.setdefault(_PARAMS, interp.make_list([]))
            held.insert(0, option)
        return function

    return Builtin("click.option", decorate)


def _declared(names: list[str], kwargs: Kwargs) -> Option:
    """Read `click.option("--depth", "depth", ...)` as argparse would have it."""
    flags, off = _flags(names)
    bare = [name for name in names if not name.startswith("-")]
    firsts = [name.partition("/")[0] for name in names if name.startswith("-")]
    longest = max(firsts or [""], key=lambda f: (f.startswith("--"), len(f)))
    dest = bare[0] if bare else longest.lstrip("-").replace("-", "_")
    given = dict(kwargs)
    kind, default = given.pop("type", None), given.get("default")
    if isinstance(kind, Instance) and kind.cls is CHOICE:
        given["choices"] = kind.attrs["choices"]
        kind = None
    if kind is None and isinstance(default, int | float) and "choices" not in given:
        kind = core.BUILTINS["float" if isinstance(default, float) else "int"]
    if isinstance(kind, Class):
        given["type"] = kind
    if not flags and "default" in given:
        given["nargs"] = "?"
    flag = given.get("is_flag") is True or isinstance(default, bool) or "/" in "".join(names)
    if flag:
        given.pop("type", None)
        given.setdefault("default", False)
    return Option(flags, dest.lower(), "store_true" if flag else "store", given, off)


def _choice(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    made = Instance(CHOICE, interp.clock)
    made.attrs["choices"] = [*args, kwargs.get("choices")][0]
    return made


def _with_context(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    if isinstance(args[0], Function):
        args[0].attrs[_CONTEXT] = True
    return args[0]


core.MAKERS[CHOICE] = _choice
COMMAND.attrs.update(
    {
        "__call__": Builtin("click.command", _start),
        "main": Builtin("main", _start),
        "command": Builtin("command", _subcommand),
        "group": Builtin("group", _subcommand),
        "add_command": Builtin("add_command", _add_command),
    }
)

# --- typer and fire: options from the signature -------------------------------------------------


def _options_of(interp: "Interpreter", function: Value) -> list[Value]:
    while isinstance(function, Partial | BoundMethod):
        function = function.func
    if isinstance(function, Class):
        function = function.find("__init__")
    if not isinstance(function, Function):
        return []
    try:
        interp.prepare_function(function) if not function.ready else None
    except SyntaxProblem:
        return []
    code = function.code
    code.asked = True
    skip = 1 if function.owner is not None and code.params[:1] == ["self"] else 0
    first = len(code.params) - len(function.defaults)
    found = [
        _from_signature(interp, function, name, function.defaults[i - first] if i >= first else ...)
        for i, name in enumerate(code.params)
        if i >= skip
    ]
    return found + [
        _from_signature(interp, function, name, function.kwdefaults.get(name, ...))
        for name in code.kwonly
    ]


def _from_signature(interp: "Interpreter", function: Function, name: str, default: Value) -> Option:
    kind, declared = _annotated(interp, function, name)
    positional, names = False, list[str]()
    if isinstance(default, Instance) and default.cls is DECLARED:
        declared, default = default, default.attrs["default"]
    elif declared is not None and isinstance(declared.attrs["default"], str):
        names.append(str(declared.attrs["default"]))  # in `Annotated` there is no default
    if declared is not None:
        names += declared.attrs["flags"]
        positional = declared.attrs["positional"]
    given: dict[str, Value] = {} if default is ... else {"default": default}
    given.update(_typing(kind, default))
    if positional and default is ...:
        return Option((), name, "store", given)
    given["required"] = default is ...
    flags, off = _flags(names)
    dashed = name.replace("_", "-")
    if kind is core.BUILTINS["bool"] or isinstance(default, bool):
        off = off or (f"--no-{dashed}", f"--no{name}")
        return Option((*flags, f"--{name}", f"--{dashed}"), name, "store_true", given, off)
    return Option((*flags, f"--{name}", f"--{dashed}"), name, "store", given)


def _annotated(
    interp: "Interpreter", function: Function, name: str
) -> tuple[Value, Instance | None]:
    """Return the type that a parameter is annotated with, without what may be None, and the option
    that stands beside it in `Annotated`."""
    node = function.code.annotations.get(name)
    declared = None
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        node = _parsed(node.value)
    if isinstance(node, ast.Subscript) and _last_name(node.value) == "Annotated":
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        node = parts[0]
        for part in parts[1:]:
            value = seen_from(interp, function.module, part) if _is_declaration(part) else None
            if isinstance(value, Instance) and value.cls is DECLARED:
                declared = value
    if isinstance(node, ast.Subscript) and _last_name(node.value) == "Optional":
        node = node.slice
    if isinstance(node, ast.BinOp) and isinstance(node.right, ast.Constant):
        node = node.left
    if isinstance(node, ast.Subscript) and _last_name(node.value) == "Literal":
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return [p.value for p in parts if isinstance(p, ast.Constant)], declared
    if not isinstance(node, ast.Name | ast.Attribute):
        return None, declared
    return seen_from(interp, function.module, node), declared


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return None


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _is_declaration(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _last_name(node.func) in ("Option", "Argument")


def _typing(kind: Value, default: Value) -> dict[str, Value]:
    """Return what the type of an option makes of it: what converts words, and the choices."""
    if isinstance(kind, list):
        return {"choices": kind}
    if isinstance(kind, Class) and kind.derives(ENUM):
        return {"type": kind, "choices": list(kind.find("__members__", {}).values())}
    if isinstance(kind, Class) and kind.name in ("int", "float", "str", "Path"):
        return {"type": kind}
    if isinstance(default, bool) or not isinstance(default, int | float):
        return {}
    return {"type": core.BUILTINS["float" if isinstance(default, float) else "int"]}


def _flags(names: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the flags that say yes and those that say no: "--deep/--shallow"."""
    pairs = [name.partition("/") for name in names if name.startswith("-")]
    return (
        tuple([yes.strip() for yes, _, _ in pairs if yes.strip()]),
        tuple([no.strip() for _, _, no in pairs if no.strip()]),
    )


def _declare(positional: bool) -> core.Maker:
    def declare(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        made = Instance(DECLARED, interp.clock)
        default = [*args[:1], kwargs.get("default", ...)][0]
        flags = [str(a) for a in args[1:] if isinstance(a, str)]
        made.attrs = {"default": default, "flags": flags, "positional": positional}
        return made

    return declare


def _run_function(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    """typer.run(f) and fire.Fire(f)."""
    target = [*args, kwargs.get("component")][0]
    if isinstance(target, DictValue):
        holder = _command(interp, Builtin("fire", lambda i, a, k: None), [])
        for name, function in target.items():
            holder.attrs["commands"][name] = _of_function(interp, function)
        return _start(interp, [holder], {})
    if isinstance(target, Function | BoundMethod | Class | Partial):
        return _start(interp, [_of_function(interp, target)], {})
    return Unknown("what a command line calls")


def _of_function(interp: "Interpreter", function: Value) -> Instance:
    return _command(interp, function, _options_of(interp, function))


def _new_app(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    args[0].attrs["commands"] = interp.make_dict()
    return None


def _app_command(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    app, *rest = args
    named = next((a for a in [*rest, kwargs.get("name")] if isinstance(a, str)), None)

    def decorate(interp: "Interpreter", given: Args, kwargs: Kwargs) -> Value:
        made = _of_function(interp, given[0])
        _register(interp, app, str(named or _name_of(given[0]).replace("_", "-")), made)
        return given[0]

    return Builtin("typer.command", decorate)


def _app_start(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    commands: DictValue = args[0].attrs["commands"]
    if len(commands) == 1:
        return _start(interp, [next(iter(commands.values()))], {})
    holder = _command(interp, Builtin("typer", lambda i, a, k: None), [])
    holder.attrs["commands"] = commands
    return _start(interp, [holder], {}) if commands else None


APP.attrs.update(
    {
        "__init__": Builtin("__init__", _new_app),
        "command": Builtin("command", _app_command),
        "callback": Builtin("callback", lambda i, a, k: Builtin("callback", lambda i, a, k: a[0])),
        "__call__": Builtin("typer", _app_start),
    }
)


def _nothing(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return None


def _decorator(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return Builtin("decorator", lambda i, a, k: a[0])


_FUNCTIONS: dict[str, core.Maker] = {
    "click.command": _click_command,
    "click.group": _click_command,
    "click.option": _click_option,
    "click.argument": _click_option,
    "click.pass_context": _with_context,
    "click.pass_obj": _with_context,
    "click.version_option": _decorator,
    "click.help_option": _decorator,
    "click.echo": _nothing,
    "click.secho": _nothing,
    "typer.run": _run_function,
    "typer.Option": _declare(positional=False),
    "typer.Argument": _declare(positional=True),
    "typer.echo": _nothing,
    "fire.Fire": _run_function,
}
TABLE: dict[str, Value] = {name: Builtin(name, call) for name, call in _FUNCTIONS.items()}
TABLE["click.Choice"] = CHOICE
TABLE["click.Command"] = COMMAND
TABLE["typer.Typer"] = APP
