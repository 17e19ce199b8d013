"""Copies, casts and moves between devices; tensors like others; losses and the like."""

from hwlint.ops._dims import dims, meta, whole
from hwlint.ops._functions import METHOD, F, function, like_input, real
from hwlint.ops._rows import items
from hwlint.ops.calls import Dim, Meta, Result, is_tensor
from hwlint.ops.spec import Values

__all__ = ["ROWS"]

_CASTS = {
    "float": "float32", "double": "float64", "half": "float16", "long": "int64", "int": "int32",
    "short": "int16", "char": "int8", "byte": "uint8", "bool": "bool", "bfloat16": "bfloat16",
    "cfloat": "complex64",
}  # fmt: skip


def _like_other(values: Values) -> Meta:
    return Meta(meta(values).shape, meta(values, "other").dtype)


def _moved(values: Values) -> Meta:
    """`what` has dtypes as tensors without a shape, and other things that do not matter here."""
    wanted = [v.dtype for v in items(values["what"]) if is_tensor(v)]
    if values["dtype"] is not None:
        wanted.append(str(values["dtype"]))
    return Meta(meta(values).shape, wanted[-1] if wanted else meta(values).dtype)


def _mean_loss(values: Values) -> Meta:
    value, how = meta(values), values["reduction"]
    if how == "none":
        return Meta(None, value.dtype)
    return Meta((), real(value.dtype))


# --- fft ------------------------------------------------------------------------------------------


def _complex(dtype: str) -> str:
    return {"": "", "float64": "complex128", "complex128": "complex128"}.get(dtype, "complex64")


def _transformed(values: Values) -> Meta:
    value = meta(values)
    return Meta(value.shape, _complex(value.dtype))


def _half(length: Dim) -> Dim:
    return None if length is None else length // 2 + 1


def _last(values: Values) -> int | None:
    value, dim = meta(values), values["dim"]
    found = dims(dim) if dim is not None else (-1,)
    if value.shape is None or not found or found[-1] is None:
        return None
    return found[-1] % len(value.shape) if value.shape else None


def _half_spectrum(values: Values) -> Meta:
    value, place = meta(values), _last(values)
    size = values.get("n", values.get("s"))
    if value.shape is None or place is None or size is not None:
        return Meta(None, _complex(value.dtype))
    shape = list(value.shape)
    shape[place] = _half(shape[place])
    return Meta(tuple(shape), _complex(value.dtype))


def _from_half_spectrum(values: Values) -> Meta:
    value, place = meta(values), _last(values)
    dtype = "float64" if value.dtype == "complex128" else "float32"
    size = values.get("n", values.get("s"))
    wanted = dims(size) if size is not None else None
    if value.shape is None or place is None or (size is not None and not wanted):
        return Meta(None, dtype)
    shape = list(value.shape)
    length = shape[place]
    shape[place] = None if length is None else 2 * (length - 1)
    if wanted is not None:
        for offset, dim in enumerate(reversed(wanted)):
            shape[place - offset] = dim
    return Meta(tuple(shape), dtype)


def _view_as_real(values: Values) -> Meta:
    value = meta(values)
    dtype = {"complex64": "float32", "complex128": "float64"}.get(value.dtype, "")
    return Meta(None if value.shape is None else (*value.shape, 2), dtype)


def _view_as_complex(values: Values) -> Meta:
    value = meta(values)
    return Meta(value.shape[:-1] if value.shape else None, _complex(value.dtype))


def _polar(values: Values) -> Meta:
    value = meta(values, "abs")
    return Meta(value.shape, _complex(value.dtype))


def _counted(values: Values) -> Meta:
    return Meta((whole(values["bins"]),), meta(values).dtype)


def _searched(values: Values) -> Meta:
    given = values["input"]
    return Meta(given.shape if is_tensor(given) else (), "int64")


def _drawn(values: Values) -> Meta:
    value, count = meta(values), whole(values["num_samples"])
    return Meta(None if value.shape is None else (*value.shape[:-1], count), "int64")


def _unknown(values: Values) -> Result:
    return Meta(None, meta(values).dtype)


_FFT = "input, n=None, dim=-1, norm=None, *, out=None"
_FFTN = "input, s=None, dim=(), norm=None, *, out=None"
_LOSS = "input, target, weight=None, size_average=None, reduce=None, reduction='mean'"

ROWS = (
    *(
        row
        for name, dtype in _CASTS.items()
        for row in function(
            name,
            "Tensor",
            "input, memory_format=None",
            lambda values, dtype=dtype: Meta(meta(values).shape, dtype),
            effect="cast",
            onnx="Cast",
            tflite="CAST",
        )
    ),
    *function(
        "to type",
        "Tensor",
        "input, *what, dtype=None, device=None, non_blocking=False, copy=False, memory_format=None",
        _moved,
        effect="cast",
        onnx="Cast",
        tflite="CAST",
    ),
    *function(
        "cpu cuda",
        "Tensor",
        "input, device=None, non_blocking=False, memory_format=None",
        like_input,
        effect="cast",
    ),
    *function(
        "type_as", "Tensor", "input, other", _like_other, effect="cast", onnx="Cast", tflite="CAST"
    ),
    *function("clone", METHOD, "input, *, memory_format=None", like_input),
    *function("contiguous", "Tensor", "input, memory_format=None", like_input, effect="contiguous"),
    *function("fft ifft", "torch.fft", _FFT, _transformed),
    *function("fftn ifftn fft2 ifft2", "torch.fft", _FFTN, _transformed),
    *function("fftshift ifftshift", "torch.fft", "input, dim=None", like_input),
    *function("rfft", "torch.fft", _FFT, _half_spectrum),
    *function("irfft", "torch.fft", _FFT, _from_half_spectrum),
    *function("view_as_real", "torch", "input", _view_as_real, effect="view"),
    *function("view_as_complex", "torch", "input", _view_as_complex, effect="view"),
    *function("polar", "torch", "abs, angle, *, out=None", _polar),
    *function("histc", METHOD, "input, bins=100, min=0, max=0, *, out=None", _counted),
    *function(
        "bucketize",
        "torch",
        "input, boundaries, *, out_int32=False, right=False, out=None",
        _searched,
    ),
    *function(
        "multinomial", METHOD, "input, num_samples, replacement=False, *, generator=None", _drawn
    ),
    *function(
        "cross_entropy nll_loss",
        F,
        "input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, "
        "reduction='mean', label_smoothing=0.0",
        _mean_loss,
    ),
    *function(
        "mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy", F, _LOSS, _mean_loss
    ),
    *function(
        "binary_cross_entropy_with_logits",
        F,
        f"{_LOSS}, pos_weight=None",
        _mean_loss,
    ),
    *function(
        "kl_div",
        F,
        "input, target, size_average=None, reduce=None, reduction='mean', log_target=False",
        _mean_loss,
    ),
    *function("corrcoef cov", METHOD, "input", _unknown),
)
