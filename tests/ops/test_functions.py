"""The table of functions against torch itself, on tensors without memory (the meta device)."""

import importlib
import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hwlint.ops import FUNCTIONS, LAYERS, Meta, ShapeMismatch, bind_call

REFUSALS = (RuntimeError, IndexError, ValueError, TypeError)
NOT_TORCHS = {"torch.nn", "torch.Tensor.operator"}


def meta(*shape, dtype=torch.float32):
    return torch.empty(shape, dtype=dtype, device="meta")


def ids(*shape):
    return meta(*shape, dtype=torch.int64)


def flags(*shape):
    return meta(*shape, dtype=torch.bool)


def as_meta(value):
    """What a row is given for torch's own values."""
    if isinstance(value, torch.Tensor):
        return Meta(tuple(value.shape), str(value.dtype).removeprefix("torch."))
    if isinstance(value, torch.dtype):
        return str(value).removeprefix("torch.")
    if isinstance(value, tuple | list) and any(isinstance(v, torch.Tensor) for v in value):
        return type(value)(as_meta(v) for v in value)
    return value


def function(path):
    """The function of torch that a row describes."""
    module, _, name = path.rpartition(".")
    if module == "torch.Tensor":
        return getattr(torch.Tensor, name)
    return getattr(importlib.import_module(module), name)


def found(path):
    try:
        return function(path)
    except AttributeError:
        return None


def ours(path, args, kwargs):
    spec = FUNCTIONS[path]
    bound = bind_call(spec, [as_meta(a) for a in args], {k: as_meta(v) for k, v in kwargs.items()})
    return spec.result(bound)


def theirs(path, args, kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(path)(*args, **kwargs)


def plain(value):
    if isinstance(value, torch.Tensor | Meta):
        made = as_meta(value)
        return tuple(made.shape), made.dtype
    return tuple(plain(v) for v in value)


def agree(path, *args, **kwargs):
    """The row gives torch's shapes and dtypes, or refuses where torch does."""
    try:
        expected = theirs(path, args, kwargs)
    except REFUSALS:
        with pytest.raises((ShapeMismatch, TypeError)):
            ours(path, args, kwargs)
        return
    assert plain(ours(path, args, kwargs)) == plain(expected)


F = "torch.nn.functional."
T = "torch.Tensor."

CASES = [
    ("torch.linalg.inv", meta(2, 4, 4)),
    ("torch.linalg.inv", meta(2, 4, 5)),
    ("torch.linalg.cholesky", meta(2, 4, 4)),
    ("torch.linalg.det", meta(2, 4, 4)),
    ("torch.linalg.slogdet", meta(2, 4, 4)),
    ("torch.linalg.eigh", meta(2, 4, 4)),
    ("torch.linalg.eigvalsh", meta(2, 4, 4)),
    ("torch.linalg.cross", meta(2, 1, 3), meta(4, 3)),
    ("torch.cross", meta(2, 3), meta(2, 3)),
    (F + "linear", meta(2, 5, 8), meta(16, 8), meta(16)),
    (F + "linear", meta(2, 5, 7), meta(16, 8)),
    (F + "bilinear", meta(2, 3), meta(2, 4), meta(5, 3, 4)),
    ("torch.matmul", meta(2, 1, 3, 4), meta(5, 4, 6)),
    ("torch.matmul", meta(4), meta(2, 4, 6)),
    ("torch.matmul", meta(3, 4), meta(5, 6)),
    ("torch.mm", meta(3, 4), meta(4, 6)),
    ("torch.mm", meta(1, 3, 4), meta(4, 6)),
    ("torch.bmm", meta(2, 3, 4), meta(2, 4, 6)),
    ("torch.baddbmm", meta(2, 3, 6), meta(2, 3, 4), meta(2, 4, 6)),
    ("torch.addmm", meta(6), meta(3, 4), meta(4, 6)),
    ("torch.outer", meta(3), meta(4)),
    ("torch.einsum", "bhid,bhjd->bhij", meta(2, 3, 4, 5), meta(2, 3, 6, 5)),
    ("torch.einsum", "...ij,jk", meta(2, 3, 4), meta(4, 5)),
    ("torch.einsum", "ij,jk", meta(3, 4), meta(5, 6)),
    (F + "scaled_dot_product_attention", meta(2, 3, 4, 5), meta(2, 3, 6, 5), meta(2, 3, 6, 7)),
    (F + "max_pool2d", meta(1, 3, 9, 9), 3, 2, 1, 1, True),
    (F + "max_pool2d", meta(1, 3, 9, 9), 3, 2, 2),
    (F + "avg_pool1d", meta(1, 3, 9), 2),
    (F + "adaptive_avg_pool2d", meta(1, 3, 9, 7), (None, 4)),
    (F + "interpolate", meta(1, 3, 9, 7), None, 1.5),
    (F + "interpolate", meta(1, 3, 9, 7), (4, 5)),
    (F + "grid_sample", meta(1, 3, 9, 7), meta(1, 4, 5, 2)),
    (F + "affine_grid", meta(2, 2, 3), [2, 3, 4, 5]),
    (F + "unfold", meta(2, 3, 8, 8), 3, 1, 1, 2),
    (F + "fold", meta(2, 27, 16), (8, 8), 3, 1, 1, 2),
    (F + "pad", meta(2, 3, 8), (1, 2, 0, 3)),
    (F + "pixel_shuffle", meta(2, 12, 4, 5), 2),
    (F + "pixel_shuffle", meta(2, 10, 4, 5), 2),
    (F + "pixel_unshuffle", meta(2, 3, 4, 6), 2),
    (F + "layer_norm", meta(2, 3, 4), (3, 4)),
    (F + "layer_norm", meta(2, 3, 4), (5,)),
    (F + "group_norm", meta(2, 6, 4), 3),
    (F + "group_norm", meta(2, 6, 4), 4),
    (F + "rms_norm", meta(2, 3, 4), (4,)),
    (F + "softmax", meta(2, 3), 1),
    (F + "embedding", ids(2, 3), meta(10, 4)),
    (F + "one_hot", ids(2, 3), 5),
    (F + "glu", meta(2, 6), -1),
    (F + "glu", meta(2, 5), -1),
    (F + "cosine_similarity", meta(2, 5, 3), meta(2, 1, 3), 1),
    ("torch.cat", [meta(2, 3), meta(2, 4)], 1),
    ("torch.cat", [meta(2, 3), meta(3, 4)], 1),
    ("torch.cat", [meta(2, 3), ids(2, 3)]),
    ("torch.stack", [meta(2, 3), meta(2, 3)], -1),
    ("torch.stack", [meta(2, 3), meta(2, 4)]),
    ("torch.hstack", [meta(2, 3), meta(2, 4)]),
    ("torch.vstack", [meta(3), meta(2, 3)]),
    ("torch.where", flags(2, 1), meta(1, 3), meta(2, 3)),
    ("torch.meshgrid", meta(3), meta(4)),
    (T + "view", meta(2, 3, 4), 2, -1),
    (T + "view", meta(2, 3, 4), 5, -1),
    (T + "reshape", meta(2, 3, 4), (4, 6)),
    (T + "flatten", meta(2, 3, 4), 1),
    (T + "unflatten", meta(2, 12), 1, (3, -1)),
    (T + "unsqueeze", meta(2, 3), -1),
    (T + "squeeze", meta(2, 1, 3, 1)),
    (T + "squeeze", meta(2, 1, 3, 1), (1, 2)),
    (T + "permute", meta(2, 3, 4), 2, 0, 1),
    (T + "permute", meta(2, 3, 4), 2, 0),
    (T + "transpose", meta(2, 3, 4), -1, 0),
    (T + "movedim", meta(2, 3, 4), 0, -1),
    (T + "expand", meta(1, 3), 4, -1, -1),
    (T + "expand", meta(2, 3), 4, 3),
    (T + "expand_as", meta(1, 3), meta(4, 3)),
    (T + "repeat", meta(2, 3), 2, 1, 3),
    (T + "repeat", meta(2, 3), 2),
    (T + "tile", meta(2, 3), (2,)),
    (T + "repeat_interleave", meta(2, 3), 4, 1),
    (T + "unfold", meta(2, 9), 1, 3, 2),
    (T + "diagonal", meta(3, 4, 5), 1, 0, 2),
    (T + "split", meta(2, 7), 3, 1),
    (T + "split", meta(2, 7), [3, 4], 1),
    (T + "split", meta(2, 7), [3, 3], 1),
    (T + "chunk", meta(2, 7), 3, 1),
    (T + "tensor_split", meta(7, 2), 3),
    (T + "tensor_split", meta(7, 2), (1, 3)),
    (T + "unbind", meta(3, 2)),
    (T + "select", meta(3, 2), 0, 1),
    (T + "narrow", meta(3, 5), 1, 1, 3),
    (T + "index_select", meta(3, 5), 1, ids(4)),
    (T + "gather", meta(3, 5), 1, ids(3, 2)),
    (T + "masked_fill", meta(3, 5), flags(5), 0.0),
    (T + "sum", meta(2, 3, 4), (0, -1), True),
    (T + "sum", flags(2, 3)),
    (T + "mean", meta(2, 3, 4), 1),
    (T + "std", meta(2, 3, 4), 1),
    (T + "var", meta(2, 3, 4), (1, 2), False, True),
    (T + "amax", meta(2, 3, 4), -1),
    (T + "argmax", meta(2, 3, 4), 1, True),
    (T + "any", flags(2, 3), 1),
    (T + "max", meta(2, 3, 4), 1),
    (T + "max", meta(2, 3), meta(3)),
    (T + "min", meta(2, 3)),
    (T + "logsumexp", meta(2, 3), 1),
    (T + "norm", meta(2, 3), 2, 1),
    (T + "cumsum", ids(2, 3), 1),
    (T + "cumsum", flags(2, 3), 1),
    (T + "sort", meta(2, 3), 1, True),
    (T + "argsort", meta(2, 3)),
    (T + "topk", meta(2, 9), 4),
    (T + "roll", meta(2, 3), 1, 0),
    (T + "flip", meta(2, 3), 0, 1),
    (T + "tril", meta(3, 3)),
    (T + "clamp", meta(2, 3), 0, 1),
    (T + "pow", ids(2, 3), 2.0),
    (T + "div", ids(2, 3), 2),
    (T + "add", ids(2, 3), meta(3)),
    (T + "add", meta(2, 3), meta(4)),
    (T + "eq", meta(2, 3), 1),
    (T + "float", ids(2, 3)),
    (T + "bool", ids(2, 3)),
    (T + "type_as", ids(2, 3), meta(1)),
    (T + "clone", meta(2, 3)),
    (T + "diff", meta(2, 5)),
    ("torch.fft.rfft", meta(2, 8)),
    ("torch.fft.irfft", meta(2, 5, dtype=torch.complex64)),
    ("torch.fft.fft2", meta(2, 8, 8)),
    ("torch.linalg.vector_norm", meta(2, 8), 2, -1),
    ("torch.cdist", meta(2, 3, 4), meta(2, 5, 4)),
    ("torch.addcmul", meta(2, 3), meta(3), meta(2, 1)),
    ("torch.lerp", meta(2, 3), meta(2, 3), 0.5),
    ("torch.view_as_real", meta(2, 3, dtype=torch.complex64)),
    ("torch.view_as_complex", meta(3, 2)),
    ("torch.broadcast_tensors", meta(2, 1), meta(3)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{len(str(case))}")
def test_shapes_are_torchs(case):
    agree(*case)


def test_every_row_is_a_function_of_torchs():
    named = [path for path in FUNCTIONS if path.rpartition(".")[0] not in NOT_TORCHS]
    assert [path for path in named if not callable(found(path))] == []


def test_every_layer_calls_a_row():
    # Layers made of others, losses and what has no fixed shape are not described this way.
    described = {op for op, row in LAYERS.items() if row.forward is not None}
    assert {"Conv2d", "Linear", "LSTM", "BatchNorm2d", "Embedding", "GELU"} <= described
    known = [op for op in described if LAYERS[op].forward.function in FUNCTIONS]
    assert len(known) >= len(described) - 5


def test_a_wrong_keyword_is_refused_as_torch_does():
    with pytest.raises(TypeError, match="unexpected keyword"):
        bind_call(FUNCTIONS[F + "relu"], [Meta((2,))], {"slope": 1})
    with pytest.raises(TypeError, match="missing required"):
        bind_call(FUNCTIONS[F + "linear"], [Meta((2,))], {})


# --- drawn ----------------------------------------------------------------------------------------

small = st.integers(1, 4)


@settings(max_examples=150, deadline=None)
@given(
    dims=st.sampled_from((1, 2, 3)),
    data=st.data(),
    transposed=st.booleans(),
)
def test_convolutions(dims, data, transposed):
    groups, inner, outer = data.draw(small), data.draw(small), data.draw(small)
    length = data.draw(st.lists(st.integers(1, 12), min_size=dims, max_size=dims))
    kernel = data.draw(st.lists(st.integers(1, 4), min_size=dims, max_size=dims))
    stride, padding = data.draw(small), data.draw(st.integers(0, 3))
    wrong = data.draw(st.sampled_from((0, 0, 0, 1)))
    value = meta(2, groups * inner + wrong, *length)
    if transposed:
        weight = meta(groups * inner, outer, *kernel)
        extra = data.draw(st.integers(0, stride - 1))
        arguments = (None, stride, padding, extra, groups, data.draw(st.integers(1, 2)))
        path = f"{F}conv_transpose{dims}d"
        if extra >= max(stride, arguments[5]) or wrong:
            return
    else:
        weight = meta(groups * outer, inner, *kernel)
        arguments = (None, stride, padding, data.draw(st.integers(1, 2)), groups)
        path = f"{F}conv{dims}d"
    try:
        expected = theirs(path, (value, weight, *arguments), {})
    except REFUSALS:
        expected = None
    if expected is not None and 0 not in expected.shape:
        assert plain(ours(path, (value, weight, *arguments), {})) == plain(expected)
    elif not transposed:
        with pytest.raises(ShapeMismatch):
            ours(path, (value, weight, *arguments), {})


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_pools(data):
    length = [data.draw(st.integers(1, 15)) for _ in range(2)]
    kernel, stride = data.draw(st.integers(1, 5)), data.draw(small)
    padding, up = data.draw(st.integers(0, 2)), data.draw(st.booleans())
    agree(F + "max_pool2d", meta(1, 2, *length), kernel, stride, padding, 1, up)


shapes = st.lists(st.sampled_from((1, 2, 3)), max_size=4).map(tuple)


@settings(max_examples=200, deadline=None)
@given(one=shapes, other=shapes)
def test_broadcasting(one, other):
    agree("torch.Tensor.add", meta(*one), meta(*other))


@settings(max_examples=200, deadline=None)
@given(one=shapes, other=shapes)
def test_products(one, other):
    agree("torch.matmul", meta(*one), meta(*other))


INDEX = "torch.Tensor.operator.index"
entries = st.one_of(
    st.none(),
    st.just(...),
    st.integers(-3, 3),
    st.builds(slice, st.one_of(st.none(), st.integers(-4, 4)), st.one_of(st.none(), small)),
    st.sampled_from(("ids", "row", "mask")),
    st.lists(st.integers(-2, 1), min_size=1, max_size=3),
)
TENSORS = {"ids": lambda: ids(2), "row": lambda: ids(3, 1), "mask": lambda: flags(3)}


def entry(value):
    return TENSORS[value]() if isinstance(value, str) else value


@settings(max_examples=400, deadline=None)
@given(index=st.lists(entries, min_size=1, max_size=4))
def test_indices(index):
    # More than one ... is not an index, and two masks do not fit together.
    if sum(e is ... for e in index) > 1 or sum(e == "mask" for e in index) > 1:
        return
    real = torch.zeros(3, 3, 3, 3)
    given_ = tuple(torch.zeros(2, dtype=torch.int64) if e == "ids" else e for e in index)
    given_ = tuple(
        torch.zeros(3, 1, dtype=torch.int64) if isinstance(e, str) and e == "row" else e
        for e in given_
    )
    masked = any(isinstance(e, str) for e in given_)
    given_ = tuple(torch.ones(3, dtype=torch.bool) if isinstance(e, str) else e for e in given_)
    row = FUNCTIONS[INDEX]
    bound = {"input": as_meta(real), "index": tuple(as_meta(e) for e in given_)}
    try:
        expected = tuple(real[given_].shape)
    except REFUSALS:
        # A list of numbers out of range is a matter of values, which the row does not look at.
        if not any(isinstance(e, list) for e in given_) and not masked:
            with pytest.raises(ShapeMismatch):
                row.result(bound)
        return
    found = row.result(bound).shape
    assert found is not None
    assert len(found) == len(expected)
    assert all(a is None or a == b for a, b in zip(found, expected, strict=True))
    if not masked:
        assert found == expected


@settings(max_examples=100, deadline=None)
@given(shape=shapes, hide=st.lists(st.booleans(), min_size=4, max_size=4))
def test_what_is_not_known_is_never_contradicted(shape, hide):
    """With dims hidden, a row says what it says with all of them, or less."""
    hidden = tuple(None if h else d for d, h in zip(shape, hide, strict=False))
    for path, arguments in HIDDEN:
        full = partial(path, shape, arguments)
        found = partial(path, hidden, arguments)
        if full is None:
            continue
        assert found is None or len(found) == len(full)
        assert found is None or all(a in (None, b) for a, b in zip(found, full, strict=True))


HIDDEN = [
    (T + "unsqueeze", {"dim": 0}),
    (T + "flatten", {"start_dim": 0, "end_dim": -1}),
    (T + "sum", {"dim": None, "keepdim": True}),
    (T + "add", {"other": Meta((3, 1))}),
    ("torch.matmul", {"other": Meta((3, 2))}),
    (F + "linear", {"weight": Meta((5, 3))}),
    (T + "squeeze", {"dim": None}),
    ("torch.cumsum", {"dim": 0}),
]


def partial(path, shape, arguments):
    spec = FUNCTIONS[path]
    try:
        made = spec.result(bind_call(spec, [Meta(shape)], arguments))
    except ShapeMismatch:
        return None
    return made.shape
