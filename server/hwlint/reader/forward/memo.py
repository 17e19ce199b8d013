"""Calls of modules, remembered by what a module is and what it is given.

A call that changed nothing outside of itself is kept as a `Template`. A call like it, of a module
that is built alike, is not followed again: it gives what the template gave, and its operations
are said again at emission, with this module's names and tensors.

Two modules are alike where their class, their attributes, parameters, buffers and submodules are,
by value. What a call reads beyond that is reached through objects that are the same for both
(classes, functions, globals); where one of these changes, all templates are dropped. A module of
which a part changes while a model runs is not looked up again in that run.
"""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from functools import cached_property
from typing import TYPE_CHECKING, Any

from hwlint.reader.forward.alike import Arguments, NotAlike, Numbers
from hwlint.reader.forward.escapes import Escapes
from hwlint.reader.forward.recording import Call, Flow, Replay, tensors_of
from hwlint.reader.forward.templates import Belongings, Template
from hwlint.reader.forward.waits import is_aside
from hwlint.reader.values import (
    Args,
    BoundMethod,
    Builtin,
    Kwargs,
    ModuleInstance,
    Tensor,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["ForwardMemo"]

MAX_KEPT = 20_000
"""Operations and calls that templates may hold together before all are dropped."""


class ForwardMemo:
    """The calls of one process."""

    def __init__(self, interp: "Interpreter") -> None:
        self.interp = interp
        self.enabled = True
        self.templates: dict[Any, Template | None] = {}
        self.numbers = Numbers()
        self.kept = 0
        self.since = 0
        self.running = False
        self.escapes = Escapes(0)

    # --- one run of a model -----------------------------------------------------------------

    def begin(self, model: ModuleInstance) -> Any:
        """Start a run; returns what `end` takes."""
        memo = self.interp.memo
        if self.kept > MAX_KEPT or memo.world is not None:
            self.forget()
            self.numbers = Numbers()
        self.interp.clock += 1
        self.numbers.begin(self.interp.clock, model)
        state = memo.recordings, memo.stamp
        memo.recordings, memo.stamp = [], self.interp.clock
        self.since, self.running = self.interp.clock, True
        self.escapes = Escapes(self.since)
        return state

    def end(self, state: Any) -> None:
        """End a run. What it could have seen counts as shared from here on."""
        memo = self.interp.memo
        memo.recordings = state[0]
        self.interp.clock += 1
        self.since = self.interp.clock
        memo.stamp = max(state[1], self.since)
        self.running = False
        self.numbers.begin(0, None)
        if memo.world is not None:
            self.forget()  # what a program changed is put back without a word

    def changed(self, value: Value) -> None:
        """Note that something is about to change."""
        if value.stamp >= self.since:
            return
        if self.running and self.numbers.drop(value):
            return
        self.forget()
        if self.running:
            self.escapes.through(value)

    def drop(self, cells: "set[tuple[str, str]]") -> None:
        """Drop the templates that rest on any of the cells."""
        kept = self.templates.items()
        for key in [k for k, t in kept if t is None or not cells.isdisjoint(t.cells)]:
            del self.templates[key]

    def forget(self) -> None:
        """Drop all templates."""
        self.templates.clear()
        self.kept = 0

    # --- one call ---------------------------------------------------------------------------

    def call(self, module: ModuleInstance, forward: Value, args: Args, kwargs: Kwargs) -> Value:
        """Call a module while a model is followed, or say again what a call like it did."""
        flow = self.interp.flow
        assert flow is not None
        if _is_one_operation(module, forward):  # as soon run as looked up
            return self._run(flow, module, forward, args, kwargs).outputs
        found = self._key(flow, module, args, kwargs)
        if found is None:
            return self._run(flow, module, forward, args, kwargs).outputs
        key, tensors = found
        if key not in self.templates:
            return self._record(key, tensors, (flow, module, forward, args, kwargs))
        template = self.templates[key]
        if template is None or not self._fits(template):
            return self._run(flow, module, forward, args, kwargs).outputs
        return self._replay(flow, template, module, tensors)

    def _key(
        self, flow: Flow, module: ModuleInstance, args: Args, kwargs: Kwargs
    ) -> tuple[Any, list[Tensor]] | None:
        interp = self.interp
        joins = interp.joins
        if not self.enabled or not self.running or interp.maybe or flow.quiet:
            return None
        if joins.journals or joins.guards or interp.handling or interp.trying or interp.probing:
            return None
        if self.escapes.changed():
            self.forget()
        number = self.numbers.of(module)
        if number is None or self.escapes.wild:
            return None
        given = Arguments(self.numbers, self._modelled)
        try:
            key = [given.frozen(v) for v in args]
            named = [(k, given.frozen(v)) for k, v in kwargs.items()]
        except NotAlike:
            return None
        # An operation without a call of its own stands where the program last called something.
        shared = (
            interp.site,
            interp.training,
            interp.guarded,
            interp.roots is None,
            len(interp.marks),
            any(is_aside(frame.site) for frame in interp.callers),
        )
        return (number, tuple(key), tuple(named), shared), given.tensors

    @cached_property
    def _modelled(self) -> set[int]:
        return {id(value) for value in self.interp.modelled.values()}

    def _fits(self, template: Template) -> bool:
        """Say whether following the call would end by itself here too."""
        interp = self.interp
        budget = interp.budget
        return interp.depth <= template.depth and budget.steps + template.steps <= budget.limit

    def _run(
        self, flow: Flow, module: ModuleInstance, forward: Value, args: Args, kwargs: Kwargs
    ) -> Call:
        interp = self.interp
        call = flow.enter(module, interp.place)
        call.maybe = interp.maybe > 0
        call.inputs = tensors_of((*args, *kwargs.values()))
        try:
            call.outputs = interp.call(forward, args, kwargs)
            call.made = tensors_of(call.outputs)
        finally:
            flow.leave(call)
        return call

    # --- recording --------------------------------------------------------------------------

    def _record(self, key: Any, tensors: list[Tensor], given: Any) -> Value:
        flow: Flow = given[0]
        interp, memo = self.interp, self.interp.memo
        outer = interp.built, interp.cells, flow.held, flow.doubts, memo.stamp
        interp.built, interp.cells, flow.held, flow.doubts = set(), set(), {}, {}
        recording = memo.start()
        template = Template(tensors, interp.depth, recording.stamp, memo.entry_stamp)
        steps, count = interp.budget.steps, flow.count
        self.templates[key] = None
        try:
            call = self._run(*given)
        finally:
            memo.recordings.remove(recording)
            template.built, template.cells = interp.built, interp.cells
            held, template.doubts = flow.held, flow.doubts
            interp.built, interp.cells, flow.held, flow.doubts, memo.stamp = outer
            interp.built |= template.built
            interp.cells |= template.cells
            flow.held.update(held)
            for where, unknown in template.doubts.items():
                flow.doubts.setdefault(where, unknown)
        if recording.impure or self.escapes.wild or self.numbers.stale:
            return call.outputs
        template.site = interp.site
        template.steps, template.count = interp.budget.steps - steps, flow.count - count
        template.held = [(tensor, until - count) for tensor, until in held.values()]
        self._keep(key, template, call)
        return call.outputs

    def _keep(self, key: Any, template: Template, call: Call) -> None:
        """Keep a call as a template if another one can be said by it."""
        assert call.module is not None
        own = Belongings.of(call.module)
        if own is None or any(id(tensor) in own.tensors for tensor in template.tensors):
            return
        try:
            self.kept += template.fill(call, own)
        except NotAlike:
            return
        self.templates[key] = call.template = template

    # --- saying it again --------------------------------------------------------------------

    def _replay(
        self, flow: Flow, template: Template, module: ModuleInstance, tensors: list[Tensor]
    ) -> Value:
        interp = self.interp
        interp.budget.steps += template.steps
        interp.built |= template.built
        interp.cells |= template.cells
        for where, unknown in template.doubts.items():
            flow.doubts.setdefault(where, unknown)
        flow.count += template.count
        interp.site = template.site
        result, fresh = template.again(module, tensors, interp.clock)
        flow.stack[-1].items.append(Replay(template, module, "", tensors, fresh, flow.through()))
        return result


def _is_one_operation(module: ModuleInstance, forward: Value) -> bool:
    """Say whether a module is a layer of torch's that is made of no others."""
    if type(forward) is not BoundMethod or type(forward.func) is not Builtin:
        return False
    return module.layer is not None and not module.tables()[0]
