"""Build models with torch on the meta device and tell which of the claimed layers were built.

Runs under an interpreter that has torch and the libraries; reads jobs as JSON from standard input
and writes one answer a line. It is the only benchmark that executes the code it is about.

    python _oracle.py SITE SCORER < jobs.json
"""

import importlib
import importlib.util
import inspect
import json
import os
import resource
import signal
import sys
import traceback
import typing
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import torch

LIMIT = 120
"""Seconds that one way of building may take."""
MEMORY = 12 << 30

Built = dict[tuple[str, int, str], list[dict[str, Any]]]


def load_scorer(path: Path) -> Any:
    """Load the examiner, for its list of layers and for how it compares arguments."""
    spec = importlib.util.spec_from_file_location("score", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def watch(names: "typing.Iterable[str]", site: Path, built: Built) -> None:
    """Note every construction of the layers with the calls in the libraries that led to it."""
    for name in names:
        layer = getattr(torch.nn, name)
        layer.__init__ = _noting(layer.__init__, name, site, built)


def _noting(init: Callable[..., None], name: str, site: Path, built: Built) -> Callable[..., None]:
    signature = inspect.signature(init)

    @wraps(init)
    def noting(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        values = {key: plain(value) for key, value in list(bound.arguments.items())[1:]}
        for file, line in call_sites(self, site):
            built.setdefault((file, line, name), []).append(values)

    return noting


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return int(value) if hasattr(value, "__index__") else str(value)


def call_sites(layer: Any, site: Path) -> list[tuple[str, int]]:
    """Return the call that builds the layer, and those of `super().__init__` on the way to it."""
    found: list[tuple[str, int]] = []
    frame = sys._getframe(2)  # noqa: SLF001 - there is no other way to the caller's position
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(str(site)):
            position = list(code.co_positions())[frame.f_lasti // 2]
            file = Path(code.co_filename).relative_to(site).as_posix()
            found.append((file, position[0] or frame.f_lineno))
            first = next(iter(frame.f_locals.values()), None)
            if not (code.co_name == "__init__" and first is layer):
                break
        frame = frame.f_back
    return found


def candidates(job: dict[str, Any], site: Path) -> list[Path]:
    """Return the files that may define what the job builds, the nearest first."""
    name, near = job["context"], job["file"]
    found = []
    for path in sorted((site / near.split("/")[0]).rglob("*.py")):
        text = path.read_text(encoding="utf-8", errors="replace")
        if any(f"\n{word} {name}{end}" in text for word in ("class", "def") for end in "(:"):
            found.append(path)
    here = site / near
    return sorted(found, key=lambda p: (p != here, p.parent != here.parent, str(p)))


def build(thing: Any) -> Any:
    """Call a factory or a class the way its defaults, or its configuration's, have it."""
    if not inspect.isclass(thing):
        return thing()
    parameters = list(inspect.signature(thing.__init__).parameters.values())[1:]
    required = [
        p
        for p in parameters
        if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    if not required:
        return thing()
    return thing(**{p.name: config_for(thing, p)() for p in required})


def config_for(thing: Any, parameter: inspect.Parameter) -> Any:
    """Return the class of a required parameter: by its annotation, else the model's own."""
    try:
        hint = typing.get_type_hints(thing.__init__).get(parameter.name)
    except (NameError, TypeError):
        hint = None
    if hint is None and "config" in parameter.name:
        hint = getattr(thing, "config_class", None)
    options = [h for h in typing.get_args(hint) if inspect.isclass(h)] or [hint]
    if not inspect.isclass(options[0]) or options[0] in (int, float, str, bool):
        raise TypeError(f"{parameter.name} of {thing.__name__} has no default")
    return options[0]


def answer(job: dict[str, Any], site: Path, score: Any) -> dict[str, Any]:
    """Try every definition that the name may mean; say which records were built."""
    built: Built = {}
    watch((n for n in score.DIMS if hasattr(torch.nn, n)), site, built)
    errors: list[str] = []
    ways = 0
    for path in candidates(job, site):
        module = ".".join(path.relative_to(site).with_suffix("").parts).removesuffix(".__init__")
        try:
            thing = getattr(importlib.import_module(module), job["context"])
            with torch.device("meta"):
                build(thing)
            ways += 1
        except Exception as error:  # noqa: BLE001 - whatever that code raises is the answer
            trace = traceback.extract_tb(error.__traceback__)[-1]
            errors.append(f"{module}: {type(error).__name__}: {error} ({trace.name})"[:300])
    right = [claimed(record, built, score) for record in job["records"]]
    return {"context": job["context"], "right": right, "ways": ways, "errors": errors[:3]}


def claimed(record: dict[str, Any], built: Built, score: Any) -> bool:
    """Whether a layer with these dimensions was built by that very call."""
    op = record["op"]
    wanted = score.norm(op, record["args"], "core")
    there = built.get((record["file"], record["line"], op), ())
    return any(score.norm(op, args, "core") == wanted for args in there)


def without_compiled_operators() -> None:
    """Let torchvision be imported beside a torch that its compiled operators do not fit."""
    register = torch.library.register_fake

    def forgiving(*args: Any, **kwargs: Any) -> Any:
        decorate = register(*args, **kwargs)

        def attempt(function: Any) -> Any:
            try:
                return decorate(function)
            except RuntimeError:
                return function

        return attempt

    torch.library.register_fake = forgiving


def main() -> None:
    """Answer each job in a forked child, so that none can spoil another."""
    site, scorer = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    sys.path.insert(0, str(site))
    score = load_scorer(scorer)
    without_compiled_operators()
    jobs = json.load(sys.stdin)
    for package in sorted({job["file"].split("/")[0] for job in jobs}):
        importlib.import_module(package)
    for number, job in enumerate(jobs):
        pid = os.fork()
        if not pid:
            signal.alarm(LIMIT)
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
            told = json.dumps({"job": number, **answer(job, site, score)})
            os.write(1, f"{told}\n".encode())
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if code:
            told = {"job": number, "context": job["context"], "errors": [f"ended with {code}"]}
            os.write(1, f"{json.dumps(told)}\n".encode())


if __name__ == "__main__":
    main()
