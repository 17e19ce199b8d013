from collections import OrderedDict

import pytest

from hwlint.ops import LAYERS, REQUIRED, bind, check, normalise


class Opaque:
    """Stands for what is not known: looking at it is an error."""

    def _looked_at(self, *_):
        raise AssertionError("an opaque value was looked at")

    __bool__ = __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __len__ = __iter__ = _looked_at
    __int__ = __index__ = __add__ = __mul__ = __mod__ = __floordiv__ = __getitem__ = _looked_at
    __hash__ = object.__hash__


class Tagged(int):
    pass


REFUSED = [
    ("Conv2d", (), {}),
    ("Conv2d", (3,), {}),
    ("Conv2d", (3, 8), {}),
    ("Conv2d", (3, 8, 3), {"kernel_size": 3}),
    ("Conv2d", (3, 8, 3), {"in_channels": 3, "wrong": 1}),
    ("Conv2d", (3, 8, 3), {"wrong": 1}),
    ("Conv2d", (3, 8, 3, 1, 0, 1, 1, True, "zeros", None, None, 0), {}),
    ("Linear", (3, 8), {"p": 0.5}),
    ("Linear", (3, 8, True, None, None, 0), {}),
    ("BatchNorm2d", (8, 1e-5, 0.1, True, True, None, None, True), {}),
    ("BatchNorm2d", (8, 1e-5, 0.1, True, True, None, None, True), {"bias": False}),
    ("GaussianNLLLoss", (True,), {}),
    ("ReLU", (), {"dim": 1}),
    ("ReLU", (True, True), {}),
    ("Sigmoid", (), {"inplace": True}),
    ("Tanh", (True,), {}),
    ("Softmax2d", (1, 2), {}),
    ("MaxPool2d", (), {"stride": 2}),
    ("MultiheadAttention", (), {"num_heads": 8}),
    ("Bilinear", (), {}),
    ("LinearCrossEntropyLoss", (3,), {}),
    ("LinearCrossEntropyLoss", (3, 4, ()), {}),
    ("Transformer", (), {"d_modell": 64}),
    ("Dropout", (0.5,), {"p": 0.5}),
]


@pytest.mark.parametrize(("op", "args", "kwargs"), REFUSED)
def test_a_call_that_does_not_fit_is_refused_in_the_same_words(same_refusal, op, args, kwargs):
    same_refusal(op, *args, **kwargs)


def test_defaults_are_filled_and_named():
    bound = bind(LAYERS["Conv2d"], (3, 8), {"kernel_size": 3, "bias": True})
    assert list(bound.values) == [p.name for p in LAYERS["Conv2d"].parameters]
    assert bound.values["stride"] == 1
    # Written out, though it is what torch would have filled in.
    assert bound.defaulted == frozenset(bound.values) - {
        "in_channels",
        "out_channels",
        "kernel_size",
        "bias",
    }


def test_identity_takes_anything():
    bound = bind(LAYERS["Identity"], (1, 2), {"a": 3, "args": 4})
    assert bound.values == {"args": (1, 2), "kwargs": {"a": 3, "args": 4}}
    assert not bound.defaulted
    assert LAYERS["Identity"].attributes(bound.values) == {}


def test_any_mapping_will_do():
    assert bind(LAYERS["GELU"], [], OrderedDict(approximate="tanh")).values == {
        "approximate": "tanh"
    }


def opaque_call(row, only_required):
    # Fractional pooling asks for one of two arguments that both have a default.
    asked = {"output_size"} if row.op.startswith("Fractional") else set()
    chosen = [
        p for p in row.parameters if not only_required or p.default is REQUIRED or p.name in asked
    ]
    return {p.name: Opaque() for p in chosen if p.kind in ("positional", "keyword")}


@pytest.mark.parametrize("only_required", [True, False])
@pytest.mark.parametrize("op", LAYERS)
def test_opaque_values_pass_through(op, only_required):
    row = LAYERS[op]
    kwargs = opaque_call(row, only_required)
    bound = bind(row, (), kwargs)
    assert all(bound.values[name] is value for name, value in kwargs.items())
    values = normalise(row, bound.values)
    check(row, values)
    for name, value in row.attributes(values).items():
        if name in kwargs and name in values:
            assert value is values[name]
    row.children(values)


@pytest.mark.parametrize("op", LAYERS)
def test_arguments_are_stored_as_the_objects_that_were_passed(op):
    row = LAYERS[op]
    names = [p.name for p in row.parameters if type(p.default) is int or p.default is REQUIRED]
    kwargs = {name: Tagged(4) for name in names}
    values = normalise(row, bind(row, (), kwargs).values)
    for name, value in row.attributes(values).items():
        items = value if isinstance(value, tuple) else (value,)
        if name in kwargs:
            assert all(type(item) is Tagged and item is kwargs[name] for item in items)


@pytest.mark.parametrize("op", LAYERS)
def test_normalising_twice_changes_nothing(op):
    row = LAYERS[op]
    required = [p.name for p in row.parameters if p.default is REQUIRED]
    once = normalise(row, bind(row, (), dict.fromkeys(required, 4)).values)
    assert normalise(row, once) == once
