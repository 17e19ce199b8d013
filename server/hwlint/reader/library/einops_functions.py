"""einops: rearrange, reduce and repeat, as functions and as layers.

A pattern such as "b c (h p) (w q) -> b (h w) (p q c)" names the dimensions on both sides. Sizes
come from the tensor and from the keywords; the shape on the right is what they multiply to.
"""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from hwlint.reader import builtin_classes as core
from hwlint.reader.forward.functions import observe
from hwlint.reader.library.modules import MODULE
from hwlint.reader.library.tensor_rules import unknown_tensor
from hwlint.reader.values import (
    Args,
    Builtin,
    Class,
    DictValue,
    Kwargs,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE", "shape_of"]

Groups = list[list[str]]
Sizes = dict[str, int | None]

MAX_PATTERN = 1_000
_GROUP = re.compile(r"\(([^()]*)\)|([^\s()]+)")
_DOTS = "..."
_EACH = "... outside brackets"


def shape_of(
    pattern: str, shape: tuple[int | None, ...], axes: Mapping[str, int | None]
) -> tuple[int | None, ...] | None:
    """Return the shape that a pattern makes of one; None where pattern and shape do not fit.

    A dimension that is not known is None, in the arguments and in the result.
    """
    left, arrow, right = pattern.replace("\N{HORIZONTAL ELLIPSIS}", _DOTS).partition("->")
    if not arrow or len(pattern) > MAX_PATTERN:
        return None
    groups = _groups(left)
    extra = len(shape) - len(groups) + 1 if [_EACH] in groups else 0
    if extra < 0:
        return None
    dots = [f"{_DOTS}{i}" for i in range(extra)]
    given = _spread(groups, dots)
    sizes: Sizes = dict(axes)
    if len(given) != len(shape) or not all(
        _solve(group, dim, sizes) for group, dim in zip(given, shape, strict=True)
    ):
        return None
    made = [_product(group, sizes) for group in _spread(_groups(right), dots)]
    return tuple(made) if -1 not in made else None


def _groups(side: str) -> Groups:
    return [
        [_EACH if found[2] == _DOTS else found[2]] if found[2] else (found[1] or "").split()
        for found in _GROUP.finditer(side)
    ]


def _spread(groups: Groups, dots: list[str]) -> Groups:
    """Put the dimensions that `...` stands for in its place; within a group they multiply."""
    out: Groups = []
    for group in groups:
        if group == [_EACH]:
            out += [[dot] for dot in dots]
        else:
            out.append([n for name in group for n in (dots if name == _DOTS else [name])])
    return out


def _solve(group: list[str], dim: int | None, sizes: Sizes) -> bool:
    """Learn the sizes of a group's names from its dimension; False where they do not fit."""
    for name in group:
        if name.isdigit():
            sizes[name] = int(name)
    open_names = [name for name in group if name not in sizes]
    known = [sizes[name] for name in group if name in sizes]
    if dim is None or None in known or len(open_names) > 1:
        sizes.update(dict.fromkeys(open_names))
        return True
    product = math.prod(size for size in known if size is not None)
    if not open_names:
        return product == dim
    if product == 0 or dim % product:
        return False
    sizes[open_names[0]] = dim // product
    return True


def _product(group: list[str], sizes: Sizes) -> int | None:
    """Return the size of a group; -1 where the pattern does not say one of its names."""
    total: int | None = 1
    for name in group:
        size = int(name) if name.isdigit() else sizes.get(name, -1)
        if size == -1:
            return -1
        total = None if total is None or size is None else total * size
    return total


def _apply(name: str, given: Args, axes: Mapping[str, Value], interp: "Interpreter") -> Value:
    value, pattern = given[0], given[1]
    if isinstance(value, Unknown) or not isinstance(value, Tensor):
        return value if isinstance(value, Unknown) else interp.new_tensor(None, None, "")
    plain = {k: v if isinstance(v, int) else None for k, v in axes.items()}
    made = None
    if isinstance(pattern, str) and value.shape is not None and "**" not in axes:
        made = shape_of(pattern, value.shape, plain)
    if made is None:
        return unknown_tensor(interp, value)
    result = interp.new_tensor(made, None, value.dtype, value.kind)
    return observe(interp, name, [value], result)


def _function(name: str, own: int, *keywords: str) -> Builtin:
    """Return `einops.name(tensor, pattern, ..., **axes)`, with `own` parameters by position."""

    def call(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        given = [*args, *[kwargs[k] for k in keywords[len(args) :] if k in kwargs]]
        axes = {k: v for k, v in kwargs.items() if k not in keywords}
        if len(given) != own:
            return Unknown(f"einops.{name}()")
        return _apply(name, given, axes, interp)

    return Builtin(f"einops.{name}", call)


_FUNCTIONS = {
    "rearrange": _function("rearrange", 2, "tensor", "pattern"),
    "repeat": _function("repeat", 2, "tensor", "pattern"),
    "reduce": _function("reduce", 3, "tensor", "pattern", "reduction"),
}


def _layer(name: str, function: Builtin, *parameters: str) -> Class:
    """Return the layer that keeps a pattern and applies it to its input."""

    def init(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        module, rest = args[0], list(args[1:])
        rest += [kwargs[p] for p in parameters[len(rest) :] if p in kwargs]
        axes = {k: v for k, v in kwargs.items() if k not in parameters}
        if len(rest) != len(parameters):
            raise interp.error("TypeError", f"{name}() takes {len(parameters)} arguments")
        interp.set_plain(module, "pattern", rest[0])
        interp.set_plain(module, "_given", tuple(rest))
        interp.set_plain(module, "axes_lengths", DictValue(axes, interp.clock))
        return None

    def forward(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        value = [*args[1:], *kwargs.values()]
        axes = dict(args[0].attrs["axes_lengths"])
        return interp.call(function, [*value, *args[0].attrs["_given"]], axes)

    made = core.make(name, MODULE, module="einops.layers.torch")
    made.is_module = True
    made.attrs["__init__"] = Builtin("__init__", init)
    made.attrs["forward"] = Builtin("forward", forward)
    return made


TABLE: dict[str, Value] = {
    **{f"einops.{name}": function for name, function in _FUNCTIONS.items()},
    "einops.layers.torch.Rearrange": _layer("Rearrange", _FUNCTIONS["rearrange"], "pattern"),
    "einops.layers.torch.Reduce": _layer("Reduce", _FUNCTIONS["reduce"], "pattern", "reduction"),
}
