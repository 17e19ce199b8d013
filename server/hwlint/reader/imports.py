"""Modules: found in the file system, executed lazily, never imported.

The workspace's import roots come first, then the user's site-packages. torch, numpy and the
standard library are not followed; what the reader knows of them is in `library/`. Imports of a
module's top level are bound lazily, so that a file costs only what is used of its imports.
"""

import ast
import contextlib
import os
import re
import sys
from collections import deque
from typing import TYPE_CHECKING, Any

from hwlint.reader import builtin_classes as core
from hwlint.reader.attributes import register_special
from hwlint.reader.budget import Exhausted
from hwlint.reader.code import Code, Compiled
from hwlint.reader.environment import required_modules
from hwlint.reader.frame import Frame, Scope
from hwlint.reader.lazy_import import LazyImport
from hwlint.reader.nearby import Nearby
from hwlint.reader.values import (
    DictValue,
    External,
    Function,
    ListValue,
    PyRaise,
    SetValue,
    Unknown,
    Value,
)
from hwlint.source import SourceError, SourceFile, SyntaxProblem, read_source
from hwlint.source.limits import is_vast
from hwlint.source.names import assigned_name

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["Imports", "LazyImport", "PythonModule", "type_checking_branch"]

NEVER_FOLLOWED = frozenset(
    {
        *("torch", "numpy", "einops", "yaml", "click", "typer", "fire", "omegaconf", "hydra"),
        *("absl", "lightning", "pytorch_lightning", "pytest", *sys.stdlib_module_names),
    }
    - {"this", "antigravity"}
)
OPAQUE = frozenset(
    {
        *("IPython", "PIL", "cv2", "matplotlib", "mlflow", "pandas", "rich", "scipy", "seaborn"),
        *("sklearn", "tensorboard", "tensorboardX", "tqdm", "wandb"),
    }
)
"""Packages that show, log or load and build no modules: not followed where they are installed."""
MODULE_STEPS = 100_000
"""Steps that executing the top level of one module may take, and what a long one may take more."""
_STEPS_PER_CHARACTER = 5
_MOST_MODULE_STEPS = 1_000_000
MAX_FILES = 4_000
MAX_EXPANDED = 400
"""Modules that are executed only because a program imports them."""

_MISSING = object()


class PythonModule:
    """A module that is read as source."""

    def __init__(self, imports: "Imports", name: str, path: str, source: SourceFile) -> None:
        self.imports = imports
        self.name = name
        self.path = path
        self.source = source
        self.is_package = os.path.basename(path) == "__init__.py"
        self.stars: list[str] = []
        self.annotation_imports: dict[str, LazyImport] = {}
        self.state = "new"
        self.exhausted = False
        self.stopped: tuple[int, str] | None = None  # the line of what was too much, and why
        self.problem: PyRaise | None = None
        self.constructed: dict[Any, None] = {}
        self.built: set[Any] = set()
        self.executed: set[Any] = set()
        self.codes: dict[Any, Code] = {}
        """Of functions without a decorator, by the segment that defines them."""
        self.cells: set[tuple[str, str]] = set()  # what executing it looked at
        self.frame: Any = None
        self.given: dict[str, Value] = {}  # what it finds bound when it runs as a program
        self.resolving: set[str] = set()
        self.awaiting: dict[str, list[Function]] = {}  # by a name in their defaults
        self.stamp = 0
        self.version = 0
        self._imported: list[PythonModule] | None = None
        self.began = 0
        self.spilled = False
        """Executing it changed something that was there before: a registry of another module."""

    @property
    def package(self) -> str:
        """The package that relative imports start from."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    # --- variables --------------------------------------------------------------------------

    def store(self, key: str, value: Value) -> None:
        """Bind a global."""
        interp = self.imports.interp
        if interp.joins.journals:
            interp.joins.remember(self.frame)
        if key in self.awaiting and key in self.frame.vars:
            self._prepare_awaiting(key)
        if self.state in ("done", "main"):
            interp.memo.outside_changed(self)
        self.frame.vars[key] = value
        if isinstance(value, DictValue | SetValue | ListValue) and value.stamp <= interp.clock:
            self.imports.registries.setdefault(id(value), (self, key, value))

    def _prepare_awaiting(self, key: str) -> None:
        """A name is about to be bound anew: compute the defaults in which it stands before."""
        for function in self.awaiting.pop(key):
            if not function.ready:
                with contextlib.suppress(SyntaxProblem, PyRaise):
                    self.imports.interp.prepare_function(function)

    def load(self, key: str) -> Value:
        """Return a global or built-in name; raises PyRaise(NameError)."""
        value = self.frame.vars.get(key, _MISSING)
        self.imports.interp.cells.add((self.path, key))
        if value is _MISSING:
            value = self._load_other(key)
        elif type(value) is LazyImport:
            value = self._take(value)
            self.frame.vars[key] = value
        return value

    def _take(self, lazy: LazyImport) -> Value:
        """Look up an import and keep that this module depends on where it leads."""
        cells, self.imports.interp.cells = self.imports.interp.cells, set()
        try:
            return self.imports.resolve(lazy)
        finally:
            self.cells |= self.imports.interp.cells
            cells |= self.imports.interp.cells
            self.imports.interp.cells = cells

    def _load_other(self, key: str) -> Value:
        found = self.imports.builtins.get(key, _MISSING)
        if found is _MISSING:
            found = self.special(key)
        if found is not _MISSING:
            return found
        found = self.from_stars(key)
        if found is not _MISSING:
            return found
        if self.state == "done" and key in self.source.names and self.problem is not None:
            return Unknown(f"{key}: {self.problem.text()}")
        raise self.imports.interp.error("NameError", f"name {key!r} is not defined")

    def special(self, key: str) -> Value:
        """Return `__name__`, `__file__` and the like, which every module has."""
        if key == "__name__":
            return self.name
        if key == "__file__":
            return self.path
        if key == "get_ipython" and not self.imports.interp.guarded:
            return External("IPython.get_ipython")  # an exported notebook that nothing guards
        if key in ("__doc__", "__spec__", "__loader__"):
            return None
        return self.package if key == "__package__" else _MISSING

    def from_stars(self, key: str, visited: "frozenset[str]" = frozenset()) -> Value:
        """Return a name that a star import brings. `visited`: packages already asked."""
        if self.name in visited or (key.startswith("__") and key.endswith("__")):
            return _MISSING
        found = [self.imports.find(name) for name in reversed(self.stars)]
        modules = [m for m in found if isinstance(m, PythonModule)]
        # Who defines a name before who only imports it, perhaps from this very package.
        for module in sorted(modules, key=lambda m: not m.defines(key)):
            if module.may_define(key):
                value = module.attribute(key, visited | {self.name})
                if value is not _MISSING:
                    return value
        return _MISSING

    def defines(self, key: str) -> bool:
        """Say whether a class or function of that name stands in the file."""
        if key not in self.source.text:
            return False
        return any(s.kind in ("def", "class") for s in self.source.names.get(key, ()))

    def may_define(self, key: str) -> bool:
        """Say whether the text can bind a name, without running it."""
        if key in self.source.text and key in self.source.names:
            return True
        self.ensure_stars()
        marker = f"?{key}"
        if not self.stars or marker in self.resolving:
            return False
        self.resolving.add(marker)
        try:
            found = [self.imports.find(name) for name in self.stars]
            return any(isinstance(m, PythonModule) and m.may_define(key) for m in found)
        finally:
            self.resolving.discard(marker)

    def ensure_stars(self) -> None:
        """Execute only where star imports make that necessary."""
        if self.state == "new" and "import *" in self.source.text:
            self.ensure()

    def attribute(self, key: str, visited: "frozenset[str]" = frozenset()) -> Value:
        """Return what `module.key` gives, _MISSING where there is none."""
        self.ensure()
        value = self.frame.vars.get(key, _MISSING)
        if value is _MISSING and self.state == "running":
            value = self._run_ahead(key)
        if type(value) is LazyImport:
            if (value.module, value.attribute) not in self.imports.resolving:
                value = self._take(value)
                self.frame.vars[key] = value
            elif (value.module, value.attribute) != (self.name, key):
                return _MISSING  # a package's star import of what its submodule takes from it
            else:
                value = _MISSING  # `from . import name` in the package itself: a submodule
        if value is _MISSING and self.is_package and not self._stars_hide(key):
            submodule = self.imports.find(f"{self.name}.{key}", quiet=True)
            value = submodule if submodule is not None else _MISSING
        if value is _MISSING:
            value = self.from_stars(key, visited)
        if value is _MISSING and "__getattr__" in self.frame.vars:
            value = self.imports.interp.call(self.frame.vars["__getattr__"], [key], {})
        return value

    def _stars_hide(self, key: str) -> bool:
        # `from .densenet import *` may bring a function densenet over the submodule's name.
        own = f"{self.name}.{key}"
        if own not in self.stars:
            return False
        module = self.imports.find(own)
        return isinstance(module, PythonModule) and module.may_define(key)

    def imported(self) -> "list[PythonModule]":
        """Return the modules that its top level imports, once it has been executed."""
        if self._imported is not None:
            return self._imported
        found = [self.imports.find(name, quiet=True) for name in self._imported_names()]
        modules = [module for module in found if isinstance(module, PythonModule)]
        if self.state == "done":
            self._imported = modules
        return modules

    def _imported_names(self) -> list[str]:
        names = list(self.stars)
        for value in self.frame.vars.values():
            if type(value) is LazyImport:
                names += [value.module, f"{value.module}.{value.attribute}"]
            elif isinstance(value, PythonModule):
                names.append(value.name)
        return names

    def namespace(self) -> Value:
        """Return what globals() gives."""
        found = {k: self.load(k) for k in list(self.frame.vars)}
        made = DictValue(found, self.imports.interp.clock)
        made["__file__"] = self.path
        made.setdefault("__name__", self.name)
        made.home = self
        return made

    # --- execution --------------------------------------------------------------------------

    def ensure(self) -> None:
        """Execute the module's top level once, its package's before."""
        if self.state != "new":
            return
        parent = self.name.rpartition(".")[0]
        package = self.imports.find(parent, quiet=True) if parent else None
        if isinstance(package, PythonModule):
            package.ensure()
            if self.state != "new":
                return  # the package has executed it meanwhile
        self.state = "running"
        interp = self.imports.interp
        saved = interp.budget.steps, interp.budget.limit, interp.maybe, interp.depth, interp.trying
        outer, cells = interp.memo.suspend(interp), interp.cells
        interp.cells = self.cells
        interp.maybe = interp.trying = 0
        more = _STEPS_PER_CHARACTER * len(self.source.text)
        allowed = min(MODULE_STEPS + more, _MOST_MODULE_STEPS)
        interp.budget.limit = interp.budget.steps + allowed
        self.began = interp.clock
        self.imports.executing.append(self)
        try:
            self._execute()
        finally:
            self.imports.executing.pop()
            self.constructed, self.built = interp.constructed, interp.built
            interp.budget.steps, interp.budget.limit, interp.maybe, interp.depth, interp.trying = (
                saved
            )
            interp.memo.resume(interp, outer)
            interp.cells = cells
            self.state = "done"

    def run(self) -> None:
        """Execute the module's top level as Python does when it is told to run the file: an exit
        ends it. Raises Exhausted."""
        self.state = "main"
        for segment in self.source.segments:
            self._execute_one(segment)
            problem, self.problem = self.problem, None
            if problem is not None and problem.value.cls.derives(core.BUILTINS["SystemExit"]):
                return

    def _execute(self) -> None:
        for segment in self.source.segments:
            if segment in self.executed:
                continue
            try:
                self._execute_one(segment)
            except Exhausted as stop:
                self.exhausted, self.stopped = True, (segment.line, stop.reason)
                for other in self.source.segments:
                    self._spoil(other, stop.reason)
                return

    def _execute_one(self, segment: Any) -> None:
        self.executed.add(segment)
        try:
            self._run_segment(Scope("module", None, segment, ""), segment)
        except PyRaise as problem:
            self.problem = problem.with_traceback(None)
            self._spoil(segment, problem.text())
        except SyntaxProblem as problem:
            self._spoil(segment, f"syntax error: {problem.message}")

    def _run_ahead(self, key: str) -> Value:
        """Modules import each other in a circle: run the statement that binds `key` first."""
        for segment in self.source.names.get(key, ()):
            if segment not in self.executed:
                self._execute_one(segment)
        return self.frame.vars.get(key, _MISSING)

    def _spoil(self, segment: Any, reason: str) -> None:
        for name, segments in self.source.names.items():
            if segment in segments and name != "*":
                self.frame.vars.setdefault(name, Unknown(f"{name} is not defined: {reason}"))

    def _run_segment(self, scope: Scope, segment: Any) -> None:
        if segment.kind == "def" and not segment.decorated:
            code = self.codes[segment] = Code(segment.name, segment, scope)
            code.made = []
            self.store(segment.name, self.imports.interp.make_function(self.frame, code))
        elif segment.kind == "class":
            from hwlint.reader.classes import compile_class

            define = compile_class(scope, segment.parse_header(), segment)
            self.store(segment.name, define(self.frame))
        elif is_vast(segment.text):
            self._pass_over(segment)
        else:
            compile_segment(scope, segment)(self.frame)

    def _pass_over(self, segment: Any) -> None:
        """Leave out a statement that is too long; raises Exhausted where it may do more than bind
        one name."""
        name = assigned_name(segment.text)
        if name is None:
            raise Exhausted(_VAST)
        self.store(name, Unknown(_VAST))


_VAST = "a statement too long to be followed"


def compile_segment(scope: Scope, segment: Any) -> Compiled:
    """Compile a segment of plain statements."""
    from hwlint.reader.compile_statements import compile_body

    return compile_body(scope, segment.parse())


def type_checking_branch(scope: Scope, node: ast.If, run: Compiled) -> Compiled:
    """Treat `if TYPE_CHECKING:`. A package that replaces itself in sys.modules by something lazy is
    described by its type-checking branch; elsewhere the branch only helps to read annotations."""
    if not _is_type_checking(node.test):
        return run
    from hwlint.reader.compile_statements import compile_body

    if any("sys.modules" in ast.unparse(s) for s in node.orelse if isinstance(s, ast.Assign)):
        return compile_body(scope, node.body)
    imports = [s for s in node.body if isinstance(s, ast.ImportFrom)]

    def remember(fr: Frame) -> Value:
        for statement in imports:
            base = fr.interp.imports.absolute(fr.module, statement.level, statement.module or "")
            for alias in statement.names:
                lazy = LazyImport(base, alias.name)
                fr.module.annotation_imports[alias.asname or alias.name] = lazy
        return run(fr) if node.orelse or isinstance(node.test, ast.BoolOp) else None

    return remember


def _is_type_checking(test: ast.expr) -> bool:
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return any(map(_is_type_checking, test.values))
    if isinstance(test, ast.Attribute):
        return test.attr == "TYPE_CHECKING"
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


class Imports:
    """Finds and keeps modules."""

    def __init__(self, roots: "list[str]", site_packages: "list[str]") -> None:
        self.roots = roots
        self.site_packages = site_packages
        self.interp: Interpreter = None  # type: ignore[assignment]  # set by the interpreter
        self.modules: dict[str, PythonModule | External | None] = {}
        self.by_path: dict[str, PythonModule] = {}
        self.looked_for: dict[str, bool] = {}
        self.registries: dict[int, tuple[PythonModule, str, Value]] = {}
        self.completed: set[int] = set()
        self.bad_decorators: set[Any] = set()
        self.resolving: set[tuple[str, str | None]] = set()
        self.executing: list[PythonModule] = []
        """The modules whose top level is being executed, the innermost last."""
        self.mixed = False
        """A module changed what an entry point had changed before: that cannot be taken apart."""
        self.builtins: dict[str, Value] = {}
        self._required: frozenset[str] | None = None
        self._listings: dict[str, frozenset[str]] = {}
        self.nearby = Nearby(roots, site_packages, self.is_file)

    # --- finding ----------------------------------------------------------------------------

    def find(self, name: str, quiet: bool = False) -> "PythonModule | External | None":
        """Return a module by its absolute name; External for what is not followed; None where
        there is no such module."""
        if name in self.modules:
            known = self.modules[name]
            if isinstance(known, PythonModule):
                self.interp.cells.add((known.path, ""))
            return known
        root = name.partition(".")[0]
        found: PythonModule | External | None
        if root in NEVER_FOLLOWED and not self._shadowed(root):
            found = External(name)
        else:
            found = self._search(name)
            if root in OPAQUE and found is not None and not self._shadowed(root):
                found = External(name)
        self.modules[name] = found
        if isinstance(found, PythonModule):
            self.interp.cells.add((found.path, ""))
        return found

    def _shadowed(self, root: str) -> bool:
        if root in ("torch", "numpy") or root in sys.builtin_module_names:
            return False
        names = (root + ".py", os.path.join(root, "__init__.py"))
        return any(self.is_file(os.path.join(base, name)) for base in self.roots for name in names)

    def _search(self, name: str) -> "PythonModule | None":
        parts = name.split(".")
        for base in [*self.roots, *self.site_packages]:
            stem = os.path.join(base, *parts)
            for path in (os.path.join(stem, "__init__.py"), stem + ".py"):
                if self.is_file(path):
                    return self.load_path(path, name)
        return None

    def namespace_package(self, name: str) -> bool:
        """Say whether a name is a folder without __init__.py."""
        parts = name.split(".")
        return any(
            os.path.isdir(os.path.join(b, *parts)) for b in [*self.roots, *self.site_packages]
        )

    def is_file(self, path: str) -> bool:
        """Say whether a path is a file, and keep that it was looked for."""
        folder, name = os.path.split(path)
        listing: frozenset[str] | None = self._listings.get(folder)
        if listing is None:
            try:
                listing = frozenset(os.listdir(folder))
            except OSError:
                listing = frozenset()
            self._listings[folder] = listing
        there = name in listing and os.path.isfile(path)
        self.looked_for[path] = there
        return there

    def load_path(self, path: str, name: str) -> "PythonModule | None":
        """Return the module of a file; None where it cannot be read."""
        if path in self.by_path:
            return self.by_path[path]
        if len(self.by_path) >= MAX_FILES:
            raise Exhausted("too many files")
        try:
            source = read_source(path)
        except SourceError:
            return None
        module = PythonModule(self, self.module_name(path), path, source)
        module.frame = Frame(self.interp, module, None)
        module.frame.stamp = 0
        self.by_path[path] = module
        self.modules.setdefault(name, module)
        return module

    def module_name(self, path: str) -> str:
        """Return the dotted name of a file: from the folder above its package where it is in one,
        else from the first import root above it."""
        above = self.nearby.above_package(os.path.dirname(path))
        bases = [*self.roots, *self.site_packages]
        if above in bases and above != os.path.dirname(path):
            bases = [above]
        for base in bases:
            relative = os.path.relpath(path, base)
            if not relative.startswith(".."):
                parts = relative.removesuffix(".py").split(os.sep)
                if parts[-1] == "__init__":
                    parts.pop()
                if all(p.isidentifier() for p in parts) and parts:
                    return ".".join(parts)
        return os.path.basename(path).removesuffix(".py")

    def dependencies(self, cells: "set[tuple[str, str]]") -> set[str]:
        """Return the files that a reading depends on, through the modules that it used, and every
        path at which a module was looked for in vain."""
        pending = [path for path, _ in cells]
        found: set[str] = set()
        while pending:
            path = pending.pop()
            if path in found:
                continue
            found.add(path)
            module = self.by_path.get(path)
            if module is not None:
                pending.extend(p for p, _ in module.cells)
        return found | {path for path, there in self.looked_for.items() if not there}

    # --- programs ---------------------------------------------------------------------------

    def expand(self, name: str, attribute: str = "") -> None:
        """Where a program imports a module of the workspace, execute it with all that it imports,
        as Python does: importing may fill registries."""
        roots = self.interp.roots
        if roots is None or self.executing:
            return
        found = (self.find(name, quiet=True), self.find(f"{name}.{attribute}", quiet=True))
        pending = deque(module for module in found if isinstance(module, PythonModule))
        while pending and len(roots.imported) < MAX_EXPANDED:
            module = pending.popleft()
            if module.path in roots.imported:
                continue
            self.interp.cells.add((module.path, ""))
            if self.interp.is_own(module.path):
                roots.imported.add(module.path)
                module.ensure()
                pending += module.imported()

    # --- import statements ------------------------------------------------------------------

    def absolute(self, module: PythonModule, level: int, base: str) -> str:
        """Return the absolute name of an import, as `find` knows it."""
        if level == 0:
            return self.nearby.name(module.path, base)
        package = module.package.split(".")
        stem = package[: len(package) - (level - 1)] if level > 1 else package
        full = ".".join([p for p in [*stem, base] if p])
        return self.nearby.name(module.path, full)

    def import_module(self, module: PythonModule | None, bound: str, full: str) -> Value:
        """`import full`: return what gets bound."""
        near = self.nearby.name(module.path, full) if module is not None else full
        self.expand(near)
        self._require(near)
        return self._module_value(near[: len(near) - len(full) + len(bound)])

    def _module_value(self, name: str) -> Value:
        found = self.find(name)
        if found is not None:
            return found
        return NamespaceValue(self, name) if self.namespace_package(name) else External(name)

    def is_installed(self, name: str) -> bool:
        """Say whether an import of a module would succeed: it is there, it is never followed, or
        an installed distribution requires it."""
        if self.find(name) is not None or self.namespace_package(name):
            return True
        if self._required is None:
            self._required = required_modules([*self.site_packages, *self.roots])
        return name.partition(".")[0] in self._required

    def _require(self, name: str) -> None:
        """Raise ImportError for a missing module where the program is ready to catch it."""
        if not self.interp.trying:
            return
        found = self.find(name)
        if not self.is_installed(name):
            raise self.interp.error("ModuleNotFoundError", f"No module named {name!r}")
        if isinstance(found, PythonModule):
            found.ensure()
            if found.problem is not None and found.problem.value.cls.derives(
                core.BUILTINS["ImportError"]
            ):
                raise found.problem

    def import_from(self, fr: Frame, level: int, base: str, name: str) -> Value:
        """`from base import name`: return what gets bound; lazy at a module's top level."""
        full = self.absolute(fr.module, level, base)
        self.expand(full, name)
        if self.interp.trying:
            self._require(full)
        lazy = LazyImport(full, name)
        if (
            fr is fr.module.frame
            and not self.interp.trying
            and fr.module.state in ("running", "main")
        ):
            return lazy
        return self.resolve(lazy)

    def import_star(self, fr: Frame, level: int, base: str) -> None:
        """`from base import *`."""
        full = self.absolute(fr.module, level, base)
        self.expand(full)
        found = self.find(full)
        if isinstance(found, PythonModule):
            fr.module.stars.append(full)
        elif found is not None:
            fr.module.stars.append(full)
            self._external_star(fr, full)

    def _external_star(self, fr: Frame, full: str) -> None:
        prefix = full + "."
        for name, value in self.interp.modelled.items():
            if name.startswith(prefix) and "." not in name[len(prefix) :]:
                fr.vars.setdefault(name[len(prefix) :], value)

    def resolve(self, lazy: LazyImport) -> Value:
        """Look a lazy import up; raises PyRaise(ImportError)."""
        key = (lazy.module, lazy.attribute)
        if key in self.resolving:
            raise self.interp.error("ImportError", f"circular import of {lazy.attribute!r}")
        module = self.find(lazy.module)
        if isinstance(module, PythonModule) and self._submodule(module, lazy.attribute) is None:
            module.ensure()  # what it imports may ask it for the same name
        self.resolving.add(key)
        try:
            return self._resolve(lazy)
        finally:
            self.resolving.discard(key)

    def _resolve(self, lazy: LazyImport) -> Value:
        module = self.find(lazy.module)
        name = lazy.attribute
        assert name is not None
        if isinstance(module, External):
            return self.external_attribute(module, name)
        if module is None:
            return self._from_nowhere(lazy.module, name)
        value = module.frame.vars.get(name, _MISSING) if module.state != "new" else _MISSING
        if value is _MISSING or type(value) is LazyImport:
            value = self._from_module(module, name)
        if value is _MISSING:
            if module.problem is not None:
                return Unknown(f"{module.name}: {module.problem.text()}")
            raise self.interp.error(
                "ImportError", f"cannot import name {name!r} from {module.name!r}"
            )
        return value

    def _from_module(self, module: PythonModule, name: str) -> Value:
        submodule = self._submodule(module, name)
        return submodule if submodule is not None else module.attribute(name)

    def _submodule(self, module: PythonModule, name: str | None) -> Value:
        """Return the submodule that a package has under a name which stands nowhere in its text: a
        lazy package lists everything by star."""
        if not module.is_package or name is None or name in module.source.text:
            return None
        return self.find(f"{module.name}.{name}", quiet=True)

    def _from_nowhere(self, module: str, name: str) -> Value:
        modelled = self.interp.modelled.get(f"{module}.{name}", _MISSING)
        if modelled is not _MISSING:
            return modelled
        found = self.find(f"{module}.{name}", quiet=True)
        if found is not None:
            return found
        if self.interp.trying and not self.is_installed(module):
            raise self.interp.error("ModuleNotFoundError", f"No module named {module!r}")
        return External(f"{module}.{name}")

    # --- what is not followed ---------------------------------------------------------------

    def starred(self, module: Value, key: str) -> list[Value]:
        """Return the name that a star import brings into a module; [] where none does."""
        found = module.from_stars(key) if isinstance(module, PythonModule) else _MISSING
        return [found] if found is not _MISSING else []

    def external_attribute(self, value: External, name: str) -> Value:
        """Return an attribute of a library object."""
        full = f"{value.name}.{name}"
        found = self.interp.modelled.get(full, _MISSING)
        if found is _MISSING and value.name.startswith("torch.nn.modules"):
            found = self.interp.modelled.get(f"torch.nn.{name}", _MISSING)
        if found is not _MISSING:
            return found
        from hwlint.reader.library import torch_has

        if torch_has(value.name, name) is False:
            missing = f"module {value.name!r} has no attribute {name!r}"
            raise self.interp.error("AttributeError", missing)
        return External(full)

    def set_external(self, value: External, name: str, item: Value) -> None:
        """Assigning to a library's attribute has no effect here."""

    def spilled(self, value: "Value | Frame") -> None:
        """Note that a module whose top level is being executed changes what was there before."""
        self.mixed = self.mixed or self.interp.memo.leaked.holds(value)
        for module in self.executing:
            if value is not module.frame and value.stamp < module.began:
                module.spilled = True

    def forget(self, module: PythonModule) -> None:
        """Let a module be read from its file again when it is next asked for."""
        del self.by_path[module.path]
        self.modules = {name: known for name, known in self.modules.items() if known is not module}
        for key in [key for key, found in self.registries.items() if found[0] is module]:
            del self.registries[key]
            self.completed.discard(key)

    # --- registries -------------------------------------------------------------------------

    def complete(self, container: Value) -> bool:
        """Fill a module-level registry by executing the modules that register in it.

        Called when something is missing from a container. Returns whether anything was executed.
        """
        key = id(container)
        if key in self.completed or key not in self.registries:
            return False
        module, name, _ = self.registries[key]
        if module.state != "done" or self.executing:
            return False  # while modules run, Python would not find it either
        self.completed.add(key)
        functions = _registering(module, name)
        if not functions:
            return False
        return self._execute_users(module, functions)

    def _execute_users(self, module: PythonModule, functions: list[str]) -> bool:
        names = "|".join(map(re.escape, functions))
        pattern = re.compile(
            rf"^@(?:\w+\.)*(?:{names})\b|^(?:\w+\.)*(?:{names})\s*\(", re.MULTILINE
        )
        words = [f.encode() for f in functions]
        ran = False
        for path in self._package_files(module):
            if path in self.by_path and self.by_path[path].state != "new":
                continue
            if not _mentions(path, words):
                continue
            loaded = self.load_path(path, self.module_name(path))
            if loaded is not None and pattern.search(loaded.source.text):
                loaded.ensure()
                ran = True
        return ran

    def _package_files(self, module: PythonModule) -> list[str]:
        folder = os.path.dirname(module.path)
        while self.is_file(os.path.join(os.path.dirname(folder), "__init__.py")):
            folder = os.path.dirname(folder)
        out: list[str] = []
        for parent, folders, files in os.walk(folder):
            folders[:] = sorted(f for f in folders if not f.startswith((".", "__")))
            out.extend(os.path.join(parent, f) for f in sorted(files) if f.endswith(".py"))
            if len(out) > MAX_FILES:
                break
        return out

    # --- decorators that cost too much ------------------------------------------------------

    def failed_decorator(self, function: Value) -> bool:
        """Say whether a decorator ran out of its budget before."""
        return isinstance(function, Function) and function.code in self.bad_decorators

    def fail_decorator(self, decorator: Compiled, fr: Frame) -> None:
        """Remember a decorator that ran out of its budget."""
        try:
            function = decorator(fr)
        except (PyRaise, Exhausted):
            return
        if isinstance(function, Function):
            self.bad_decorators.add(function.code)


def _mentions(path: str, words: list[bytes]) -> bool:
    """Say whether a file has one of the words: cheaper than reading it as source."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return False
    return any(word in data for word in words)


def _registering(module: PythonModule, name: str) -> list[str]:
    changes = re.compile(
        rf"^[ \t]+.*\b{re.escape(name)}\b\s*"
        r"(?:\[[^\n]*\]\s*(?:=|\.|\+=)|\.(?:add|update|append|setdefault|register)\b)",
        re.MULTILINE,
    )
    return [s.name for s in module.source.segments if s.kind == "def" and changes.search(s.text)]


class NamespaceValue:
    """A package without __init__.py."""

    __slots__ = ("imports", "name")

    def __init__(self, imports: Imports, name: str) -> None:
        self.imports = imports
        self.name = name


def _module_attribute(interp: "Interpreter", module: PythonModule, name: str) -> Value:
    value = module.attribute(name)
    if value is not _MISSING:
        return value
    special = module.special(name)
    if special is not _MISSING:
        return special
    if name == "__dict__":
        return module.namespace()
    if module.problem is not None:
        return Unknown(f"{module.name}: {module.problem.text()}")
    raise interp.error("AttributeError", f"module {module.name!r} has no attribute {name!r}")


def _namespace_attribute(interp: "Interpreter", value: NamespaceValue, name: str) -> Value:
    full = f"{value.name}.{name}"
    found = value.imports.find(full)
    if found is not None:
        return found
    return (
        NamespaceValue(value.imports, full)
        if value.imports.namespace_package(full)
        else External(full)
    )


register_special(PythonModule, _module_attribute)
register_special(NamespaceValue, _namespace_attribute)
