"""Traces of torch's profiler (Kineto, Chrome's trace format), brought to modules as ours are.

A trace that was recorded with `with_stack=True` has an event for each call of a module, named by
its class and its number among those of that class, in the order in which they are first called:
"nn.Module: Conv2d_3". The reader knows that order too.
"""

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from attrs import define, field, frozen

from hwlint.engine.errors import UserError
from hwlint.measure.job import OperatorTime
from hwlint.measure.subject import Subject

__all__ = ["Trace", "read_trace"]

_MODULE = re.compile(r"nn\.Module: (.+)_(\d+)$")
_MICRO = 1e-6
_DEVICE_WORK = ("kernel", "gpu_memcpy", "gpu_memset")


@frozen
class Trace:
    """What a trace says of one model."""

    runs: tuple[float, ...]
    """Seconds of each call of the model, the profiler's own work included."""
    operators: tuple[OperatorTime, ...]
    notes: tuple[str, ...]


@frozen
class _Event:
    name: str
    category: str
    thread: object
    start: float
    """Microseconds."""
    seconds: float
    id: object
    """Of an operator, which what it starts on a device names."""

    @property
    def end(self) -> float:
        return self.start + self.seconds / _MICRO


@define
class _Account:
    seconds: float = 0.0
    calls: int = 0
    ids: set[object] = field(factory=set[object])


def read_trace(file: Path, subject: Subject) -> Trace:
    """Read what a trace says of a model.

    Raises:
        UserError: Where it is no trace, or none of this model with the calls of its modules.
    """
    events = sorted(_events(file), key=lambda e: (str(e.thread), e.start, -e.seconds))
    if not any(_MODULE.match(event.name) for event in events):
        raise UserError(
            f"{file}: no calls of modules in there: record it with "
            "torch.profiler.profile(with_stack=True)"
        )
    root = subject.calls[0][0] if subject.calls else subject.name
    runs = [event for event in events if event.name == f"nn.Module: {root}_0"]
    if not runs:
        raise UserError(f"{file}: {root} is not called in there")
    names, notes = _names(events, subject)
    found = _accounts(events, f"{root}_0")
    device = _device_seconds(events)
    times = [
        OperatorTime(
            name=operator,
            module=names.get(label),
            seconds=(_on_device(account, device) if device else account.seconds) / len(runs),
            calls=max(1, round(account.calls / len(runs))),
        )
        for (label, operator), account in found.items()
    ]
    return Trace(tuple(run.seconds for run in runs), tuple(times), tuple(notes))


def _events(file: Path) -> Iterator[_Event]:
    try:
        data = file.read_bytes()
        text = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        document = json.loads(text)
        entries = cast("list[dict[str, object]]", document["traceEvents"])
    except (OSError, EOFError, ValueError, KeyError, TypeError) as problem:
        raise UserError(f"{file}: no trace of torch's profiler: {problem}") from None
    for entry in entries:
        if entry.get("ph") != "X":
            continue
        arguments = cast("dict[str, object]", entry.get("args") or {})
        yield _Event(
            name=str(entry.get("name")),
            category=str(entry.get("cat")),
            thread=entry.get("tid"),
            start=float(cast("float", entry["ts"])),
            seconds=float(cast("float", entry.get("dur", 0))) * _MICRO,
            id=arguments.get("External id"),
        )


def _names(events: Iterable[_Event], subject: Subject) -> tuple[Mapping[str, str], list[str]]:
    """Return qualified names by the trace's labels, for classes with as many modules in both."""
    seen: dict[str, set[int]] = {}
    for event in events:
        match = _MODULE.match(event.name)
        if match is not None:
            seen.setdefault(match[1], set()).add(int(match[2]))
    known: dict[str, list[str]] = {}
    for class_name, name in subject.calls:
        known.setdefault(class_name, []).append(name)
    names: dict[str, str] = {}
    notes: list[str] = []
    for class_name, modules in known.items():
        numbers = seen.get(class_name, set())
        if len(numbers) == len(modules):
            names |= {f"{class_name}_{n}": m for n, m in zip(sorted(numbers), modules, strict=True)}
        else:
            notes.append(
                f"{len(numbers)} of {class_name} are called in the trace, "
                f"{len(modules)} as it was read: their time has no line"
            )
    return names, notes


def _accounts(events: Sequence[_Event], root: str) -> Mapping[tuple[str, str], _Account]:
    """Add up outermost operators inside of the model, by module and operator."""
    found: dict[tuple[str, str], _Account] = {}
    stack: list[_Event] = []
    inside: _Account | None = None
    for event in events:
        while stack and (stack[-1].thread != event.thread or stack[-1].end <= event.start):
            stack.pop()
        labels = [e.name.removeprefix("nn.Module: ") for e in stack if _MODULE.match(e.name)]
        within = [e for e in stack if e.category == "cpu_op"]
        if event.category == "cpu_op" and root in labels and not within:
            inside = found.setdefault((labels[-1], event.name), _Account())
            inside.seconds += event.seconds
            inside.calls += 1
        if event.category == "cpu_op" and inside is not None and root in labels:
            inside.ids.add(event.id)
        stack.append(event)
    return found


def _device_seconds(events: Iterable[_Event]) -> Mapping[object, float]:
    """Return what each operator started on a device took there."""
    found: dict[object, float] = {}
    for event in events:
        if event.category in _DEVICE_WORK and event.id is not None:
            found[event.id] = found.get(event.id, 0.0) + event.seconds
    return found


def _on_device(account: _Account, device: Mapping[object, float]) -> float:
    return sum(device.get(id_, 0.0) for id_ in account.ids)
