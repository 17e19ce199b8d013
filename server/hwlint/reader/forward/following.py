"""Running a model that was built, without running it."""

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from hwlint.graph import Flow as FlowGraph
from hwlint.graph import ModelGraph, Unread
from hwlint.reader.budget import Exhausted
from hwlint.reader.forward.calling import call_module
from hwlint.reader.forward.emission import emit_flow
from hwlint.reader.forward.inputs import (
    ForwardOptions,
    Given,
    InputSpec,
    Shape,
    default_inputs,
    entrance_name,
    make_inputs,
    open_shape,
    texts,
    typed,
)
from hwlint.reader.forward.recording import Flow, tensors_of
from hwlint.reader.values import ModuleInstance, PyRaise, Value
from hwlint.source import SyntaxProblem

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["follow", "with_flow"]


def with_flow(
    interp: "Interpreter",
    graph: ModelGraph,
    model: ModuleInstance | None,
    options: ForwardOptions | None,
    inputs: "Sequence[InputSpec]" = (),
) -> ModelGraph:
    """Add what flows through a model, where that is asked for and it is known what it takes.

    `inputs`: what the comment or the configuration that asks for the model gives it.
    """
    if options is None or model is None:
        return graph
    entry = graph.entry
    asked = [*inputs] or options.of(entry.package, entry.name)
    with _mode(interp, training=options.training):
        if asked:
            given = make_inputs(typed(asked, model))
            return replace(graph, flow=_safely(interp, model, given))
        return replace(graph, flow=_guessed(interp, model, options))


@contextmanager
def _mode(interp: "Interpreter", *, training: bool) -> Generator[None]:
    """Put every module into training or evaluation mode."""
    before, interp.training = interp.training, training
    try:
        yield
    finally:
        interp.training = before


def _guessed(
    interp: "Interpreter", model: ModuleInstance, options: ForwardOptions
) -> FlowGraph | None:
    """Call a model with what it is likely to take, other sizes where one does not fit. That none
    fits proves nothing yet: only an error that comes whatever the size, and at the same place, is
    one of the model's, after the layer that says what it takes."""
    try:
        guesses = default_inputs(interp, model, options)
    except SyntaxProblem as problem:  # of forward itself: what it takes is not known
        reason = f"syntax error: {problem.message}"
        return FlowGraph((), assumed=True, missing=(Unread(problem.place, reason),))
    first: FlowGraph | None = None
    for specs in guesses[:_MOST_GUESSES]:
        flow = _safely(interp, model, make_inputs(specs, assumed=True))
        if flow.mismatch is None:
            return flow
        first = first or flow
    if first is None:
        return None
    if not guesses[0][0].dtype:  # perhaps it takes indices
        flow = _safely(interp, model, make_inputs(texts(options)[0], assumed=True))
        if flow.mismatch is None and flow.complete:
            return flow
    anything = [replace(spec, shape=open_shape(spec)) for spec in guesses[0]]
    proof = _safely(interp, model, make_inputs(anything, assumed=True))
    name = entrance_name(model)
    holds = _has_taken(proof, name, anything[0].shape) and _same_place(proof, first)
    holds = holds and _at_more_ranks(interp, model, (anything, proof, name))
    return replace(first, mismatch=proof.mismatch if holds else None)


def _at_more_ranks(
    interp: "Interpreter",
    model: ModuleInstance,
    proved: tuple[Sequence[InputSpec], FlowGraph, str],
) -> bool:
    """Say whether an error stays the same with a dimension or two more, where the layer that the
    guess was made for takes these too: how many there are was guessed as well."""
    specs, proof, name = proved
    if proof.mismatch is None:
        return False
    for shape in _more_ranks(specs[0].shape):
        others = [replace(specs[0], shape=shape), *specs[1:]]
        again = _safely(interp, model, make_inputs(others, assumed=True))
        if _has_taken(again, name) and not _same_place(again, proof):
            return False
    return True


def _same_place(one: FlowGraph, other: FlowGraph) -> bool:
    """Say whether two runs end in an error at the same place: what comes first without sizes may
    come later, or never, with them."""
    here, there = one.mismatch, other.mismatch
    return here is not None and there is not None and here.place == there.place


def _more_ranks(shape: Shape) -> Iterator[Shape]:
    yield (None, *shape)
    yield (None, None, *shape)


def _has_taken(flow: FlowGraph, name: str, given: Shape | None = None) -> bool:
    """Say whether the layer that the guess was made for took what came to it. Where it did not, or
    was never called, the model takes something of another rank or dtype, and proves nothing.

    `given`: that has to be what the model was given, as it is. What a model makes numbers for its
    first linear layer of is something else: a wave that it cuts into pieces.
    """
    return any(
        call.name == name and call.outputs and (given is None or call.inputs[:1] == (given,))
        for call in flow.calls
    )


_MOST_GUESSES = 8


def _safely(interp: "Interpreter", model: ModuleInstance, given: Given) -> FlowGraph:
    try:
        with _on_its_own(interp):
            return follow(interp, model, given)
    except Exhausted as stop:  # while its modules were counted
        return FlowGraph(given.described, given.assumed, missing=(Unread(None, stop.reason),))
    except Exception as problem:  # a fault of the reader costs one forward, never the run
        if os.environ.get("HWLINT_RAISE"):
            raise
        reason = f"the reader failed ({type(problem).__name__}: {problem})"
        return FlowGraph(given.described, given.assumed, missing=(Unread(None, reason),))


@contextmanager
def _on_its_own(interp: "Interpreter") -> Generator[None]:
    """Begin with a budget of its own and outside of every branch; put all of it back."""
    numbers = {name: getattr(interp, name) for name in _NUMBERS}
    joins = interp.joins
    kept = (interp.site, joins.journals, joins.guards, joins.swallowed, interp.notes)
    steps = interp.budget.steps
    for name in _NUMBERS:
        setattr(interp, name, 0)
    interp.site, joins.journals, joins.guards, joins.swallowed, interp.notes = None, [], [], [], {}
    interp.budget.restart()
    try:
        yield
    finally:
        interp.flow = None
        interp.budget.steps = steps
        interp.site, joins.journals, joins.guards, joins.swallowed, interp.notes = kept
        for name, number in numbers.items():
            setattr(interp, name, number)


_NUMBERS = ("maybe", "depth", "trying", "probing", "guarded", "running")


def follow(interp: "Interpreter", model: ModuleInstance, given: Given) -> FlowGraph:
    """Return what flows through a model that is called with `given`."""
    flow = interp.flow = Flow(interp.callers)
    result: Value = None
    state = interp.followed.begin(model)
    try:
        result = call_module(interp, model, list(given.args), dict(given.kwargs))
        flow.refusal = None
    except PyRaise as problem:
        flow.doubt(problem.text(), problem.place)
        if flow.refusal is not None and flow.refusal[0].value is not problem.value:
            flow.refusal = None
    except (Exhausted, RecursionError) as stop:
        flow.refusal = None
        flow.doubt(stop.reason if isinstance(stop, Exhausted) else "nested too deeply", None)
    except SyntaxProblem as problem:
        flow.doubt(f"syntax error: {problem.message}", problem.place)
    finally:
        interp.followed.end(state)
    if any(t.shape is None or None in t.shape for t in tensors_of(result)):
        flow.doubt("what the model returns is not known", None)
    return emit_flow(flow, model, given, result)
