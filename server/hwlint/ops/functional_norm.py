"""Normalisations, softmax, dropout, embeddings."""

from hwlint.ops._dims import axis, broadcast, dims, meta, shown, whole
from hwlint.ops._functions import METHOD, F, differ, function, like_input
from hwlint.ops.calls import Meta, ShapeMismatch
from hwlint.ops.spec import Values

__all__ = ["ROWS"]


def _channels(values: Values, *names: str) -> Meta:
    """Each of these vectors has an item for each channel."""
    value = meta(values)
    for name in names:
        given = meta(values, name).shape
        if value.shape is None or given is None or not given or len(value.shape) < 2:
            continue
        if differ(value.shape[1], given[0]):
            raise ShapeMismatch(f"{name} should contain {value.shape[1]} elements not {given[0]}")
    return Meta(value.shape, value.dtype)


def _batch_norm(values: Values) -> Meta:
    return _channels(values, "running_mean", "weight")


def _instance_norm(values: Values) -> Meta:
    return _channels(values, "weight")


def _group_norm(values: Values) -> Meta:
    value, groups = meta(values), values["num_groups"]
    channels = value.shape[1] if value.shape is not None and len(value.shape) > 1 else None
    if channels is not None and isinstance(groups, int) and groups and channels % groups:
        raise ShapeMismatch(
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {shown(value.shape)} and num_groups={groups}"
        )
    return _channels(values, "weight")


def _layer_norm(values: Values) -> Meta:
    value, wanted = meta(values), dims(values["normalized_shape"])
    if value.shape is not None and wanted is not None:
        own = value.shape[len(value.shape) - len(wanted) :]
        short = len(value.shape) < len(wanted)
        if short or any(differ(a, b) for a, b in zip(own, wanted, strict=True)):
            raise ShapeMismatch(
                f"Given normalized_shape={shown(wanted)}, expected input with shape "
                f"[*, {shown(wanted)[1:]}, but got input of size {shown(value.shape)}"
            )
    return Meta(value.shape, value.dtype)


def _cast(values: Values) -> Meta:
    made = like_input(values)
    return made if values["dtype"] is None else Meta(made.shape, str(values["dtype"]))


def _embedded(values: Values) -> Meta:
    value, weight = meta(values), meta(values, "weight")
    if value.dtype.startswith("float"):
        raise ShapeMismatch(f"embedding() expects indices, got {value.dtype}")
    if value.shape is None or not weight.shape or len(weight.shape) != 2:
        return Meta(None, weight.dtype)
    return Meta((*value.shape, weight.shape[1]), weight.dtype)


def _bagged(values: Values) -> Meta:
    value, weight, offsets = meta(values), meta(values, "weight"), meta(values, "offsets")
    if value.shape is None or weight.shape is None or len(weight.shape) != 2:
        return Meta(None, weight.dtype)
    bags = value.shape[0] if len(value.shape) == 2 else (offsets.shape or (None,))[0]
    return Meta((bags, weight.shape[1]), weight.dtype)


def _one_hot(values: Values) -> Meta:
    value, classes = meta(values), values["num_classes"]
    if value.shape is None:
        return Meta(None, "int64")
    known = whole(classes)
    return Meta((*value.shape, None if known == -1 else known), "int64")


def _similarity(values: Values) -> Meta:
    both = broadcast(meta(values, "x1").shape, meta(values, "x2").shape)
    if both is None:
        return Meta(None, meta(values, "x1").dtype)
    place = axis(len(both), values["dim"])
    if place is None:
        return Meta((None,) * (len(both) - 1), meta(values, "x1").dtype)
    return Meta((*both[:place], *both[place + 1 :]), meta(values, "x1").dtype)


_DROPOUT = "dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout"

ROWS = (
    *function("identity", "torch.nn", "input", like_input, effect="same"),
    *function(
        "batch_norm",
        F,
        "input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, "
        "eps=1e-5",
        _batch_norm,
        onnx="BatchNormalization",
    ),
    *function(
        "instance_norm",
        F,
        "input, running_mean=None, running_var=None, weight=None, bias=None, "
        "use_input_stats=True, momentum=0.1, eps=1e-5",
        _instance_norm,
        onnx="InstanceNormalization",
    ),
    *function(
        "group_norm",
        "torch F",
        "input, num_groups, weight=None, bias=None, eps=1e-5",
        _group_norm,
        onnx="GroupNormalization",
    ),
    *function(
        "layer_norm",
        "torch F",
        "input, normalized_shape, weight=None, bias=None, eps=1e-5",
        _layer_norm,
        onnx="LayerNormalization",
    ),
    *function(
        "rms_norm",
        "torch F",
        "input, normalized_shape, weight=None, eps=None",
        _layer_norm,
        onnx="RMSNormalization",
    ),
    *function(
        "local_response_norm",
        F,
        "input, size, alpha=1e-4, beta=0.75, k=1.0",
        like_input,
        onnx="LRN",
    ),
    *function(
        "normalize",
        F,
        "input, p=2.0, dim=1, eps=1e-12, out=None",
        like_input,
        onnx="LpNormalization",
        tflite="L2_NORMALIZATION",
    ),
    *function(
        "softmax log_softmax softmin",
        F,
        "input, dim=None, _stacklevel=3, dtype=None",
        _cast,
        onnx="Softmax",
        tflite="SOFTMAX",
    ),
    *function(
        "softmax log_softmax",
        METHOD,
        "input, dim, dtype=None",
        _cast,
        onnx="Softmax",
        tflite="SOFTMAX",
    ),
    *function(
        "gumbel_softmax",
        F,
        "logits, tau=1, hard=False, eps=1e-10, dim=-1",
        lambda values: Meta(meta(values, "logits").shape, meta(values, "logits").dtype),
    ),
    *function(
        _DROPOUT,
        F,
        "input, p=0.5, training=True, inplace=False",
        like_input,
        effect="same",
        onnx="Dropout",
    ),
    *function("dropout", "torch", "input, p, train", like_input, effect="same", onnx="Dropout"),
    *function(
        "embedding",
        F,
        "input, weight, padding_idx=None, max_norm=None, norm_type=2.0, "
        "scale_grad_by_freq=False, sparse=False",
        _embedded,
        reads="part",
        onnx="Gather",
        tflite="GATHER",
    ),
    *function(
        "embedding_bag",
        F,
        "input, weight, offsets=None, max_norm=None, norm_type=2, scale_grad_by_freq=False, "
        "mode='mean', sparse=False, per_sample_weights=None, include_last_offset=False, "
        "padding_idx=None",
        _bagged,
        reads="part",
    ),
    *function("one_hot", F, "input, num_classes=-1", _one_hot, onnx="OneHot", tflite="ONE_HOT"),
    *function("cosine_similarity", "torch F", "x1, x2, dim=1, eps=1e-8", _similarity),
)
