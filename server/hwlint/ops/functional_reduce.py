"""Functions that work along dimensions: sums and extremes, running totals, orders."""

from collections.abc import Callable

from hwlint.ops._dims import along, axes, broadcast, meta, promoted, whole
from hwlint.ops._functions import METHOD, function, like_input, real
from hwlint.ops.calls import Dims, FunctionSpec, Meta, Result, Rule, is_tensor
from hwlint.ops.spec import Values

__all__ = ["ROWS"]


def reduced(shape: Dims | None, dim: object, keep: object) -> Dims | None:
    """The shape that is left of a shape whose dimensions `dim` (None: all) are summed up."""
    if shape is None:
        return () if dim is None and keep is False else None
    places = axes(len(shape), dim)
    if not isinstance(keep, bool | int) or places is None:
        return None
    if keep:
        return tuple([1 if i in places else d for i, d in enumerate(shape)])
    return tuple([d for i, d in enumerate(shape) if i not in places])


def _folded(dtype: Callable[[str], str]) -> Rule:
    def rule(values: Values) -> Meta:
        value = meta(values)
        # `x.var(False)` gives `unbiased` by position.
        dim = None if isinstance(values["dim"], bool) else values["dim"]
        shape = reduced(value.shape, dim, values["keepdim"])
        wanted = values.get("dtype")
        return Meta(shape, str(wanted) if wanted is not None else dtype(value.dtype))

    return rule


def _summed(dtype: str) -> str:
    return dtype if not dtype or real(dtype) == dtype else "int64"


def _same(dtype: str) -> str:
    return dtype


def _truth(dtype: str) -> str:
    return "uint8" if dtype == "uint8" else "bool"


def _index(dtype: str) -> str:
    del dtype
    return "int64"


def _pair(values: Values) -> Result:
    value = meta(values)
    made = reduced(value.shape, values["dim"], values["keepdim"])
    return Meta(made, value.dtype), Meta(made, "int64")


def _extreme(values: Values) -> Result:
    other = values["other"] if values["other"] is not None else values["dim"]
    if is_tensor(other):
        both = (meta(values).shape, other.shape)
        return Meta(broadcast(*both), promoted(values["input"], other))
    if values["dim"] is None:
        return Meta((), meta(values).dtype)
    return _pair(values)


def _moments(values: Values) -> Result:
    value = meta(values)
    made = reduced(value.shape, values["dim"], values["keepdim"])
    return Meta(made, value.dtype), Meta(made, value.dtype)


def _running(values: Values) -> Meta:
    value = meta(values)
    wanted = values["dtype"]
    return Meta(value.shape, str(wanted) if wanted is not None else _summed(value.dtype))


def _running_extreme(values: Values) -> Result:
    value = meta(values)
    return Meta(value.shape, value.dtype), Meta(value.shape, "int64")


def _ordered(values: Values) -> Result:
    value = meta(values)
    return Meta(value.shape, value.dtype), Meta(value.shape, "int64")


def _places(values: Values) -> Meta:
    return Meta(meta(values).shape, "int64")


def _largest(values: Values) -> Result:
    value, count = meta(values), whole(values["k"])
    made = along(value, values["dim"], count)
    return made, Meta(made.shape, "int64")


def _normed(values: Values) -> Meta:
    value = meta(values)
    dim, keep = values["dim"], values["keepdim"]
    return Meta(reduced(value.shape, dim, keep), real(value.dtype))


def _distance(values: Values) -> Meta:
    one, two = meta(values, "x1"), meta(values, "x2")
    both = broadcast(one.shape, two.shape)
    return Meta(reduced(both, -1, values["keepdim"]), one.dtype)


def _distances(values: Values) -> Meta:
    one, two = meta(values, "x1"), meta(values, "x2")
    if not one.shape or not two.shape or min(len(one.shape), len(two.shape)) < 2:
        return Meta(None, one.dtype)
    batch = broadcast(one.shape[:-2], two.shape[:-2]) or ()
    return Meta((*batch, one.shape[-2], two.shape[-2]), one.dtype)


def _fold(names: str, dtype: Callable[[str], str], options: str = "") -> tuple[FunctionSpec, ...]:
    signature = f"input, dim=None, keepdim=False{options}, *, out=None"
    onnx = {"sum": "ReduceSum", "mean": "ReduceMean", "prod": "ReduceProd", "amax": "ReduceMax",
            "amin": "ReduceMin", "argmax": "ArgMax", "argmin": "ArgMin",
            "logsumexp": "ReduceLogSumExp"}  # fmt: skip
    tflite = {"sum": "SUM", "mean": "MEAN", "prod": "REDUCE_PROD", "amax": "REDUCE_MAX",
              "amin": "REDUCE_MIN", "argmax": "ARG_MAX", "argmin": "ARG_MIN",
              "any": "REDUCE_ANY", "all": "REDUCE_ALL"}  # fmt: skip
    return tuple(
        row
        for name in names.split()
        for row in function(
            name,
            METHOD,
            signature,
            _folded(dtype),
            onnx=onnx.get(name, ""),
            tflite=tflite.get(name, ""),
        )
    )


_PAIR = ("values", "indices")

ROWS = (
    *_fold("sum nansum prod", _summed, ", *, dtype=None"),
    *_fold("mean nanmean", _same, ", *, dtype=None"),
    *_fold("amax amin", _same),
    *_fold("argmax argmin", _index),
    *_fold("any all", _truth),
    *_fold("logsumexp", real),
    *function(
        "std var",
        METHOD,
        "input, dim=None, unbiased=True, keepdim=False, *, correction=1, out=None",
        _folded(_same),
    ),
    *function(
        "var_mean std_mean",
        "torch",
        "input, dim=None, unbiased=True, keepdim=False, *, correction=1, out=None",
        _moments,
    ),
    *function("norm", METHOD, "input, p='fro', dim=None, keepdim=False, dtype=None", _normed),
    *function(
        "norm vector_norm",
        "torch.linalg",
        "input, ord=2, dim=None, keepdim=False, *, dtype=None, out=None",
        _normed,
    ),
    *function(
        "max",
        METHOD,
        "input, dim=None, keepdim=False, *, other=None, out=None",
        _extreme,
        onnx="ReduceMax",
        tflite="REDUCE_MAX",
        fields=_PAIR,
    ),
    *function(
        "min",
        METHOD,
        "input, dim=None, keepdim=False, *, other=None, out=None",
        _extreme,
        onnx="ReduceMin",
        tflite="REDUCE_MIN",
        fields=_PAIR,
    ),
    *function(
        "median nanmedian",
        METHOD,
        "input, dim=None, keepdim=False, *, other=None",
        _extreme,
        fields=_PAIR,
    ),
    *function(
        "cumsum",
        METHOD,
        "input, dim, *, dtype=None, out=None",
        _running,
        onnx="CumSum",
        tflite="CUMSUM",
    ),
    *function("cumprod", METHOD, "input, dim, *, dtype=None, out=None", _running),
    *function("cummax cummin", METHOD, "input, dim, *, out=None", _running_extreme, fields=_PAIR),
    *function("logcumsumexp", METHOD, "input, dim, *, out=None", like_input),
    *function(
        "sort",
        METHOD,
        "input, dim=-1, descending=False, stable=False, *, out=None",
        _ordered,
        fields=_PAIR,
    ),
    *function("argsort", METHOD, "input, dim=-1, descending=False, stable=False", _places),
    *function(
        "topk",
        METHOD,
        "input, k, dim=-1, largest=True, sorted=True, *, out=None",
        _largest,
        onnx="TopK",
        tflite="TOPK_V2",
        fields=_PAIR,
    ),
    *function("pairwise_distance", "torch F", "x1, x2, p=2.0, eps=1e-6, keepdim=False", _distance),
    *function("cdist", "torch", "x1, x2, p=2.0, compute_mode=None", _distances),
)
