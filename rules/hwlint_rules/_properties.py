"""Properties of layers that profiles put bounds on."""

from collections.abc import Callable, Mapping
from math import prod
from typing import cast

from hwlint.api import Layer, Limit

__all__ = ["applies", "holds", "value_of"]

Sides = tuple[int, ...]


def value_of(layer: Layer, name: str) -> int | None:
    """Return a property of a layer as one number: of several directions, the one farthest out.

    None where it is not known, or where only a run would tell it.
    """
    if name in _DERIVED:
        return _DERIVED[name](layer)
    if name in ("stride", "kernel_size", "padding", "dilation", "scale_factor"):
        sides = _sides(layer, name)
        return max(sides) if sides else None
    argument = layer.args.get(name)
    value = argument.value if argument is not None and argument.known else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def holds(limit: Limit, value: int) -> bool:
    """Whether a value keeps a bound."""
    if limit.allowed and value not in limit.allowed:
        return False
    if limit.minimum is not None and value < limit.minimum:
        return False
    if limit.maximum is not None and value > limit.maximum:
        return False
    return limit.multiple is None or value % limit.multiple == 0


def applies(layer: Layer, limit: Limit) -> bool:
    """Whether the bound is one for this layer."""
    return not limit.applies or any(_IS[name](layer) for name in limit.applies)


def _sides(layer: Layer, name: str) -> Sides:
    """Return a size in each direction; () where any is not known. One number is all of them."""
    argument = layer.args.get(name)
    value = argument.value if argument is not None and argument.known else None
    values = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
    sides = tuple(int(v) for v in values if isinstance(v, int | float) and v == int(v))
    return sides if len(sides) == len(values) else ()


def _pairs(layer: Layer, name: str, directions: int) -> Sides:
    sides = _sides(layer, name)
    return sides * directions if len(sides) == 1 else sides


def _directions(layer: Layer) -> int:
    digit = layer.op[-2:-1]
    return int(digit) if digit.isdigit() else 1


def _kernel(layer: Layer) -> Sides:
    return _pairs(layer, "kernel_size", _directions(layer))


def _dilated(layer: Layer) -> Sides:
    kernel, dilation = _kernel(layer), _pairs(layer, "dilation", _directions(layer))
    if len(kernel) != len(dilation):
        return ()
    return tuple((size - 1) * step + 1 for size, step in zip(kernel, dilation, strict=True))


def _first(sides: Sides) -> int | None:
    return sides[0] if sides else None


def _last(sides: Sides) -> int | None:
    return sides[-1] if sides else None


def _ratio(layer: Layer) -> int | None:
    steps = _pairs(layer, "dilation", _directions(layer))
    if not steps:
        return None
    return 1 if len(set(steps)) == 1 else max(steps)


def _per_group(layer: Layer) -> int | None:
    groups = value_of(layer, "groups")
    ends = [value_of(layer, f"{end}_channels") for end in ("in", "out")]
    known = [end for end in ends if end is not None]
    if not groups or len(known) != len(ends):
        return None
    return min(end // groups for end in known)


def _is_bidirectional(layer: Layer) -> int | None:
    argument = layer.args.get("bidirectional")
    if argument is None or not isinstance(argument.value, bool):
        return None
    return 1 + argument.value


def _normalized(layer: Layer) -> int | None:
    argument = layer.args.get("normalized_shape")
    value = argument.value if argument is not None and argument.known else None
    return len(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else None


def _axis(layer: Layer) -> int | None:
    """Return an axis where it is counted from the end: that of a positive one is not known."""
    argument = layer.args.get("dim")
    value = argument.value if argument is not None and argument.known else None
    return value if isinstance(value, int) and value < 0 else None


def _area(sides: Sides) -> int | None:
    return prod(sides) if sides else None


def _unknown(layer: Layer) -> None:
    """What depends on the input."""
    del layer


_DERIVED: Mapping[str, Callable[[Layer], int | None]] = {
    "channels_per_group": _per_group,
    "dilated_kernel_area": lambda layer: _area(_dilated(layer)),
    "dilation_ratio": _ratio,
    "dim": _axis,
    "directions": _is_bidirectional,
    "kernel_area": lambda layer: _area(_kernel(layer)),
    "kernel_depth": lambda layer: _first(_kernel(layer)),
    "kernel_height": lambda layer: _first(_kernel(layer)),
    "kernel_width": lambda layer: _last(_kernel(layer)),
    "normalized_dims": _normalized,
    "rank": _unknown,
}


def _is_depthwise(layer: Layer) -> bool:
    groups = value_of(layer, "groups")
    return groups is not None and groups > 1 and groups == value_of(layer, "in_channels")


def _is_dilated(layer: Layer) -> bool:
    return (value_of(layer, "dilation") or 1) > 1


def _is_padded(layer: Layer) -> bool:
    return (value_of(layer, "padding") or 0) > 0


def _is_two_sided(layer: Layer) -> bool:
    return min(_kernel(layer), default=1) > 1


_IS: Mapping[str, Callable[[Layer], bool]] = {
    "depthwise": _is_depthwise,
    "dilated": _is_dilated,
    "padded": _is_padded,
    "two-sided": _is_two_sided,
}
