"""Functions on tensors, by their rows in the table."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from collections.abc import Callable, Iterable, Mapping
from math import prod
from typing import TYPE_CHECKING, Any, TypeVar

from hwlint.ops import FUNCTIONS, bind_call
from hwlint.ops.calls import FunctionSpec, Meta, NothingGiven, Result, ShapeMismatch
from hwlint.reader.dtypes import dtype_name
from hwlint.reader.forward.recording import REFUSAL_STEPS, Event
from hwlint.reader.forward.waits import note_wait
from hwlint.reader.indexing import picks_view
from hwlint.reader.plain_values import NamedPair
from hwlint.reader.shapes import MAX_COUNT
from hwlint.reader.sharing import share
from hwlint.reader.values import Class, External, ListValue, Tensor, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.forward.recording import Flow
    from hwlint.reader.interpreter import Interpreter

__all__ = [
    "apply",
    "in_place",
    "may_run_modules",
    "note_event",
    "observe",
    "quietly",
    "run_bound",
    "tensors_in",
]

Args = list[Value]
Kwargs = dict[str, Value]
Fallback = Callable[[], Value]
T = TypeVar("T")

_TENSORS = frozenset(
    "input other weight bias mask index condition source src tensors tensor1 tensor2 mat1 mat2 "
    "batch1 batch2 vec vec2 tensor query key value attn_mask end grid theta target running_mean "
    "running_var input1 input2 x1 x2 min max exponent values indices hx operands offsets "
    "per_sample_weights logits".split()
)
"""Parameters that take tensors. A tensor of one item that is known counts as its number in any
other."""


def apply(
    interp: "Interpreter",
    spec: FunctionSpec,
    args: Args,
    kwargs: Kwargs,
    by_value: Fallback | None = None,
) -> Value:
    """Return what a function gives; `by_value` computes it where all items are known."""
    if "**" in kwargs:
        flow = interp.flow
        if flow is not None:
            flow.doubt(f"{spec.name}() with arguments that are not known", interp.place)
        return interp.new_tensor(None, None, "")
    try:
        given = bind_call(spec, args, kwargs)
    except TypeError as problem:
        raise interp.error("TypeError", str(problem)) from None
    return run_bound(interp, spec, given, by_value)


def in_place(interp: "Interpreter", spec: FunctionSpec, args: Args, kwargs: Kwargs) -> bool:
    """Keep that the function ran on its first tensor in place; the items are up to the caller.
    False where the function in place takes other arguments."""
    try:
        given = bind_call(spec, args, kwargs)
    except TypeError:
        return False
    made = _result(interp, spec, given)
    event = Event(
        spec.name,
        interp.place,
        tensors_in(given.values()),
        tensors_in(args[:1]),
        spec.macs(given, made),
        "inplace",
    )
    event.spec = spec
    note_event(interp, event)
    return True


def _result(interp: "Interpreter", spec: FunctionSpec, given: dict[str, Value]) -> Result:
    unknown = {k: v.unknown for k, v in given.items() if type(v) is ListValue and v.unknown}
    for name, value in given.items():
        if name not in _TENSORS:
            given[name] = _plain(name, value)
    try:
        # A list that may hold more is as unknown as why it may.
        return _possible(spec.result({**given, **unknown} if unknown else given))
    except ShapeMismatch as problem:
        interp.budget.steps += REFUSAL_STEPS
        raise interp.mismatch(f"{spec.name}(): {problem}") from None
    except NothingGiven as problem:
        raise interp.error("RuntimeError", f"{spec.name}(): {problem}") from None


def _possible(made: Result) -> Result:
    """Return the result without the dims of a tensor that has more items than torch can count."""
    if isinstance(made, Meta):
        known = [d for d in made.shape or () if d]
        if prod(known) <= MAX_COUNT:
            return made
        return Meta((None,) * len(made.shape or ()), made.dtype)
    if isinstance(made, tuple | list):
        return type(made)(map(_possible, made))
    return made


def run_bound(
    interp: "Interpreter",
    spec: FunctionSpec,
    given: dict[str, Value],
    by_value: Fallback | None = None,
) -> Value:
    """Return what a function gives for arguments that are bound by name."""
    made = _result(interp, spec, given)
    inputs = tensors_in(given.values())
    result = _outcome(interp, spec, given, made, inputs, by_value)
    if interp.flow is not None and not interp.flow.quiet:
        event = Event(
            spec.name,
            interp.place,
            inputs,
            tensors_in((result,)),
            spec.macs(given, made),
            _effect(spec, given),
        )
        event.spec = spec
        event.window = _window(spec, given)
        event.order = _order(spec, given)
        note_event(interp, event)
    return result


def _window(spec: FunctionSpec, given: dict[str, Value]) -> int:
    """Return how many items a pooling looks at for each item that it makes."""
    if "_pool" not in spec.name or spec.name.startswith("adaptive"):
        return 1
    size = given.get("kernel_size")
    if isinstance(size, int):
        return size ** int(spec.name[-2])
    sizes = size if isinstance(size, list | tuple) else ()
    return prod([n for n in sizes if isinstance(n, int)])


_ORDERS = frozenset(
    ("permute", "transpose", "swapaxes", "swapdims", "t", "movedim", "moveaxis"),
)


def _order(spec: FunctionSpec, given: dict[str, Value]) -> tuple[int, ...]:
    """Return which axis of its input each axis of the result is, where a function only puts them
    into another order: what it makes of a shape that has each axis' number in its place."""
    value = given.get("input")
    if spec.name not in _ORDERS or not isinstance(value, Tensor) or value.shape is None:
        return ()
    made = spec.result({**given, "input": Meta(tuple(range(len(value.shape))), value.dtype)})
    order = made.shape if isinstance(made, Meta) and made.shape is not None else ()
    known = tuple([axis for axis in order if axis is not None])
    return known if sorted(known) == list(range(len(value.shape))) else ()


def note_event(interp: "Interpreter", event: Event) -> None:
    """Keep an operation, and what is not known of it."""
    flow = interp.flow
    assert flow is not None
    event.maybe = interp.maybe > 0
    flow.record(event, interp.budget)
    if event.name in ("nonzero", "masked_select", "cpu") and event.inputs:
        note_wait(interp, event.name, event.inputs[0])
    if event.macs is None:
        flow.doubt(f"the work of {event.name}() is not known", event.place)
    elif event.macs and event.maybe:
        flow.doubt("a branch that is taken only perhaps", event.place)


def observe(
    interp: "Interpreter", name: str, given: list[Value], result: Value, effect: str = "new"
) -> Value:
    """Keep an operation that has no row and multiplies nothing; return its result."""
    flow = interp.flow
    if flow is not None and not flow.quiet:
        inputs = tensors_in(given)
        event = Event(name, interp.place, inputs, tensors_in((result,)), 0, effect)
        event.spec = _row_of(name)
        note_event(interp, event)
    return result


def _row_of(name: str) -> FunctionSpec | None:
    """Return the row of an operation that is known by its values as well, "add_" as "add"."""
    plain = name.rstrip("_")
    return FUNCTIONS.get(f"torch.{plain}") or FUNCTIONS.get(f"torch.Tensor.{plain}")


def may_run_modules(values: Iterable[Value]) -> bool:
    """Say whether a library that is given these could compute with tensors or call modules."""
    return not all(v is None or isinstance(v, _HARMLESS) for v in values)


_HARMLESS = (int, float, str, bytes, Class, External, Unknown)


def _effect(spec: FunctionSpec, given: Mapping[str, Value]) -> str:
    if given.get("inplace") is True:
        return "inplace"
    if spec.effect == "same" and given.get("training", given.get("train")) is True:
        return "new"
    if spec.name == "index":
        return "view" if picks_view(given["index"]) else "new"
    return spec.effect


def _plain(name: str, value: Value) -> Value:
    if name == "dtype":
        return None if value is None else dtype_name(value)
    if name == "what":
        return tuple([_dtype_given(v) for v in value])
    if isinstance(value, Tensor) and name == "dim":
        return value  # the other one of max() and min()
    if isinstance(value, Tensor):
        return value.data[0] if value.data is not None and len(value.data) == 1 else value
    inner = isinstance(value, tuple) or type(value) is ListValue
    if inner and any(isinstance(v, Tensor | tuple | ListValue) for v in value):
        return tuple([_plain("", v) for v in value])
    return value


def _dtype_given(value: Value) -> Value:
    """Return a tensor of the dtype that an argument of `to` asks for; the argument where none."""
    if isinstance(value, Unknown):
        return Meta(None, "")
    dtype = dtype_name(value)
    if not dtype and isinstance(value, str) and value.startswith("torch."):
        return Meta(None, "")  # "torch.FloatTensor"
    return Meta(None, dtype) if dtype else value


def tensors_in(values: Iterable[Value], depth: int = 0) -> list[Tensor]:
    """Return the tensors among arguments, those in sequences and dicts too."""
    found: list[Tensor] = []
    for value in values:
        if type(value) is Tensor:
            found.append(value)
        elif depth < 4 and isinstance(value, tuple | list):
            found += tensors_in(value, depth + 1)
        elif depth < 4 and isinstance(value, dict):
            found += tensors_in(value.values(), depth + 1)
    return found


def _outcome(
    interp: "Interpreter",
    spec: FunctionSpec,
    given: Mapping[str, Value],
    made: Result,
    inputs: list[Tensor],
    by_value: Fallback | None,
) -> Value:
    effect = _effect(spec, given)
    if effect == "cast" and isinstance(made, Meta) and made.dtype == inputs[0].dtype != "":
        return inputs[0]
    if effect in ("same", "inplace") and inputs:
        if effect == "inplace":
            interp.write_tensor(inputs[0], None)
        return inputs[0]
    if by_value is not None and inputs and all(t.data is not None for t in inputs):
        with_values = _computed(interp, by_value, made)
        if with_values is not None:
            return with_values
    result = _made(interp, made)
    if spec.fields and isinstance(result, tuple):
        return NamedPair(result)
    if effect in ("view", "reshape") and isinstance(result, Tensor) and inputs:
        share(inputs[0], result)
    return result


def quietly(flow: "Flow | None", call: Callable[[], T]) -> T:
    """Return what a call gives; operations in it are not kept: it stands for one that is."""
    if flow is None:
        return call()
    flow.quiet += 1
    try:
        return call()
    finally:
        flow.quiet -= 1


def _computed(interp: "Interpreter", by_value: Fallback, made: Result) -> Value:
    """Return the result with its items where its shape is what the row says."""
    found = quietly(interp.flow, by_value)
    if isinstance(made, Meta) and isinstance(found, Tensor):
        return found if found.shape is not None else None
    return None if isinstance(found, Unknown) else found


def _made(interp: "Interpreter", made: Result) -> Any:
    if isinstance(made, Meta):
        return interp.new_tensor(made.shape, None, made.dtype)
    if isinstance(made, tuple):
        return tuple([_made(interp, m) for m in made])
    if isinstance(made, list):
        return ListValue([_made(interp, m) for m in made], interp.clock)
    return Unknown("pieces of a tensor")
