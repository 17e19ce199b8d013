"""Running a model that was built, without running it."""

from typing import TYPE_CHECKING

from hwlint.graph import Flow as FlowGraph
from hwlint.reader.budget import Exhausted
from hwlint.reader.forward.calling import call_module
from hwlint.reader.forward.emission import emit_flow, outputs_of
from hwlint.reader.forward.inputs import Given
from hwlint.reader.forward.recording import Flow
from hwlint.reader.values import ModuleInstance, PyRaise, Value
from hwlint.source import SyntaxProblem

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["follow"]


def follow(interp: "Interpreter", model: ModuleInstance, given: Given) -> FlowGraph:
    """Return what flows through a model that is called with `given` in evaluation mode."""
    flow = interp.flow = Flow()
    interp.training = False
    interp.maybe = interp.depth = interp.trying = interp.probing = interp.guarded = 0
    interp.joins.journals, interp.joins.swallowed = [], []
    interp.site = None
    result: Value = None
    try:
        result = call_module(interp, model, list(given.args), dict(given.kwargs))
    except PyRaise as problem:
        flow.doubt(problem.text(), problem.place)
    except (Exhausted, RecursionError) as stop:
        flow.doubt(stop.reason if isinstance(stop, Exhausted) else "nested too deeply", None)
    except SyntaxProblem as problem:
        flow.doubt(f"syntax error: {problem.message}", problem.place)
    finally:
        interp.flow, interp.training = None, True
    if any(t.shape is None or None in t.shape for t in outputs_of(result)):
        flow.doubt("what the model returns is not known", None)
    return emit_flow(flow, model, given, result)
