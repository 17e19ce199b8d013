"""What the projects import beside torch, as far as it matters for the models that they build.

Plots, progress bars and datasets build no layers; Lightning calls the module's constructor and
keeps its arguments.
"""

import builtins
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

SILENT = ("matplotlib", "torch.utils.tensorboard", "torchvision", "wandb")


class Anything:
    """An object that lets itself be called, indexed and asked for anything, and does nothing."""

    def __call__(self, *_: Any, **__: Any) -> "Anything":
        return self

    def __getattr__(self, name: str) -> "Anything":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key: Any) -> "Anything":
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 64


class SilentFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers imports of packages that build nothing."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not any(f"{name}.".startswith(f"{silent}.") for silent in SILENT):
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        module = types.ModuleType(spec.name)
        module.__getattr__ = Anything().__getattr__
        return module

    def exec_module(self, _module: types.ModuleType) -> None:
        return None


class Hyperparameters(dict[str, Any]):
    """A dictionary whose keys are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(name) from error


class LightningModule(torch.nn.Module):
    """Keeps the arguments of the constructor, as Lightning documents it."""

    def save_hyperparameters(self, *names: str, ignore: Sequence[str] = ()) -> None:
        frame = inspect.currentframe()
        assert frame is not None
        assert frame.f_back is not None
        scope = inspect.getargvalues(frame.f_back)
        values = {name: scope.locals[name] for name in scope.args[1:]}
        values |= scope.locals[scope.keywords] if scope.keywords else {}
        kept = {k: v for k, v in values.items() if k not in ignore and (not names or k in names)}
        self.__dict__["hparams"] = Hyperparameters(kept)


def lightning(name: str, stop: Callable[..., Any]) -> types.ModuleType:
    """Return a module that stands for Lightning; to fit is to stop."""
    module = _module(name)
    module.LightningModule = LightningModule
    module.LightningDataModule = type("LightningDataModule", (), {})
    module.Trainer = type("Trainer", (), {"__init__": _accept, "fit": stop})
    module.seed_everything = _accept
    return module


def _module(name: str) -> Any:
    module = types.ModuleType(name)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None)
    return module


def _accept(*_: Any, **__: Any) -> None:
    return None


def install(stop: Callable[..., Any]) -> None:
    """Put the stand-ins before whatever is installed."""
    sys.meta_path.insert(0, SilentFinder())
    for name in ("lightning", "pytorch_lightning"):
        sys.modules[name] = lightning(name, stop)
    if importlib.util.find_spec("tqdm") is None:
        sys.modules["tqdm"] = tqdm = _module("tqdm")
        tqdm.tqdm = lambda iterable, *_, **__: iterable
    builtins.get_ipython = Anything()
