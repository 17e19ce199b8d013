"""Compares a row of the table with the torch.nn class that it describes."""

import importlib
import re
import warnings
from collections.abc import Callable, Mapping, Sequence

import pytest
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.modules.instancenorm import _InstanceNorm
from torch.nn.modules.linear import NonDynamicallyQuantizableLinear

from hwlint.ops import (
    INTERNAL,
    LAYERS,
    Child,
    LayerSpec,
    Reference,
    bind,
    check,
    count,
    normalise,
)

HIDDEN = {
    row.__name__: row
    for row in (_BatchNorm, _DropoutNd, _InstanceNorm, _NormBase, NonDynamicallyQuantizableLinear)
}
MODULE_ATTRIBUTES = frozenset(nn.Module().__dict__)
# What torch finds out from the machine it runs on or from the inside of a module it is given.
NOT_FROM_ARGUMENTS = {
    "DataParallel": {"device_ids"},
    "TransformerEncoder": {"use_nested_tensor"},
    "TransformerEncoderLayer": {"activation_relu_or_gelu"},
}


def torch_class(op: str) -> type[nn.Module]:
    return HIDDEN[op] if op in HIDDEN else getattr(nn, op)


def build(op: str, args: Sequence[object], kwargs: Mapping[str, object]) -> nn.Module | Exception:
    """What torch builds, or what it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return torch_class(op)(*args, **kwargs)
        except Exception as error:  # noqa: BLE001  whatever torch raises is the answer
            return error


def read(op: str, args: Sequence[object], kwargs: Mapping[str, object]) -> dict[str, object]:
    spec = spec_of(op)
    values = normalise(spec, bind(spec, args, kwargs).values)
    check(spec, values)
    return values


def spec_of(op: str) -> LayerSpec:
    return LAYERS.get(op) or INTERNAL[op]


def plain(value: object) -> object:
    if not isinstance(value, Reference):
        return value
    module, _, name = value.path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def attributes_of(layer: nn.Module) -> dict[str, object]:
    found = {k: v for k, v in layer.__dict__.items() if k not in MODULE_ATTRIBUTES}
    found = {k: v for k, v in found.items() if not k.startswith("_")}
    for registered in (layer._parameters, layer._buffers):
        found.update({k: v for k, v in registered.items() if v is None})
    return found


def compare_layer(spec: LayerSpec, values: Mapping[str, object], layer: nn.Module) -> None:
    given = [c for c in spec.children(values) if isinstance(c.given, nn.Module)]
    handed_in = tuple(f"{c.name}." for c in given)
    own = [(k, p) for k, p in layer.named_parameters() if not k.startswith(handed_in or ("\0",))]
    if spec.lazy:
        assert count(spec, values) is None
        assert not spec.weights(values)
    else:
        # In torch's order too.
        assert [*spec.weights(values).items()] == [(k, tuple(p.shape)) for k, p in own]
        assert count(spec, values) == sum(p.numel() for _, p in own)
        buffers = {k: tuple(b.shape) for k, b in layer.named_buffers()}
        assert dict(spec.buffers(values)) == buffers
    compare_attributes(spec, values, layer)
    compare_children(spec, values, layer)


def compare_attributes(spec: LayerSpec, values: Mapping[str, object], layer: nn.Module) -> None:
    found = {k: plain(v) for k, v in spec.attributes(values).items()}
    for private in [k for k in found if k.startswith("_") and k not in layer._buffers]:
        assert getattr(layer, private) == found.pop(private)
    submodules = dict(layer.named_children())
    expected = attributes_of(layer)
    for name in NOT_FROM_ARGUMENTS.get(spec.op, set()) - set(found):
        expected.pop(name, None)
    assert {k: v for k, v in found.items() if k not in submodules} == expected
    # A module among the arguments is an attribute in the row and a child in torch.
    assert all(submodules[k] is v for k, v in found.items() if k in submodules)


def compare_children(spec: LayerSpec, values: Mapping[str, object], layer: nn.Module) -> None:
    children = spec.children(values)
    attributes = spec.attributes(values)
    built = [name for name, _ in layer.named_children() if name not in attributes]
    assert [c.name for c in children if "." not in c.name] == built
    for child in children:
        compare_child(child, layer.get_submodule(child.name))


def compare_child(child: Child, module: nn.Module) -> None:
    if isinstance(child.given, nn.Module):
        assert (module is child.given) != child.copied
        assert type(module) is type(child.given)
        return
    source = child.given if isinstance(child.given, Child) else child
    assert source.op == type(module).__name__
    if source.op in LAYERS or source.op in INTERNAL:
        compare_layer(spec_of(source.op), read(source.op, (), source.args), module)


def wording(error: BaseException) -> str:
    # A constructor that is inherited goes by its owner's name in Python's messages, and what
    # torch prints of a set comes in any order.
    text = re.sub(r"^\w+(?=\.__init__\(\))", "", str(error))
    return re.sub(r"\{.*?\}", "{}", text)


@pytest.fixture(scope="session")
def same() -> Callable[..., None]:
    """Return a function that checks that a row says what torch does with these arguments."""

    def compare(op: str, *args: object, **kwargs: object) -> None:
        layer = build(op, args, kwargs)
        if isinstance(layer, nn.Module):
            compare_layer(spec_of(op), read(op, args, kwargs), layer)
            return
        with pytest.raises(type(layer)) as ours:
            read(op, args, kwargs)
        # Torch's own C++ words what is wrong with a size in its own way.
        if not isinstance(layer, RuntimeError | TypeError):
            assert wording(ours.value) == wording(layer)

    return compare


@pytest.fixture(scope="session")
def same_refusal() -> Callable[..., None]:
    """Return a function that checks that torch and the row refuse these arguments alike."""

    def compare(op: str, *args: object, **kwargs: object) -> None:
        theirs = build(op, args, kwargs)
        assert isinstance(theirs, Exception)
        with pytest.raises(type(theirs)) as ours:
            read(op, args, kwargs)
        assert wording(ours.value) == wording(theirs)

    return compare
