"""torch.linalg: what solves, inverts and takes matrices apart."""

from hwlint.ops._dims import broadcast, meta, promoted, shown
from hwlint.ops._functions import differ, function, like_input
from hwlint.ops.calls import Dims, Meta, Result, ShapeMismatch
from hwlint.ops.spec import Values

__all__ = ["ROWS"]


def _square(values: Values, name: str = "A") -> Dims | None:
    shape = meta(values, name).shape
    if shape is None:
        return None
    if len(shape) < 2 or differ(shape[-1], shape[-2]):
        raise ShapeMismatch(f"expects square matrices, got {shown(shape)}")
    return shape


def _like_square(values: Values) -> Meta:
    return Meta(_square(values), meta(values, "A").dtype)


def _triangular(values: Values) -> Meta:
    matrix, right = _square(values), meta(values, "B")
    dtype = promoted(meta(values, "A"), right)
    if matrix is None or right.shape is None or len(right.shape) < 2:
        return Meta(None, dtype)
    rows = -2 if values["left"] is not False else -1
    if differ(matrix[-1], right.shape[rows]):
        raise ShapeMismatch(f"{shown(matrix)} and {shown(right.shape)} do not fit together")
    batch = broadcast(matrix[:-2], right.shape[:-2])
    return Meta(None if batch is None else (*batch, *right.shape[-2:]), dtype)


def _determinant(values: Values) -> Meta:
    shape = _square(values)
    return Meta(None if shape is None else shape[:-2], meta(values, "A").dtype)


def _sign_and_log(values: Values) -> Result:
    made = _determinant(values)
    return (made, made)


def _eigen(values: Values) -> Result:
    shape, dtype = _square(values), meta(values, "A").dtype
    return (Meta(None if shape is None else shape[:-1], dtype), Meta(shape, dtype))


def _eigenvalues(values: Values) -> Meta:
    shape = _square(values)
    return Meta(None if shape is None else shape[:-1], meta(values, "A").dtype)


def _cross(values: Values) -> Meta:
    one, two = meta(values), meta(values, "other")
    if one.shape is not None and two.shape is not None and len(one.shape) != len(two.shape):
        raise ShapeMismatch(f"{shown(one.shape)} and {shown(two.shape)} differ in rank")
    return Meta(broadcast(one.shape, two.shape), promoted(one, two))


ROWS = (
    *function(
        "solve_triangular",
        "torch.linalg",
        "A, B, *, upper, left=True, unitriangular=False, out=None",
        _triangular,
    ),
    *function("inv", "torch.linalg", "A, *, out=None", _like_square),
    *function("cholesky", "torch.linalg", "A, *, upper=False, out=None", _like_square),
    *function("det", "torch.linalg", "A, *, out=None", _determinant),
    *function("slogdet", "torch.linalg", "A, *, out=None", _sign_and_log),
    *function("eigh", "torch.linalg", "A, UPLO='L', *, out=None", _eigen),
    *function("eigvalsh", "torch.linalg", "A, UPLO='L', *, out=None", _eigenvalues),
    *function("cross", "torch.linalg", "input, other, *, dim=-1, out=None", _cross),
    *function("cross", "torch Tensor", "input, other, dim=None, *, out=None", _cross),
    *function("conj resolve_conj resolve_neg conj_physical", "torch Tensor", "input", like_input),
)
