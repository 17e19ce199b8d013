"""What mends a finding, as several rules propose it."""

from hwlint.api import LAYERS, Change, Layer, Origin, Place, Rename, SetArgument, SetNumber

__all__ = ["activation_for", "number_for", "padded", "without_bias"]


def padded(
    literal: Origin | None, after: int | None, *, outputs: bool = False
) -> tuple[Change, ...]:
    """Return the change of a literal that is a width; what has to agree with it is found by trying.

    `outputs`: what the model returns may get wider with it.
    """
    value = literal.value if literal is not None else None
    if literal is None or literal.place is None or after is None or not _is_number(value):
        return ()
    assert isinstance(value, int)
    name = f"{literal.name} " if literal.name else ""
    step = SetNumber(literal.place, value, after)
    title = f"Pad {name}{value} -> {after}"
    return (Change(title, (step,), coupled=True, outputs=outputs),)


def number_for(layer: Layer, argument: str, after: int | None) -> tuple[Change, ...]:
    """Return the change of a whole number that a layer is built with, where it is written as it
    is."""
    origin = layer.args[argument].origin
    if origin is None or origin.place is None or after is None or not _is_number(origin.value):
        return ()
    assert isinstance(origin.value, int)
    name = origin.name or argument
    step = SetNumber(origin.place, origin.value, after)
    return (Change(f"Set {name} {origin.value} -> {after}", (step,), alters=(argument,)),)


def without_bias(layer: Layer) -> tuple[Change, ...]:
    """Return the change of a call that builds a layer without its bias."""
    if layer.class_name.rpartition(".")[2] != layer.op:
        return ()
    names = [parameter.name for parameter in LAYERS[layer.op].parameters]
    step = SetArgument(layer.place, "bias", "False", names.index("bias"))
    return (Change("Leave out the bias", (step,), alters=("bias",)),)


def activation_for(op: str, place: Place, instead: str, called: str = "") -> tuple[Change, ...]:
    """Return the change of an activation for another: a layer built at `place`, or the function
    `called` there."""
    alters = ("op", "operations")
    if called:
        forward = LAYERS[instead].forward
        if forward is None:
            return ()
        name = forward.function.rpartition(".")[2]
        step = Rename(place, called, name, single=not _alike(op, instead))
        return (Change(f"Use {step.after} for {called}", (step,), "numerics", alters),)
    step = Rename(place, op, instead, None if _alike(op, instead) else "")
    return (Change(f"Use {instead} for {op}", (step,), "numerics", alters),)


def _alike(op: str, instead: str) -> bool:
    """Whether two layers take the same arguments."""
    names = [[p.name for p in LAYERS[name].parameters] for name in (op, instead)]
    return names[0] == names[1]


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
