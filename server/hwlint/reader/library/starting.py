"""What starts other code: files that are run or imported by path, and processes."""

from typing import TYPE_CHECKING

from hwlint.reader import builtin_classes as core
from hwlint.reader.library.files import find_file, path_of
from hwlint.reader.values import Args, Builtin, DictValue, Instance, Kwargs, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.imports import PythonModule
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE"]

SPEC = core.make("ModuleSpec", module="importlib.machinery", partial=True)
LOADER = core.make("SourceFileLoader", module="importlib.machinery", partial=True)
PROCESS = core.make("Process", module="multiprocessing", partial=True)


def _module_at(interp: "Interpreter", where: Value) -> "PythonModule | Unknown":
    """Return the module of a file of the workspace, executed."""
    path = path_of(where)
    if isinstance(path, Unknown):
        return path
    full = find_file(interp, path)
    found = interp.imports.load_path(full, interp.imports.module_name(full)) if full else None
    if found is None:
        return Unknown(f"there is no file {path} in the workspace")
    found.ensure()
    return found


def _run_path(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    """runpy.run_path: the names that a file has at its end."""
    found = _module_at(interp, [*args, kwargs.get("path_name")][0])
    return found if isinstance(found, Unknown) else found.namespace()


def _spec(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    made = Instance(SPEC, interp.clock)
    made.attrs = {
        "name": [*args, kwargs.get("name")][0],
        "origin": args[1] if len(args) > 1 else kwargs.get("location"),
        "loader": Instance(LOADER, interp.clock),
    }
    return made


def _from_spec(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    spec = [*args, kwargs.get("spec")][0]
    if not isinstance(spec, Instance) or spec.cls is not SPEC:
        return Unknown("a module from a specification")
    return _module_at(interp, spec.attrs["origin"])


def _spawn(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    """torch.multiprocessing.spawn: each process calls the function with its number first."""
    target = args[0] if args else kwargs.get("fn")
    given = args[1] if len(args) > 1 else kwargs.get("args", ())
    interp.call(target, [0, *interp.iterate(given)], {})
    return None


def _new_process(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    made, *given = args
    made.attrs.update(zip(("group", "target", "name", "args", "kwargs"), given, strict=False))
    made.attrs.update(kwargs)
    return None


def _start(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    attrs = args[0].attrs
    named = attrs.get("kwargs")
    known = dict(named) if isinstance(named, DictValue) else {}
    if attrs.get("target") is not None:
        interp.call(attrs["target"], interp.iterate(attrs.get("args", ())), known)
    return None


LOADER.attrs["exec_module"] = Builtin("exec_module", lambda i, a, k: None)
PROCESS.attrs["__init__"] = Builtin("__init__", _new_process)
PROCESS.attrs["start"] = Builtin("start", _start)
PROCESS.attrs["join"] = Builtin("join", lambda i, a, k: None)
TABLE: dict[str, Value] = {
    "runpy.run_path": Builtin("runpy.run_path", _run_path),
    "importlib.util.spec_from_file_location": Builtin("spec_from_file_location", _spec),
    "importlib.util.module_from_spec": Builtin("module_from_spec", _from_spec),
    "torch.multiprocessing.spawn": Builtin("spawn", _spawn),
    "torch.multiprocessing.spawn.spawn": Builtin("spawn", _spawn),
    "torch.multiprocessing.Process": PROCESS,
    "multiprocessing.Process": PROCESS,
}
