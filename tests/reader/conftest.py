"""One program, run by Python with torch itself and read by hwlint: what both say must agree."""

import contextlib
import gc
import importlib
import inspect
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from hwlint.graph import ModelGraph, Node
from hwlint.ops import LAYERS, LayerSpec
from hwlint.reader import Reader, ReadOptions
from hwlint.reader.imports import PythonModule
from hwlint.reader.values import (
    Class,
    Instance,
    IteratorValue,
    ModuleInstance,
    Tensor,
    Unknown,
)

Files = str | Mapping[str, str]
"""The text of program.py, or texts by path."""

Row = tuple[str, str, dict[str, Any] | None]
"""A module's qualified name and class, and a layer's arguments."""


class NotKnown:
    """What the reader does not know."""

    def __repr__(self) -> str:
        return "?"


UNKNOWN = NotKnown()


class Lab:
    """Writes programs, runs them, reads them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plain = plain
        self.covers = covers
        self.rows_of_graph = rows_of_graph
        self.rows_of_model = rows_of_model

    def write(self, files: Files) -> None:
        """Put a program into the empty folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for name, text in ({"program.py": files} if isinstance(files, str) else files).items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")

    # --- values -----------------------------------------------------------------------------

    def executed(self, module: str = "program") -> dict[str, Any]:
        """Return the variables that Python has at the end of a module."""
        with self._importable():
            return dict(vars(importlib.import_module(module)))

    @contextlib.contextmanager
    def _importable(self) -> Iterator[None]:
        written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        known = set(sys.modules)
        sys.path.insert(0, str(self.folder))
        importlib.invalidate_caches()
        try:
            yield
        finally:
            sys.path.remove(str(self.folder))
            sys.dont_write_bytecode = written
            for name in set(sys.modules) - known:
                if str(self.folder) in str(getattr(sys.modules[name], "__file__", "")):
                    del sys.modules[name]

    def reader(self, **options: Any) -> Reader:
        """Return a reader of the folder that has read nothing."""
        made = Reader(ReadOptions(self.folder, (self.folder,), (), **options))
        gc.enable()  # a test makes more readers than a process of hwlint ever does
        return made

    def module(self, module: str = "program") -> PythonModule:
        """Return a module as the interpreter leaves it."""
        path = self.folder.joinpath(*module.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        found = self.reader().imports.load_path(str(path), module)
        assert found is not None
        found.ensure()
        return found

    def interpreted(self, module: str = "program") -> dict[str, Any]:
        """Return the variables that the interpreter has at the end of a module."""
        read = self.module(module)
        assert read.problem is None, read.problem.text()
        return {name: read.load(name) for name in list(read.frame.vars)}

    def values(self, files: Files, *names: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the values of names at the end of program.py: as read, and as run."""
        self.write(files)
        wanted, found = self.executed(), self.interpreted()
        return (
            {name: plain(found.get(name, "<absent>")) for name in names},
            {name: plain(wanted.get(name, "<absent>")) for name in names},
        )

    # --- models -----------------------------------------------------------------------------

    def graph(self, name: str = "build", module: str = "program") -> ModelGraph:
        """Return the model of a factory or class as read."""
        path = self.folder.joinpath(*module.split(".")).with_suffix(".py")
        graphs = self.reader().read_place(str(path), name).graphs
        assert len(graphs) == 1, graphs
        return graphs[0]

    def built(self, name: str = "build", module: str = "program") -> nn.Module:
        """Return the model that torch builds."""
        with self._importable():
            return getattr(importlib.import_module(module), name)()

    def agree(self, files: Files, name: str = "build", module: str = "program") -> ModelGraph:
        """Assert that torch builds what the reader says, and that the reader says all."""
        self.write(files)
        model, graph = self.built(name, module), self.graph(name, module)
        assert not graph.missing, graph.missing
        assert rows_of_graph(graph) == rows_of_model(model)
        assert graph.params == sum(p.numel() for p in model.parameters())
        assert graph.complete
        assert not any(layer.maybe for layer in graph.layers)
        return graph


def plain(value: Any, depth: int = 0) -> Any:
    """Return a value of either side in a form that prints the same where it is the same."""
    inner = depth + 1
    if isinstance(value, Unknown) or getattr(value, "unknown", None) is not None or depth > 12:
        return UNKNOWN
    if isinstance(value, Instance) and value.payload is not None:
        return (value.cls.name, plain(value.payload, inner))
    if value is None or isinstance(value, bool | range | slice):
        return value
    for kind in (int, float, str, bytes):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, IteratorValue):
        return [plain(v, inner) for v in value.items[value.index :]]
    if isinstance(value, tuple | list):
        items = [plain(v, inner) for v in value]
        return tuple(items) if isinstance(value, tuple) else items
    if isinstance(value, dict):
        return {"dict": [(plain(k, inner), plain(v, inner)) for k, v in value.items()]}
    if isinstance(value, set | frozenset):
        return {"set": sorted(map(repr, (plain(v, inner) for v in value)))}
    return _object(value, inner)


def _object(value: Any, depth: int) -> Any:
    if isinstance(value, Class):
        return f"class {value.name}"
    if isinstance(value, Tensor):
        return ("tensor", value.shape)
    if isinstance(value, ModuleInstance):
        return ("module", value.cls.name)
    if isinstance(value, Instance):
        return (value.cls.name, {k: plain(v, depth) for k, v in sorted(value.attrs.items())})
    if isinstance(value, type):
        return f"class {value.__name__}"
    if isinstance(value, torch.Tensor):
        return ("tensor", tuple(value.shape))
    if isinstance(value, nn.Module):
        return ("module", type(value).__name__)
    if hasattr(value, "__dict__") and not callable(value):
        attrs = {k: plain(v, depth) for k, v in sorted(vars(value).items())}
        return (type(value).__name__, attrs)
    return "<object>"


def covers(found: Any, wanted: Any) -> bool:
    """Say whether what was read is right as far as it says anything."""
    if isinstance(found, NotKnown):
        return True
    if isinstance(found, dict) and isinstance(wanted, dict):
        extra = [found[k] for k in found if k not in wanted]  # what may be there
        absent = all(isinstance(v, NotKnown) for v in extra)
        return absent and all(k in found and covers(found[k], wanted[k]) for k in wanted)
    if isinstance(found, tuple | list) and type(found) is type(wanted):
        return len(found) == len(wanted) and all(map(covers, found, wanted))
    return repr(found) == repr(wanted)


def rows_of_graph(graph: ModelGraph) -> list[Row]:
    """Return the module tree as read."""
    assert graph.root is not None, graph.missing
    return [_row(name, node) for name, node in graph.walk()]


def _row(name: str, node: Node) -> Row:
    if node.layer is None:
        return (name, node.class_name, None)
    given = {k: _comparable(a.value) for k, a in node.layer.args.items() if a.known}
    return (name, node.class_name, {k: v for k, v in given.items() if v is not ...})


def rows_of_model(model: nn.Module) -> list[Row]:
    """Return the module tree as torch has it."""
    return [
        (name, type(module).__name__, _given(name, model))
        for name, module in model.named_modules(remove_duplicate=False)
    ]


def _given(name: str, model: nn.Module) -> dict[str, Any] | None:
    module = model.get_submodule(name)
    given = getattr(module, "given_arguments", None)
    if given is None or getattr(module, "inside", False):
        return None
    named = {k: _comparable(v) for k, v in given.items() if k not in ("device", "dtype")}
    return {k: v for k, v in named.items() if v is not ...}


def _comparable(value: Any) -> Any:
    """Return an argument as plain data; `...` for functions and the like."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, tuple | list):
        return tuple([_comparable(v) for v in value])
    return ... if not isinstance(value, str) or value.startswith(("<", "torch.")) else value


@pytest.fixture(scope="session")
def _arguments_are_kept() -> Iterator[None]:
    """Let each layer of torch keep what its constructor was given."""
    patch = pytest.MonkeyPatch()
    for name in LAYERS:
        layer = getattr(nn, name, None)
        if layer is not None:
            patch.setattr(layer, "__init__", _keeping(layer.__init__, LAYERS[name]))
    yield
    patch.undo()


def _as_kept(layer: nn.Module, name: str, given: Any) -> Any:
    """Return an argument in the form in which the layer keeps it: 3 as (3, 3)."""
    kept = getattr(layer, name, given)
    registered = kept is None or isinstance(kept, torch.Tensor | nn.Module)
    return given if registered else kept


def _keeping(init: Callable[..., None], spec: LayerSpec) -> Callable[..., None]:
    signature = inspect.signature(init)

    @wraps(init)
    def keeping(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        for module in list(self.modules())[1:]:  # a part that torch builds, or was given
            object.__setattr__(module, "inside", module not in [*args, *kwargs.values()])
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        given = {**bound.arguments, **bound.arguments.get("kwargs", {})}
        names = [p.name for p in spec.parameters if p.name in given or hasattr(self, p.name)]
        kept = {name: _as_kept(self, name, given.get(name)) for name in names}
        object.__setattr__(self, "given_arguments", kept)

    return keeping


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, _arguments_are_kept: None) -> Lab:
    """Return what runs a program and reads it."""
    return Lab(tmp_path_factory.mktemp("lab") / "project")
