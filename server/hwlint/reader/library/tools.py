"""inspect, importlib, os, sys, pathlib and packaging: what model code asks them at build time."""

import os
import re
import sys
from typing import TYPE_CHECKING, Any

from hwlint.ops.names import TORCH_VERSION
from hwlint.reader import builtin_classes as core
from hwlint.reader import operators
from hwlint.reader.imports import PythonModule
from hwlint.reader.library import records
from hwlint.reader.values import (
    Args,
    BoundMethod,
    Builtin,
    Class,
    DictValue,
    External,
    Function,
    Instance,
    Kwargs,
    Partial,
    PyRaise,
    Unknown,
    Value,
)
from hwlint.source import SyntaxProblem

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE"]

EMPTY = External("inspect._empty")
SIGNATURE = core.make("Signature", module="inspect", partial=True)
PARAMETER = core.make("Parameter", module="inspect", partial=True)
VERSION = core.make("Version", module="packaging.version", partial=True)

# --- inspect ------------------------------------------------------------------------------------


def _plain_function(value: Value) -> Value:
    for _ in range(8):
        if isinstance(value, BoundMethod | Partial):
            value = value.func
        elif isinstance(value, Class):
            value = value.find("__init__")
        elif isinstance(value, Function) and "__wrapped__" in value.attrs:
            value = value.attrs["__wrapped__"]
        else:
            break
    return value


def _signature(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    func = _plain_function(args[0])
    if isinstance(func, Builtin) and func in records.GENERATED:
        return _dataclass_signature(interp, records.GENERATED[func])
    if not isinstance(func, Function):
        return _library_signature(interp, args[0])
    if not func.ready:
        try:
            interp.prepare_function(func)
        except SyntaxProblem as problem:
            return Unknown(problem.message)
    skip = 1 if isinstance(args[0], BoundMethod | Class) else 0
    return _make_signature(interp, _parameters(interp, func, skip))


def _dataclass_signature(interp: "Interpreter", fields: DictValue) -> Instance:
    made = DictValue((), interp.clock)
    made["self"] = _parameter(interp, "self", EMPTY, "POSITIONAL_OR_KEYWORD")
    for name, field in fields.items():
        default = field.attrs["default"]
        plain = EMPTY if default is records.MISSING else default
        made[name] = _parameter(interp, name, plain, "KEYWORD_ONLY")
    return _make_signature(interp, made)


def _parameters(interp: "Interpreter", func: Function, skip: int) -> DictValue:
    code = func.code
    code.asked = True
    made = DictValue((), interp.clock)
    first = len(code.params) - len(func.defaults)
    for index, name in enumerate(code.params[skip:], skip):
        default = func.defaults[index - first] if index >= first else EMPTY
        made[name] = _parameter(interp, name, default, "POSITIONAL_OR_KEYWORD")
    if code.vararg:
        made[code.vararg] = _parameter(interp, code.vararg, EMPTY, "VAR_POSITIONAL")
    for name in code.kwonly:
        made[name] = _parameter(interp, name, func.kwdefaults.get(name, EMPTY), "KEYWORD_ONLY")
    if code.kwarg:
        made[code.kwarg] = _parameter(interp, code.kwarg, EMPTY, "VAR_KEYWORD")
    return made


_KINDS = (
    "POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD", "VAR_POSITIONAL", "KEYWORD_ONLY", "VAR_KEYWORD"
)  # fmt: skip


def _parameter(interp: "Interpreter", name: str, default: Value, kind: str) -> Instance:
    made = Instance(PARAMETER, interp.clock)
    made.attrs = {
        "name": name, "default": default, "kind": External(f"inspect.Parameter.{kind}"),
        "annotation": EMPTY,
        **{kind: External(f"inspect.Parameter.{kind}") for kind in _KINDS},
    }  # fmt: skip
    return made


def _make_signature(interp: "Interpreter", parameters: DictValue) -> Instance:
    made = Instance(SIGNATURE, interp.clock)
    made.attrs = {"parameters": parameters, "return_annotation": EMPTY}
    return made


def _library_signature(interp: "Interpreter", value: Value) -> Value:
    if isinstance(value, Class) and value.spec is not None:
        made = DictValue((), interp.clock)
        for parameter in value.spec.parameters:
            made[parameter.name] = _parameter(
                interp, parameter.name, EMPTY, "POSITIONAL_OR_KEYWORD"
            )
        return _make_signature(interp, made)
    return Unknown("signature of something not known")


def _is_kind(*kinds: type) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        if isinstance(args[0], Unknown):
            return args[0]
        return isinstance(args[0], kinds)

    return run


def _source(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    """The text of a module; that of a class or a function is not kept."""
    given = [*args, *kwargs.values()]
    if given and isinstance(given[0], PythonModule):
        return given[0].source.text
    return Unknown("inspect.getsource()")


def _source_file(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value = args[0]
    if isinstance(value, Class):
        return value.place.path if value.place is not None else Unknown("a library's source file")
    func = _plain_function(value)
    if isinstance(func, Function):
        return func.module.path
    return value.path if isinstance(value, PythonModule) else Unknown("source file")


def _annotations(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    """The evaluated annotations of a class's own body; one that fails is unknown."""
    cls = args[0]
    made = DictValue((), interp.clock)
    declared: dict[str, Any] = (
        cls.attrs.get("__annotations__", {}) if isinstance(cls, Class) else {}
    )
    module = interp.imports.find(cls.module) if isinstance(cls, Class) else None
    for name, annotation in declared.items():
        made[name] = _annotation(module, annotation)
    return made


def _annotation(module: Any, annotation: Any) -> Value:
    from hwlint.reader.compile_expressions import compile_expression

    if not isinstance(module, PythonModule):
        return Unknown("an annotation")
    scope, node = annotation
    try:
        return compile_expression(scope, node)(module.frame)
    except PyRaise as problem:
        return Unknown(f"an annotation: {problem.text()}")


# --- importlib ----------------------------------------------------------------------------------


def _import_module(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    name = args[0]
    package = args[1] if len(args) > 1 else kwargs.get("package")
    if not isinstance(name, str):
        return operators.why(name)
    full = str(name)
    if full.startswith(".") and isinstance(package, str):
        level = len(full) - len(full.lstrip("."))
        stem = package.split(".")
        full = ".".join([*stem[: len(stem) - level + 1], full.lstrip(".")])
    found = interp.imports.find(full)
    if isinstance(found, PythonModule):
        found.ensure()
    if found is None and interp.imports.namespace_package(full):
        return interp.imports.import_module(None, full, full)
    if found is None:
        raise interp.error("ModuleNotFoundError", f"No module named {full!r}")
    return found


def _find_spec(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    if not isinstance(args[0], str):
        return operators.why(args[0])
    found = interp.imports.find(str(args[0]))
    if not interp.imports.is_installed(str(args[0])):
        return None
    made = Instance(core.OBJECT, interp.clock)
    made.attrs = {
        "name": args[0],
        "origin": getattr(found, "path", None),
        "loader": Unknown("loader"),
    }
    return made


def _version(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    name = args[0]
    if not isinstance(name, str):
        return operators.why(name)
    if name == "torch":
        return TORCH_VERSION
    wanted = re.sub(r"[-_.]+", "-", name).lower()
    for folder in (*interp.imports.site_packages, *interp.imports.roots):
        found = _distribution_version(folder, wanted)
        if found is not None:
            return found
    if interp.imports.is_installed(wanted.replace("-", "_")):
        return Unknown(f"the version of {name}")
    raise interp.error("ModuleNotFoundError", f"No package metadata was found for {name}")


def _distribution_version(folder: str, wanted: str) -> str | None:
    try:
        entries = os.listdir(folder)
    except OSError:
        return None
    for entry in entries:
        stem, _, rest = entry.partition("-")
        if rest.endswith(".dist-info") and re.sub(r"[-_.]+", "-", stem).lower() == wanted:
            return rest.removesuffix(".dist-info")
    return None


def _packages_distributions(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    made = DictValue((), interp.clock)
    for folder in (*interp.imports.site_packages, *interp.imports.roots):
        try:
            entries = sorted(os.listdir(folder))
        except OSError:
            continue
        for entry in entries:
            stem, _, rest = entry.partition("-")
            if rest.endswith(".dist-info"):
                made[stem] = interp.make_list([stem])
    made["torch"] = interp.make_list(["torch"])
    return made


# --- packaging.version --------------------------------------------------------------------------


def _parse_version(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    text = args[0]
    if isinstance(text, Instance) and text.cls is VERSION:
        return text
    if not isinstance(text, str):
        return operators.why(text)
    numbers = tuple([int(n) for n in re.findall(r"\d+", str(text).split("+")[0])][:4])
    made = Instance(VERSION, interp.clock)
    padded = (*numbers, 0, 0, 0)[:4]
    made.attrs = {
        "release": numbers, "major": padded[0], "minor": padded[1], "micro": padded[2],
        "base_version": ".".join(map(str, numbers)), "_key": padded,
    }  # fmt: skip
    return made


def _compare_versions(kind: type) -> Builtin:
    compare = operators.COMPARE[kind]

    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        right = args[1].attrs.get("_key") if isinstance(args[1], Instance) else None
        if right is None:
            return Unknown("version")
        return compare(interp, args[0].attrs["_key"], right)

    return Builtin("Version", run)


VERSION.attrs.update(
    {
        "__lt__": _compare_versions(operators.ast.Lt),
        "__le__": _compare_versions(operators.ast.LtE),
        "__gt__": _compare_versions(operators.ast.Gt),
        "__ge__": _compare_versions(operators.ast.GtE),
        "__eq__": _compare_versions(operators.ast.Eq),
    }
)
core.MAKERS[VERSION] = _parse_version

# --- pkgutil: data files of a package are read as text --------------------------------------------

MAX_DATA_FILE = 2_000_000


def _get_data(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    package, name = args[0], args[1]
    if not isinstance(package, str) or not isinstance(name, str):
        return operators.why(package if not isinstance(package, str) else name)
    module = interp.imports.find(str(package))
    if not isinstance(module, PythonModule) or ".." in name:
        return Unknown("a data file that is not found")
    path = os.path.join(os.path.dirname(module.path), str(name))
    interp.imports.looked_for[path] = os.path.isfile(path)
    try:
        if not os.path.isfile(path) or os.path.getsize(path) > MAX_DATA_FILE:
            return Unknown("a data file that cannot be read")
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return Unknown("a data file that cannot be read")
    interp.cells.add((path, ""))
    made = Instance(DATA, interp.clock)
    made.attrs["_data"] = data
    return made


def _decode(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    encoding = args[1] if len(args) > 1 else kwargs.get("encoding", "utf-8")
    try:
        return args[0].attrs["_data"].decode(str(encoding))
    except (LookupError, UnicodeDecodeError) as problem:
        raise interp.native_error(problem) from None


DATA = core.make("bytes", module="pkgutil")
DATA.attrs["decode"] = Builtin("bytes.decode", _decode)

# --- os -----------------------------------------------------------------------------------------


def _path(name: str) -> Any:
    native = getattr(os.path, name)

    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        for value in args:
            if not isinstance(value, str):
                return operators.why(value)
        return native(*[str(a) for a in args])

    return run


def _environment(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    # A build must not depend on the environment of whoever lints: the variable is taken as unset.
    return args[1] if len(args) > 1 else kwargs.get("default")


def _module_by_name(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return interp.imports.find(str(args[-1])) or Unknown(f"module {args[-1]}")


def _not_modelled(name: str) -> Builtin:
    return Builtin(name, lambda i, a, k: Unknown(f"{name}() is not run while reading"))


_SYS_MODULES = Instance(core.make("modules", module="sys"))
_SYS_MODULES.cls.attrs.update(
    {
        "__getitem__": Builtin("sys.modules[]", _module_by_name),
        "get": Builtin("sys.modules.get", _module_by_name),
        "__contains__": Builtin(
            "in sys.modules", lambda i, a, k: i.imports.find(str(a[1])) is not None
        ),
        "__setitem__": Builtin("sys.modules[]", lambda i, a, k: None),
    }
)
_ENVIRON = Instance(core.make("environ", module="os"))
_ENVIRON.cls.attrs.update(
    {
        "get": Builtin("os.environ.get", lambda i, a, k: _environment(i, a[1:], k)),
        "__contains__": Builtin("in os.environ", lambda i, a, k: False),
        "__getitem__": Builtin("os.environ[]", lambda i, a, k: Unknown("environment variable")),
        "__setitem__": Builtin("os.environ[]", lambda i, a, k: None),
        "__iter__": Builtin("os.environ", lambda i, a, k: i.make_list([])),
        **{
            name: Builtin(f"os.environ.{name}", lambda i, a, k: i.make_list([]))
            for name in ("keys", "values", "items")
        },
        "setdefault": Builtin("os.environ.setdefault", lambda i, a, k: a[2]),
    }
)

TABLE: dict[str, Value] = {
    "pkgutil.get_data": Builtin("pkgutil.get_data", _get_data),
    "inspect.signature": Builtin("inspect.signature", _signature),
    "inspect.isfunction": Builtin("inspect.isfunction", _is_kind(Function)),
    "inspect.isclass": Builtin("inspect.isclass", _is_kind(Class)),
    "inspect.ismethod": Builtin("inspect.ismethod", _is_kind(BoundMethod)),
    "inspect.ismodule": Builtin("inspect.ismodule", _is_kind(PythonModule)),
    **{f"inspect.{n}": Builtin(n, _source_file) for n in ("getsourcefile", "getfile")},
    "inspect.getsource": Builtin("getsource", _source),
    "inspect.getmro": Builtin("getmro", lambda i, a, k: i.getattr(a[0], "__mro__")),
    "inspect.get_annotations": Builtin("get_annotations", _annotations),
    "inspect.getdoc": Builtin("getdoc", lambda i, a, k: ""),
    "inspect.cleandoc": Builtin("cleandoc", lambda i, a, k: a[0]),
    "inspect._empty": EMPTY,
    "inspect.Parameter.empty": EMPTY,
    "inspect.Signature.empty": EMPTY,
    "importlib.import_module": Builtin("importlib.import_module", _import_module),
    "importlib.util.find_spec": Builtin("importlib.util.find_spec", _find_spec),
    "importlib.metadata.version": Builtin("importlib.metadata.version", _version),
    "importlib.metadata.packages_distributions": Builtin(
        "packages_distributions", _packages_distributions
    ),
    "importlib.metadata.PackageNotFoundError": core.BUILTINS["ModuleNotFoundError"],
    "packaging.version.parse": Builtin("version.parse", _parse_version),
    "packaging.version.Version": VERSION,
    "os.environ": _ENVIRON,
    "os.getenv": Builtin("os.getenv", _environment),
    "os.sep": "/",
    "os.cpu_count": _not_modelled("os.cpu_count"),
    **{f"os.path.{n}": Builtin(n, _path(n)) for n in ("join", "basename", "dirname", "splitext")},
    "sys.version_info": (3, 11, 7, "final", 0),
    "sys.platform": "linux",
    "sys.maxsize": sys.maxsize,
    "sys.exit": Builtin("sys.exit", lambda i, a, k: i.leave(a, k)),
    "sys.modules": _SYS_MODULES,
    "torch.__version__": TORCH_VERSION,
    "torch.version.__version__": TORCH_VERSION,
}
