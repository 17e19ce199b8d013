"""Normalization."""

from hwlint.ops._rows import (
    calls,
    flag,
    integer,
    integers,
    is_off,
    layer,
    require_sizes,
    shape,
    spread,
    stored,
)
from hwlint.ops.spec import Forward, LayerSpec, Shapes, Values

__all__ = ["INTERNAL", "ROWS"]

_BATCH = "eps=1e-5, momentum=0.1, affine=True, track_running_stats=True"
_INSTANCE = "eps=1e-5, momentum=0.1, affine=False, track_running_stats=False"
_TAIL = "device=None, dtype=None, *, bias=True"
_STORED = "eps momentum affine track_running_stats"
_TRACKED = ("running_mean", "running_var", "num_batches_tracked")


def _affine(values: Values, switch: str, sizes: tuple[int, ...]) -> Shapes:
    if not flag(values, switch):
        return {}
    return {"weight": sizes, "bias": sizes} if flag(values, "bias") else {"weight": sizes}


def _empty(values: Values, switch: str) -> dict[str, object]:
    if is_off(values[switch]):
        return {"weight": None, "bias": None}
    return {"bias": None} if is_off(values["bias"]) else {}


def _channel_weights(values: Values) -> Shapes:
    return _affine(values, "affine", (integer(values, "num_features"),))


def _statistics(values: Values) -> Shapes:
    if not flag(values, "track_running_stats"):
        return {}
    sizes = (integer(values, "num_features"),)
    return {"running_mean": sizes, "running_var": sizes, "num_batches_tracked": ()}


def _channel_attributes(values: Values) -> Values:
    untracked = is_off(values["track_running_stats"])
    return {
        # A lazy layer has no argument for it and counts none until it runs.
        "num_features": values.get("num_features", 0),
        **stored(_STORED)(values),
        **_empty(values, "affine"),
        **(dict.fromkeys(_TRACKED) if untracked else {}),
    }


def _synchronized_attributes(values: Values) -> Values:
    return {**_channel_attributes(values), "process_group": values["process_group"]}


def _check_channels(values: Values) -> None:
    if not (is_off(values["affine"]) and is_off(values["track_running_stats"])):
        require_sizes(values, "num_features")


def _forward(op: str) -> Forward:
    return calls("instance_norm" if "Instance" in op else "batch_norm")


def _channel_row(op: str, bases: str, options: str) -> LayerSpec:
    return layer(
        op,
        "norm",
        bases,
        f"num_features, {options}, {_TAIL}",
        weights=_channel_weights,
        attributes=_synchronized_attributes if "process_group" in options else _channel_attributes,
        check=_check_channels,
        buffers=_statistics,
        forward=_forward(op),
    )


def _lazy_row(op: str, base: str) -> LayerSpec:
    return layer(
        op,
        "norm",
        f"_LazyNormBase LazyModuleMixin {base} _NormBase",
        f"{_BATCH}, {_TAIL}",
        attributes=_channel_attributes,
        forward=_forward(op),
        lazy=True,
    )


def _normalized_shape(values: Values) -> Values:
    value = values["normalized_shape"]
    return {"normalized_shape": value if isinstance(value, float) else spread(value, 1)}


def _check_normalized_shape(values: Values) -> None:
    value = values["normalized_shape"]
    if value is None or isinstance(value, float):
        raise TypeError(f"'{type(value).__name__}' object is not iterable")
    if not is_off(values["elementwise_affine"]):
        require_sizes(values, "normalized_shape")


def _layer_norm_weights(values: Values) -> Shapes:
    return _affine(values, "elementwise_affine", shape(values, "normalized_shape"))


def _layer_norm_attributes(values: Values) -> Values:
    names = "normalized_shape eps elementwise_affine"
    return stored(names)(values) | _empty(values, "elementwise_affine")


def _rms_norm_weights(values: Values) -> Shapes:
    scaled = flag(values, "elementwise_affine")
    return {"weight": shape(values, "normalized_shape")} if scaled else {}


def _rms_norm_attributes(values: Values) -> Values:
    found = stored("normalized_shape eps elementwise_affine")(values)
    return {**found, "weight": None} if is_off(values["elementwise_affine"]) else found


def _group_norm_weights(values: Values) -> Shapes:
    return _affine(values, "affine", (integer(values, "num_channels"),))


def _group_norm_attributes(values: Values) -> Values:
    return stored("num_groups num_channels eps affine")(values) | _empty(values, "affine")


def _check_group_norm(values: Values) -> None:
    known = integers(values, "num_channels", "num_groups")
    if known and known[0] % known[1] != 0:
        raise ValueError(f"num_channels ({known[0]}) must be divisible by num_groups ({known[1]})")
    if not is_off(values["affine"]):
        require_sizes(values, "num_channels")


_DIMS = (1, 2, 3)
_SHAPE_TAIL = "device=None, dtype=None"

ROWS = (
    *(_channel_row(f"BatchNorm{n}d", "_BatchNorm _NormBase", _BATCH) for n in _DIMS),
    _channel_row("SyncBatchNorm", "_BatchNorm _NormBase", f"{_BATCH}, process_group=None"),
    *(_channel_row(f"InstanceNorm{n}d", "_InstanceNorm _NormBase", _INSTANCE) for n in _DIMS),
    *(_lazy_row(f"LazyBatchNorm{n}d", "_BatchNorm") for n in _DIMS),
    *(_lazy_row(f"LazyInstanceNorm{n}d", "_InstanceNorm") for n in _DIMS),
    layer(
        "LayerNorm",
        "norm",
        "",
        f"normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, {_SHAPE_TAIL}",
        weights=_layer_norm_weights,
        attributes=_layer_norm_attributes,
        forward=calls("layer_norm"),
        normalise=_normalized_shape,
        check=_check_normalized_shape,
    ),
    layer(
        "RMSNorm",
        "norm",
        "",
        f"normalized_shape, eps=None, elementwise_affine=True, {_SHAPE_TAIL}",
        weights=_rms_norm_weights,
        attributes=_rms_norm_attributes,
        forward=calls("rms_norm"),
        normalise=_normalized_shape,
        check=_check_normalized_shape,
    ),
    layer(
        "GroupNorm",
        "norm",
        "",
        f"num_groups, num_channels, eps=1e-5, affine=True, {_TAIL}",
        weights=_group_norm_weights,
        attributes=_group_norm_attributes,
        check=_check_group_norm,
        forward=calls("group_norm"),
    ),
    layer(
        "LocalResponseNorm",
        "norm",
        "",
        "size, alpha=1e-4, beta=0.75, k=1.0",
        forward=calls("local_response_norm"),
    ),
    layer(
        "CrossMapLRN2d",
        "norm",
        "",
        "size, alpha=1e-4, beta=0.75, k=1",
        forward=calls("local_response_norm"),
    ),
)
"""Rows of public classes."""

INTERNAL = (
    _channel_row("_NormBase", "", _BATCH),
    _channel_row("_BatchNorm", "_NormBase", _BATCH),
    _channel_row("_InstanceNorm", "_NormBase", _INSTANCE),
)
"""Rows of base classes that user code subclasses."""
