"""Losses that hold the classifier in front of them."""

from itertools import chain, pairwise
from math import prod
from typing import cast

from hwlint.ops import linear
from hwlint.ops._composed import weights_below
from hwlint.ops._rows import (
    integer,
    is_real,
    is_tuple,
    is_whole,
    layer,
    require_sizes,
    shape,
    spread,
    stored,
)
from hwlint.ops.spec import Child, Shapes, Values

__all__ = ["ROWS"]

_LINEAR = {row.op: row for row in linear.ROWS}


def _head_width(values: Values) -> object:
    """Classes times the features of each, or the argument that leaves it unknown."""
    classes, features = values["num_classes"], values["out_features"]
    if not (is_whole(classes) and is_tuple(features)):
        return features if is_whole(classes) else classes
    unknown = [item for item in features if not is_whole(item)]
    return unknown[0] if unknown else prod(shape(values, "out_features"), start=classes)


def _head(values: Values) -> tuple[Child, ...]:
    args = {name: values[name] for name in ("in_features", "bias", "device", "dtype")}
    return (Child("linear", "Linear", {**args, "out_features": _head_width(values)}),)


def _head_weights(values: Values) -> Shapes:
    return weights_below(_head(values), _LINEAR)


def _check_head(values: Values) -> None:
    smoothing = values["label_smoothing"]
    if is_real(smoothing) and not 0 <= smoothing <= 1:
        raise RuntimeError(f"expected label_smoothing to be in range [0, 1], got {smoothing}")
    require_sizes(values, "in_features", "num_classes")


def _cutoffs(values: Values) -> Values:
    cutoffs = values["cutoffs"]
    return {} if is_whole(cutoffs) else {"cutoffs": spread(cutoffs, 1)}


def _known_ends(values: Values) -> tuple[int, ...] | None:
    """Where each group of classes ends, the most frequent ones first."""
    cutoffs = values["cutoffs"]
    whole = is_tuple(cutoffs) and cutoffs and all(map(is_whole, cutoffs))
    if not (whole and is_whole(values["n_classes"])):
        return None
    return (*shape(values, "cutoffs"), integer(values, "n_classes"))


def _tail(values: Values, ends: tuple[int, ...]) -> list[Child]:
    width, shrink = integer(values, "in_features"), cast(float, values["div_value"])
    found: list[Child] = []
    for index, (start, end) in enumerate(pairwise(ends)):
        inner = int(width // shrink ** (index + 1))
        found.append(Child(f"tail.{index}", "Sequential"))
        for place, sizes in enumerate(((width, inner), (inner, end - start))):
            found.append(_matrix(values, f"tail.{index}.{place}", *sizes, False))
    return found


def _matrix(values: Values, name: str, inputs: object, outputs: object, bias: object) -> Child:
    placed = {"device": values["device"], "dtype": values["dtype"]}
    args = {"in_features": inputs, "out_features": outputs, "bias": bias}
    return Child(name, "Linear", args | placed)


def _adaptive_parts(values: Values) -> tuple[Child, ...]:
    ends = _known_ends(values)
    width, bias = values["in_features"], values["head_bias"]
    if ends is None:
        # Only the caller's sequence says how many there are.
        unknown = values["cutoffs"]
        return (_matrix(values, "head", width, unknown, bias), Child("tail", given=unknown))
    head = _matrix(values, "head", width, ends[0] + len(ends) - 1, bias)
    known = is_whole(width) and is_real(values["div_value"])
    if not known:
        return (head, Child("tail", given=values["div_value"] if is_whole(width) else width))
    return (head, Child("tail", "ModuleList"), *_tail(values, ends))


def _adaptive_weights(values: Values) -> Shapes:
    return weights_below(_adaptive_parts(values), _LINEAR)


def _adaptive_attributes(values: Values) -> Values:
    found = stored("in_features n_classes div_value head_bias")(values)
    ends = _known_ends(values)
    if ends is None:
        return {**found, "cutoffs": values["cutoffs"]}
    clusters = len(ends) - 1
    counts = {
        "shortlist_size": ends[0],
        "n_clusters": clusters,
        "head_size": ends[0] + clusters,
    }
    return {**found, "cutoffs": list(ends), **counts}


def _check_adaptive(values: Values) -> None:
    if is_tuple(values["cutoffs"]) and not values["cutoffs"]:
        raise ValueError("cutoffs should be a sequence of length larger than 0")
    ends = _known_ends(values)
    if ends and not all(start < end for start, end in pairwise(chain((0,), ends))):
        raise ValueError(
            "cutoffs should be a sequence of unique, positive integers sorted in an increasing "
            "order, where each value is between 1 and n_classes-1"
        )
    require_sizes(values, "in_features")


ROWS = (
    layer(
        "LinearCrossEntropyLoss",
        "loss",
        "_WeightedLoss _Loss",
        "in_features, num_classes, *, out_features=(), bias=False, device=None, dtype=None, "
        "reduction='mean', weight=None, ignore_index=None, label_smoothing=0.0, options=None",
        weights=_head_weights,
        attributes=stored(
            "num_classes out_features reduction weight ignore_index label_smoothing options"
        ),
        check=_check_head,
        children=_head,
    ),
    layer(
        "AdaptiveLogSoftmaxWithLoss",
        "loss",
        "",
        "in_features, n_classes, cutoffs, div_value=4.0, head_bias=False, device=None, dtype=None",
        weights=_adaptive_weights,
        attributes=_adaptive_attributes,
        normalise=_cutoffs,
        check=_check_adaptive,
        children=_adaptive_parts,
    ),
)
