"""Run projects the way their authors do and note which torch.nn layers are built, where, with what.

Runs in a process of its own, because it executes the projects: reads jobs as JSON from standard
input and writes one answer a line. Layers have their weights on torch's meta device, and a run ends
at its first training step.

    python _recorder.py < jobs.json

A job has `root` (the project's folder), `cwd` below it, `path` (folders below it that are
installed), and `argv`: what follows `python` on the command line; or `pytest` and its options; or
the README whose Python blocks are to be run; or `package.module:function`, a console script.
"""

import contextlib
import importlib
import inspect
import json
import os
import re
import runpy
import sys
import traceback
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import _stand_ins
import numpy as np
import torch
import torch._dynamo  # the optimizers ask for it: once, before any child is forked
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_map

Sites = dict[tuple[str, int, int, str], dict[str, dict[str, Any]]]

NOT_LAYERS = {
    "Container",
    "DataParallel",
    "Module",
    "ModuleDict",
    "ModuleList",
    "ParameterDict",
    "ParameterList",
    "Sequential",
}
RECURRENT = dict(inspect.signature(torch.nn.RNNBase.__init__).parameters)
"""GRU and its like take `*args`: their base class names them, and keeps them as attributes."""
NOT_SAID = {"self", "mode", "device", "dtype"}
FILLED = {"empty", "full", "normal", "ones", "rand", "randn", "zeros"}
"""Functions that make a tensor of a given shape: what weights are made of."""
MOVES = {"cpu", "cuda", "to"}
FENCE = re.compile(r"^```py(?:thon)?\n(.*?)^```", re.MULTILINE | re.DOTALL)


class FirstStep(BaseException):
    """Training has begun: all models are built."""


class MetaWeights(TorchFunctionMode):
    """Tensors made from a shape are on the meta device, and so is what is computed with them."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        if name == "__deepcopy__":
            return func(*args, **kwargs)  # its second argument is large
        if name in FILLED and not isinstance(func, type(torch.Tensor.to)):
            kwargs["device"] = "meta"
        tensors = [v for v in tree_flatten((args, kwargs))[0] if isinstance(v, torch.Tensor)]
        if any(t.is_meta for t in tensors):
            if args and (name in MOVES or getattr(func, "__module__", "") == "torch.nn.init"):
                return args[0]  # there is nothing to move and nothing to initialise
            if name == "item":
                return 1.0
            if name == "numpy":
                return torch.zeros(args[0].shape).numpy()
            args, kwargs = tree_map(_on_meta, (args, kwargs))
        return func(*args, **kwargs)


def _on_meta(value: Any) -> Any:
    plain_tensor = isinstance(value, torch.Tensor) and not value.is_meta
    return torch.empty_like(value, device="meta") if plain_tensor else value


def stop(*_: Any, **__: Any) -> Any:
    """Stand where the first training step would be."""
    raise FirstStep


def watch(root: Path, sites: Sites) -> None:
    """Note every construction of a layer that a line of the project asks for."""
    for name in dir(torch.nn):
        layer = getattr(torch.nn, name)
        is_layer = isinstance(layer, type) and issubclass(layer, torch.nn.Module)
        if is_layer and name not in NOT_LAYERS and not name.endswith("Loss"):
            layer.__init__ = _noting(layer.__init__, layer, root, sites)


def _noting(
    init: Callable[..., None], layer: type, root: Path, sites: Sites
) -> Callable[..., None]:
    signature = inspect.signature(init)
    usual = {p.name: p.default for p in (RECURRENT | signature.parameters).values()}

    @wraps(init)
    def noting(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        places = call_sites(self, root)
        if not places or not isinstance(self, layer):
            return
        if any(name in signature.parameters for name in ("args", "kwargs")):
            values = {n: v for n, v in vars(self).items() if n in RECURRENT and n not in NOT_SAID}
        else:
            bound = signature.bind(self, *args, **kwargs)
            bound.apply_defaults()
            values = dict(list(bound.arguments.items())[1:])
        built = {
            "args": {k: plain(v) for k, v in values.items() if is_plain(v)},
            "given": sorted(k for k, v in values.items() if is_plain(v) and v != usual.get(k)),
            "also": places[1:],
        }
        file, line, col = places[0]
        sites.setdefault((file, line, col, layer.__name__), {})[json.dumps(built)] = built

    return noting


def is_plain(value: Any) -> bool:
    """Say whether an argument is a value and not a device, a dtype or a function."""
    if isinstance(value, tuple | list):
        return all(is_plain(item) for item in value)
    return value is None or isinstance(value, bool | int | float | str)


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    return [plain(item) for item in value] if isinstance(value, tuple | list) else value


def call_sites(layer: Any, root: Path) -> list[tuple[str, int, int]]:
    """Return the project's call that builds the layer, then those that led to a subclass of it.

    Nothing where torch builds the layer as a part of another one.
    """
    found: list[tuple[str, int, int]] = []
    frame = sys._getframe(2)  # noqa: SLF001 - there is no other way to the caller's position
    while frame is not None:
        code = frame.f_code
        file = Path(os.path.normpath(code.co_filename))
        if not file.is_relative_to(root):
            break
        line, _, col, _ = list(code.co_positions())[frame.f_lasti // 2]
        assert line is not None
        assert col is not None
        found.append((file.relative_to(root).as_posix(), line, col))
        first = next(iter(frame.f_locals.values()), None)
        if not (code.co_name == "__init__" and first is layer):
            break
        frame = frame.f_back
    return found


def run(job: dict[str, Any]) -> None:
    """Run one command of a project in this process."""
    root = Path(job["root"])
    os.chdir(root / job.get("cwd", "."))
    sys.path[:0] = [str(root / folder) for folder in job.get("path", [])]
    target, *rest = job["argv"]
    sys.argv = [target, *rest]
    if target == "pytest":
        import pytest  # noqa: PLC0415 - few runs need it

        sys.path.insert(0, str(Path.cwd()))
        code = pytest.main(["-q", "-p", "no:cacheprovider", "-W", "ignore", *rest])
        assert code == 0, f"pytest ended with {code}"
    elif target == "-m":
        sys.path.insert(0, str(Path.cwd()))
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif target.endswith(".md"):
        sys.path.insert(0, str(Path.cwd()))
        run_blocks(Path(target))
    elif ":" in target:
        module, _, function = target.partition(":")
        getattr(importlib.import_module(module), function)()
    else:
        sys.path.insert(0, str(Path(target).resolve().parent))
        sys.argv[0] = target
        runpy.run_path(str(Path(target).resolve()), run_name="__main__")


def run_blocks(readme: Path) -> None:
    """Run the Python blocks of a README, one after the other in one namespace."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in FENCE.findall(readme.read_text()):
        exec(compile(block, str(readme.resolve()), "exec"), names)  # noqa: S102 - a README of ours


@contextlib.contextmanager
def prepared(root: Path, sites: Sites) -> Iterator[None]:
    """Set the process up: stand-ins, watched layers, where training stops."""
    _stand_ins.install(stop)
    watch(root, sites)
    for name in dir(torch.nn):
        if name.endswith("Loss"):
            getattr(torch.nn, name).forward = stop
    torch.Tensor.backward = stop
    torch.onnx.export = stop
    np.memmap = stop
    torch.utils.data.DataLoader.__iter__ = stop
    with MetaWeights():
        yield


def answer(job: dict[str, Any]) -> dict[str, Any]:
    """Run a job; say what was built, how the run ended, and at which line of a script that was."""
    root = Path(job["root"]).resolve()
    sites: Sites = {}
    ended, line = "at its end", 0
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
        try:
            with prepared(root, sites):
                run({**job, "root": root})
        except FirstStep:
            ended = "at its first step"
        except SystemExit as error:
            ended = "at its end" if not error.code else f"by sys.exit({error.code!r})"
        except Exception as error:  # noqa: BLE001 - whatever the project raises is the answer
            ended = traceback.format_exc()
            if "cannot be called on meta tensors" in str(error):
                ended = "at its first step"  # a value is asked for: it has begun to compute
            script = str(root / job.get("cwd", ".") / job["argv"][0])
            frames = traceback.extract_tb(error.__traceback__)
            line = next((f.lineno or 0 for f in frames if f.filename == script), 0)
    found = [[*site, list(built.values())] for site, built in sites.items()]
    return {"ended": ended, "line": line, "sites": found}


def main() -> None:
    """Answer each job in a forked child, so that none can spoil another."""
    jobs = json.load(sys.stdin)
    if any(job["argv"][0] == "pytest" for job in jobs):
        importlib.import_module("pytest")
    for job in jobs:
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            print(json.dumps(answer(job)), flush=True)
            os._exit(0)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
