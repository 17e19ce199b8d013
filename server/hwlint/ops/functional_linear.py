"""Products of matrices: linear maps, matmul and their relatives, attention."""

from hwlint.ops._dims import broadcast, meta, product, promoted, shown
from hwlint.ops._functions import METHOD, F, differ, function
from hwlint.ops.calls import Dim, Dims, Macs, Meta, Result, Rule, ShapeMismatch, TensorLike
from hwlint.ops.spec import Values

__all__ = ["ROWS"]


def _refusal(left: Dims, right: Dims) -> ShapeMismatch:
    return ShapeMismatch(
        f"mat1 and mat2 shapes cannot be multiplied ({shown(left)} and {shown(right)})"
    )


def matrix_product(left: Dims | None, right: Dims | None) -> Dims | None:
    """The shape of `left @ right`; None where a rank is not known."""
    if left is None or right is None:
        return None
    if not left or not right:
        raise ShapeMismatch("both arguments to matmul need to be at least 1D")
    one = (1, *left) if len(left) == 1 else left
    two = (*right, 1) if len(right) == 1 else right
    if differ(one[-1], two[-2]):
        raise _refusal(left, right)
    batch = broadcast(one[:-2], two[:-2]) or ()
    rows = (one[-2],) if len(left) > 1 else ()
    columns = (two[-1],) if len(right) > 1 else ()
    return (*batch, *rows, *columns)


def _matmul(first: str, second: str, ranks: tuple[int, int] | None = None) -> Rule:
    def rule(values: Values) -> Meta:
        left, right = meta(values, first), meta(values, second)
        for value, rank in zip((left, right), ranks or (), strict=False):
            if value.shape is not None and len(value.shape) != rank:
                raise ShapeMismatch(f"expected a tensor of rank {rank}, got {shown(value.shape)}")
        return Meta(matrix_product(left.shape, right.shape), promoted(left, right))

    return rule


def _matmul_macs(first: str, second: str) -> Macs:
    def macs(values: Values, result: Result) -> int | None:
        left, right = meta(values, first).shape, meta(values, second).shape
        if not left or not right or not isinstance(result, Meta) or result.shape is None:
            return None
        # Torch runs these as mv and dot, which FlopCounterMode does not count.
        if (len(right) == 1 and len(left) <= 2) or (len(left) == 1 and len(right) == 1):
            return 0
        return product((*result.shape, left[-1]))

    return macs


def _linear(values: Values) -> Meta:
    value, weight = meta(values), meta(values, "weight")
    if value.shape is None or weight.shape is None:
        return Meta(None, value.dtype)
    if not value.shape or not 1 <= len(weight.shape) <= 2:
        raise ShapeMismatch(
            f"linear(): {shown(value.shape)} and weight {shown(weight.shape)} do not fit"
        )
    columns = value.shape[len(value.shape) - 1]
    inner = weight.shape[len(weight.shape) - 1]
    if differ(columns, inner):
        outputs = weight.shape[0] if len(weight.shape) > 1 else 1
        raise _refusal((product(value.shape[:-1]), columns), (inner, outputs))
    return Meta((*value.shape[:-1], *weight.shape[:-1]), value.dtype)


def _linear_macs(values: Values, result: Result) -> int | None:
    value, weight = meta(values).shape, meta(values, "weight").shape
    if not isinstance(result, Meta) or result.shape is None or not value or weight is None:
        return None
    return 0 if len(weight) == 1 else product((*result.shape, value[-1]))


def _bilinear(values: Values) -> Meta:
    value, other = meta(values, "input1"), meta(values, "input2")
    weight = meta(values, "weight").shape
    if not value.shape or not other.shape or weight is None or len(weight) != 3:
        return Meta(None, value.dtype)
    if differ(value.shape[-1], weight[1]) or differ(other.shape[-1], weight[2]):
        raise ShapeMismatch(
            f"bilinear(): {shown(value.shape)} and {shown(other.shape)} do not fit the weight "
            f"{shown(weight)}"
        )
    return Meta((*value.shape[:-1], weight[0]), value.dtype)


def _bilinear_macs(values: Values, result: Result) -> int | None:
    del result
    weight, value = meta(values, "weight").shape, meta(values, "input1").shape
    if weight is None or not value or len(weight) != 3:
        return None
    rows = product(value[:-1])
    # Torch sums the first input against the weight, then the second by multiplying items.
    return product((rows, *weight))


def _product(first: str, second: str, rank: int) -> Rule:
    rule = _matmul(first, second, (rank, rank))

    def added(values: Values) -> Result:
        made = rule(values)
        given = meta(values)
        if isinstance(made, Meta) and made.shape is not None and given.shape is not None:
            broadcast(given.shape, made.shape)
        return made

    return added


def _outer(values: Values) -> Meta:
    one, two = meta(values), meta(values, "vec2")
    if one.shape is None or two.shape is None:
        return Meta(None, promoted(one, two))
    if len(one.shape) != 1 or len(two.shape) != 1:
        raise ShapeMismatch(f"outer() expects vectors, got {shown(one.shape)} {shown(two.shape)}")
    return Meta((one.shape[0], two.shape[0]), promoted(one, two))


# --- attention ------------------------------------------------------------------------------------


def _attended(values: Values) -> Meta:
    query, key, value = (meta(values, n) for n in ("query", "key", "value"))
    if query.shape is None or key.shape is None or value.shape is None:
        return Meta(None, query.dtype)
    _check_attended(query, key, value)
    batch: Dims = query.shape[:-2]
    if values["enable_gqa"] is False:
        batch = broadcast(batch, key.shape[:-2], value.shape[:-2]) or ()
    return Meta((*batch, query.shape[-2], value.shape[-1]), query.dtype)


def _check_attended(query: TensorLike, key: TensorLike, value: TensorLike) -> None:
    one, two, three = [(*(t.shape or ()),) for t in (query, key, value)]
    if min(len(one), len(two), len(three)) < 2:
        raise ShapeMismatch("scaled_dot_product_attention(): inputs must be at least 2D")
    if differ(one[-1], two[-1]):
        raise ShapeMismatch(
            f"query {shown(one)} and key {shown(two)} differ in their last dimension"
        )
    if differ(two[-2], three[-2]):
        raise ShapeMismatch(f"key {shown(two)} and value {shown(three)} do not fit together")


def _attended_macs(values: Values, result: Result) -> int | None:
    query, key = meta(values, "query").shape, meta(values, "key").shape
    if not isinstance(result, Meta) or not result.shape or not query or not key:
        return None
    rows = product((*result.shape[:-1], key[-2]))
    width: Dim = result.shape[-1]
    inner: Dim = query[-1]
    return None if rows is None or width is None or inner is None else rows * (width + inner)


_ATTENTION = (
    "query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None, "
    "enable_gqa=False"
)

ROWS = (
    *function(
        "matmul",
        METHOD,
        "input, other, *, out=None",
        _matmul("input", "other"),
        macs=_matmul_macs("input", "other"),
        onnx="MatMul",
        tflite="BATCH_MATMUL",
    ),
    *function(
        "mm",
        METHOD,
        "input, mat2, *, out=None",
        _matmul("input", "mat2", (2, 2)),
        macs=_matmul_macs("input", "mat2"),
        onnx="MatMul",
        tflite="BATCH_MATMUL",
    ),
    *function(
        "bmm",
        METHOD,
        "input, mat2, *, out=None",
        _matmul("input", "mat2", (3, 3)),
        macs=_matmul_macs("input", "mat2"),
        onnx="MatMul",
        tflite="BATCH_MATMUL",
    ),
    *function(
        "mv", METHOD, "input, vec, *, out=None", _matmul("input", "vec", (2, 1)), onnx="MatMul"
    ),
    *function(
        "dot vdot",
        METHOD,
        "input, tensor, *, out=None",
        _matmul("input", "tensor", (1, 1)),
        onnx="MatMul",
    ),
    *function("outer ger", METHOD, "input, vec2, *, out=None", _outer),
    *function(
        "addmm",
        METHOD,
        "input, mat1, mat2, *, beta=1, alpha=1, out=None",
        _product("mat1", "mat2", 2),
        macs=_matmul_macs("mat1", "mat2"),
        onnx="Gemm",
        tflite="FULLY_CONNECTED",
    ),
    *function(
        "baddbmm",
        METHOD,
        "input, batch1, batch2, *, beta=1, alpha=1, out=None",
        _product("batch1", "batch2", 3),
        macs=_matmul_macs("batch1", "batch2"),
    ),
    *function(
        "linear",
        F,
        "input, weight, bias=None",
        _linear,
        macs=_linear_macs,
        onnx="Gemm",
        tflite="FULLY_CONNECTED",
    ),
    *function(
        "bilinear", "torch F", "input1, input2, weight, bias=None", _bilinear, macs=_bilinear_macs
    ),
    *function("scaled_dot_product_attention", F, _ATTENTION, _attended, macs=_attended_macs),
)
