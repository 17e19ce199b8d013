import inspect
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn import modules

from hwlint.ops import ABSTRACT, CONTAINERS, INTERNAL, LAYERS, REQUIRED, Reference

PUBLIC = {
    name: found
    for name, found in vars(nn).items()
    if not name.startswith("_") and inspect.isclass(found) and issubclass(found, nn.Module)
}
KINDS = {
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "positional",
    inspect.Parameter.KEYWORD_ONLY: "keyword",
    inspect.Parameter.VAR_POSITIONAL: "varargs",
    inspect.Parameter.VAR_KEYWORD: "varkwargs",
}
RECURRENT = {"RNN", "LSTM", "GRU"}


def find(name):
    spaces = (nn, *(vars(modules)[m] for m in vars(modules) if inspect.ismodule(vars(modules)[m])))
    return next(vars(space)[name] for space in spaces if name in vars(space))


def names_above(cls):
    # `Generic` says nothing to isinstance that code asks for.
    mro = cls.__mro__[1:]
    return tuple(base.__name__ for base in mro if base.__name__ not in ("object", "Generic"))


def signature_of(op):
    cls = find(op)
    if cls.__init__ is nn.Module.__init__:
        # It takes anything and then refuses it.
        return []
    if op in RECURRENT:
        return recurrent_signature(op)
    return described(cls)


def described(cls):
    found = list(inspect.signature(cls.__init__).parameters.values())[1:]
    return [(p.name, p.default, KINDS[p.kind]) for p in found]


def recurrent_signature(op):
    # `*args, **kwargs`, of which the rest is passed on.
    found = [row for row in described(nn.RNNBase) if row[0] != "mode"]
    if op == "RNN":
        found.insert(3, ("nonlinearity", "tanh", "positional"))
    return found


def test_every_module_class_is_a_layer_or_a_container():
    assert set(LAYERS) == set(PUBLIC) - CONTAINERS
    assert set(PUBLIC) > CONTAINERS
    assert all(row.op == name for name, row in LAYERS.items())


@pytest.mark.parametrize("op", [*LAYERS, *INTERNAL])
def test_signature(op):
    row = LAYERS.get(op) or INTERNAL[op]
    expected = signature_of(op)
    assert [(p.name, p.kind) for p in row.parameters] == [(n, kind) for n, _, kind in expected]
    for parameter, (_, default, _) in zip(row.parameters, expected, strict=True):
        if default is inspect.Parameter.empty:
            assert parameter.default is REQUIRED
        elif default is torch.nn.functional.relu:
            assert parameter.default == Reference("torch.nn.functional.relu")
        else:
            assert (type(parameter.default), parameter.default) == (type(default), default)


@pytest.mark.parametrize("op", [*LAYERS, *INTERNAL])
def test_bases(op):
    row = LAYERS.get(op) or INTERNAL[op]
    assert row.bases == names_above(find(op))


@pytest.mark.parametrize("name", ABSTRACT)
def test_abstract_bases(name):
    assert ABSTRACT[name] == names_above(find(name))


def test_every_base_is_known():
    named = {base for row in (*LAYERS.values(), *INTERNAL.values()) for base in row.bases}
    assert named <= {*LAYERS, *CONTAINERS, *ABSTRACT}
    assert not set(ABSTRACT) & {*LAYERS, *CONTAINERS}


def test_families_are_the_documented_ones():
    assert {row.family for row in LAYERS.values()} == {
        "activation",
        "attention",
        "container",
        "conv",
        "dropout",
        "embedding",
        "linear",
        "loss",
        "norm",
        "other",
        "padding",
        "pool",
        "recurrent",
        "shuffle",
        "upsample",
    }


def test_lazy_rows():
    assert {op for op, row in LAYERS.items() if row.lazy} == {
        op for op in LAYERS if op.startswith("Lazy")
    }


def test_the_table_does_without_torch():
    code = "import sys, hwlint.ops, hwlint.ops.names; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
