"""Weights of layers that are made of other layers."""

from collections.abc import Iterable, Mapping

from hwlint.ops.binding import bind, normalise
from hwlint.ops.spec import Child, LayerSpec, Shapes

__all__ = ["weights_below"]


def weights_below(children: Iterable[Child], rows: Mapping[str, LayerSpec]) -> Shapes:
    """Shapes of the parameters of `children` by dotted name; `rows` has the classes that occur.

    A module that the caller passed in has none here, and a container none of its own.
    """
    found: dict[str, tuple[int, ...]] = {}
    for child in children:
        for name, shape in _weights_of(child, rows).items():
            found[f"{child.name}.{name}"] = shape
    return found


def _weights_of(child: Child, rows: Mapping[str, LayerSpec]) -> Shapes:
    if isinstance(child.given, Child):
        return _weights_of(child.given, rows)
    row = rows.get(child.op) if child.op is not None else None
    if row is None:
        return {}
    values = normalise(row, bind(row, (), child.args).values)
    return row.weights(values)
