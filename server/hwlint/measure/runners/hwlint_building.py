"""Builds a model from the user's own source, in the process that runs it.

Travels in the folder of a job. Needs Python 3.8 or newer and torch.
"""

# torch, onnx, onnxruntime and numpy are met here as whatever version a device has.
# pyright: basic
from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import sys
from typing import Any, Dict, List, Optional, Sequence, Tuple

import hwlint_support
from hwlint_support import Stop, Work, said, user_trace

Call = Tuple[List[Any], Dict[str, Any]]


class _Reached(BaseException):
    """The part that is asked for has been called. No `except Exception` may swallow it."""


class Subject:
    """What is run: a module and what it is called with."""

    def __init__(self, module: Any, args: List[Any], kwargs: Dict[str, Any]) -> None:
        self.module = module
        self.args = args
        self.kwargs = kwargs


def torch_of(work: Work) -> Any:
    """Import torch."""
    try:
        import torch
    except ImportError as problem:
        raise Stop(
            "setup",
            f"torch cannot be imported by {sys.executable}: {problem}",
            advice=f"{sys.executable} -m pip install torch, or another interpreter with --python",
        ) from None
    torch.manual_seed(work.job["seed"])
    torch.set_num_threads(hwlint_support.threads_of(work.job))
    return torch


def subject_of(work: Work, torch: Any) -> Subject:
    """Build the model, and find what is measured of it and with what it is called."""
    job = work.job
    build = job["build"]
    work.progress("building")
    model = build_model(work, torch)
    work.only_once()
    _check_unit(unit_of(job), torch)
    try:
        model = model.eval().to(unit_of(job))
        if _dtype(work, torch) is not None:
            model = model.to(_dtype(work, torch))
        args, kwargs = call_with(job["inputs"], work, torch)
    except RuntimeError as problem:
        raise (_out_of_memory(problem, work) or problem) from None
    if not build["submodule"]:
        return Subject(model, args, kwargs)
    part = _part(model, build["submodule"])
    args, kwargs = _flowing_into(part, model, args, kwargs, work, torch)
    return Subject(part, args, kwargs)


def unit_of(job: Dict[str, Any]) -> str:
    """Return where torch computes: "cpu" or "cuda"."""
    return "cpu" if job["runner"] == "vela" else job["device"]


def _check_unit(unit: str, torch: Any) -> None:
    if unit == "cpu" or (unit == "cuda" and torch.cuda.is_available()):
        return
    if unit != "cuda":
        raise Stop("setup", f'torch runs on cpu or cuda, not on "{unit}"', advice="--on cuda")
    built = torch.version.cuda
    why = f"it is built for CUDA {built}" if built else "it is built without CUDA"
    raise Stop(
        "setup",
        f"torch {torch.__version__} of {sys.executable} sees no GPU: {why}",
        advice="is the driver there (nvidia-smi), and torch one for CUDA? --on cpu needs neither",
    )


def _out_of_memory(problem: BaseException, work: Work) -> Optional[Stop]:
    """Return what to say where the GPU has too little memory; None for other problems."""
    if type(problem).__name__ != "OutOfMemoryError":  # before torch 2.5 in another module
        return None
    advice = "use a smaller input or --dtype bfloat16, or measure a part"
    return Stop("memory", said(problem), user_trace(problem, work), advice)


def _dtype(work: Work, torch: Any) -> Any:
    """Return what the model is converted to; int8 is made of float32 later."""
    name = work.job["dtype"]
    if name in ("float32", "int8"):
        return None
    return getattr(torch, name)


def build_model(work: Work, torch: Any) -> Any:
    """Evaluate the expression of the job in the user's file."""
    build = work.job["build"]
    advice = ""
    try:
        module = _import(build["module"], build["file"], build["roots"])
        names = dict(vars(module))
        names.update(_helpers(build["roots"]))
        made = eval(build["expression"], names)  # noqa: S307 - the user's own code is what is asked for
    except ImportError as problem:
        advice = f"install it for {sys.executable}, or choose an interpreter with --python"
        raise Stop("build", said(problem), user_trace(problem, work), advice) from None
    except (Stop, SystemExit, MemoryError, KeyboardInterrupt):
        raise
    except BaseException as problem:  # noqa: BLE001 - whatever the user's code raises
        trace = user_trace(problem, work)
        advice = 'say how it is built: --build "Net(width=64)"'
        raise Stop("build", said(problem), trace, advice) from None
    every = made if isinstance(made, (list, tuple)) else [made]
    for item in every:
        if isinstance(item, torch.nn.Module):
            return item
    message = f"{build['expression']} gives {type(made).__name__}, not a torch.nn.Module"
    raise Stop("build", message)


def _import(name: str, path: str, roots: Sequence[str]) -> Any:
    """Import the user's file by its name where that leads to it, else by its path."""
    for root in [os.path.dirname(path), *reversed(roots)]:
        if root not in sys.path:
            sys.path.insert(0, root)
    known = sys.modules.get(name)
    if known is None:
        try:
            known = importlib.import_module(name)
        except ModuleNotFoundError as problem:
            if problem.name is None or not f"{name}.".startswith(f"{problem.name}."):
                raise
    file = getattr(known, "__file__", None)
    if file is not None and os.path.realpath(file) == os.path.realpath(path):
        return known
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _helpers(roots: Sequence[str]) -> Dict[str, Any]:
    def find(name: str, module: str = "", path: str = "") -> Any:
        if module:
            found = _import(module, path, roots)
        else:
            found, name = _longest_module(name)
        for part in name.split("."):
            found = getattr(found, part)
        return found

    def make(cls: type, attributes: Dict[str, Any]) -> Any:
        made = object.__new__(cls)
        for name, value in attributes.items():
            object.__setattr__(made, name, value)  # a frozen dataclass has no other
        return made

    return {"hwlint_name": find, "hwlint_object": make, "hwlint_partial": functools.partial}


def _longest_module(name: str) -> Tuple[Any, str]:
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            return importlib.import_module(".".join(parts[:length])), ".".join(parts[length:])
        except ModuleNotFoundError:
            continue
    raise ImportError(f"no module holds {name}")


def call_with(specs: Sequence[Dict[str, Any]], work: Work, torch: Any) -> Call:
    """Make random inputs."""
    args: List[Any] = []
    kwargs: Dict[str, Any] = {}
    generator = torch.Generator().manual_seed(work.job["seed"])
    target = _dtype(work, torch)
    for spec in specs:
        tensor = _random(spec, torch, generator)
        if target is not None and tensor.is_floating_point():
            tensor = tensor.to(target)
        tensor = tensor.to(unit_of(work.job))
        if spec["name"]:
            kwargs[spec["name"]] = tensor
        else:
            args.append(tensor)
    return args, kwargs


def _random(spec: Dict[str, Any], torch: Any, generator: Any) -> Any:
    dtype, shape = getattr(torch, spec["dtype"]), spec["shape"]
    if dtype.is_floating_point or dtype.is_complex:
        return torch.randn(shape, generator=generator).to(dtype)
    if dtype is torch.bool:
        return torch.ones(shape, dtype=dtype)  # as a mask: nothing is left out
    return torch.randint(0, spec["high"] or 2, shape, generator=generator).to(dtype)


def _part(model: Any, name: str) -> Any:
    try:
        return model.get_submodule(name)
    except AttributeError as problem:
        names = [n for n, _ in model.named_modules() if n][:8]
        advice = f"there is {', '.join(names)}" if names else ""
        raise Stop("build", f'there is no submodule "{name}": {problem}', "", advice) from None


def _flowing_into(
    part: Any, model: Any, args: List[Any], kwargs: Dict[str, Any], work: Work, torch: Any
) -> Call:
    """Run the whole model up to the part, and return what the part is given there."""
    work.progress("running the model up to the part")
    taken: List[Call] = []

    def keep(_: Any, given: Tuple[Any, ...], named: Dict[str, Any]) -> None:
        taken.append((list(given), dict(named)))
        raise _Reached

    handle = part.register_forward_pre_hook(keep, with_kwargs=True)
    problem: Optional[BaseException] = None
    try:
        with torch.inference_mode():
            model(*args, **kwargs)
    except _Reached:
        pass
    except Exception as error:  # noqa: BLE001 - the user's code; what was read may still do
        problem = error
    finally:
        handle.remove()
    return _taken(taken, problem, work, torch)


def _taken(taken: List[Call], problem: Optional[BaseException], work: Work, torch: Any) -> Call:
    build = work.job["build"]
    name, read = build["submodule"], build["submodule_inputs"]
    if taken:
        given, named = taken[0]
        shapes = [list(t.shape) for t in given if isinstance(t, torch.Tensor)]
        wanted = [list(spec["shape"]) for spec in read]
        if read and shapes != wanted:
            work.notes.append(f"{name} is given {shapes}; as it was read, {wanted}")
        return given, named
    if read:
        why = said(problem) if problem is not None else f"forward does not call {name}"
        work.notes.append(f"{name} is given what was read to flow into it: {why}")
        return call_with(read, work, torch)
    if problem is not None:
        raise forward_failed(problem, work)
    raise Stop("forward", f"forward does not call {name}")


def forward_failed(problem: BaseException, work: Work) -> Stop:
    """Say that calling the model failed."""
    short = _out_of_memory(problem, work)
    if short is not None:
        return short
    shapes = ", ".join("x".join(map(str, i["shape"])) or "scalar" for i in work.job["inputs"])
    advice = f"it was called with {shapes or 'nothing'}; say with what: --input 1x3x224x224"
    return Stop("forward", said(problem), user_trace(problem, work), advice)
