"""Rows against torch over drawn arguments, those that torch refuses included."""

import torch
from hypothesis import given
from hypothesis import strategies as st

SIZES = st.integers(-1, 12)
SWITCH = st.booleans()


def per_axis(dims, numbers):
    return st.one_of(
        numbers, st.tuples(*[numbers] * dims), st.lists(numbers, min_size=dims, max_size=dims)
    )


@st.composite
def convolutions(draw):
    dims, transposed = draw(st.integers(1, 3)), draw(SWITCH)
    groups = draw(st.integers(0, 4))
    # Mostly sizes that the groups divide.
    scale = draw(st.sampled_from([1, max(groups, 1)]))
    kwargs = {
        "in_channels": draw(st.integers(0, 6)) * scale,
        "out_channels": draw(st.integers(1, 6)) * scale,
        "kernel_size": draw(per_axis(dims, st.integers(1, 4))),
        "stride": draw(per_axis(dims, st.integers(1, 3))),
        "dilation": draw(per_axis(dims, st.integers(1, 3))),
        "padding": draw(per_axis(dims, st.integers(0, 3))),
        "groups": groups,
        "bias": draw(SWITCH),
    }
    if transposed:
        kwargs["output_padding"] = draw(per_axis(dims, st.integers(0, 1)))
    elif draw(SWITCH):
        kwargs["padding"] = draw(st.sampled_from(["same", "valid", "full"]))
    return f"Conv{'Transpose' * transposed}{dims}d", kwargs


@given(convolutions())
def test_convolutions(same, drawn):
    op, kwargs = drawn
    with torch.device("meta"):
        same(op, **kwargs)


@given(st.one_of(SIZES, st.floats(1, 9)), SIZES, SWITCH)
def test_linear(same, inputs, outputs, bias):
    with torch.device("meta"):
        same("Linear", inputs, outputs, bias)


@given(
    st.sampled_from(["BatchNorm2d", "InstanceNorm1d", "SyncBatchNorm", "GroupNorm"]),
    SIZES,
    st.integers(1, 4),
    st.fixed_dictionaries({"affine": SWITCH, "bias": SWITCH}),
)
def test_channel_norms(same, op, channels, groups, kwargs):
    args = (groups, channels) if op == "GroupNorm" else (channels,)
    with torch.device("meta"):
        same(op, *args, **kwargs)


@given(
    st.sampled_from(["LayerNorm", "RMSNorm"]),
    st.one_of(SIZES, st.lists(SIZES, max_size=3), st.lists(SIZES, max_size=3).map(tuple)),
    SWITCH,
)
def test_shape_norms(same, op, shape, affine):
    with torch.device("meta"):
        same(op, shape, elementwise_affine=affine)


@given(
    st.sampled_from(["RNN", "LSTM", "GRU"]),
    st.fixed_dictionaries(
        {
            "input_size": SIZES,
            "hidden_size": SIZES,
            "num_layers": st.integers(0, 3),
            "bias": SWITCH,
            "bidirectional": SWITCH,
        },
        optional={"batch_first": SWITCH, "dropout": st.sampled_from([0, 0.5, 1, 2])},
    ),
    st.integers(-1, 5),
)
def test_recurrent(same, op, kwargs, projection):
    if op == "LSTM":
        kwargs["proj_size"] = projection
    with torch.device("meta"):
        same(op, **kwargs)


@given(
    SIZES,
    st.integers(0, 4),
    st.sampled_from([None, 2, 8]),
    st.fixed_dictionaries({"bias": SWITCH, "add_bias_kv": SWITCH}),
)
def test_attention(same, width, heads, keys, kwargs):
    with torch.device("meta"):
        same("MultiheadAttention", width, heads, kdim=keys, **kwargs)
