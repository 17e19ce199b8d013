"""HW301 and HW302: only what a plain nn.Sequential proves."""

import pytest

from hwlint_rules.activation_before_norm import ActivationBeforeNorm
from hwlint_rules.redundant_bias import RedundantBias

CONV = ("Conv2d", {"in_channels": 16, "out_channels": 64, "kernel_size": 3})
BARE = ("Conv2d", {"in_channels": 16, "out_channels": 64, "kernel_size": 3, "bias": False})
NORM = ("BatchNorm2d", {"num_features": 64})
RELU = ("ReLU", {})


def test_activation_between(net, findings):
    net.sequence("body", CONV, RELU, NORM)
    (found,) = findings(ActivationBeforeNorm, net.graph(), "ethos-u55-128")
    assert found.message == "BatchNorm2d cannot fold into Conv2d: ReLU stands between"
    assert found.anchor.line == 11
    assert {r.place.line for r in found.related} == {10, 12}


@pytest.mark.parametrize("order", [(CONV, NORM, RELU), (NORM, RELU, CONV), (RELU, NORM)])
def test_other_orders_are_fine(net, findings, order):
    net.sequence("body", *order)
    assert not findings(ActivationBeforeNorm, net.graph(), "ethos-u55-128")


def test_no_word_where_element_wise_operators_fuse_anyway(net, findings):
    net.sequence("body", CONV, RELU, NORM)
    assert not findings(ActivationBeforeNorm, net.graph(), "h100-sxm")


def test_bias(net, findings):
    net.sequence("body", CONV, NORM)
    (found,) = findings(RedundantBias, net.graph(), "h100-sxm")
    assert found.message == "BatchNorm2d cancels this bias: 64 parameters without effect"
    assert found.anchor.line == 10


@pytest.mark.parametrize(
    "layers",
    [
        (BARE, NORM),
        (CONV, RELU, NORM),
        (CONV, ("GroupNorm", {"num_groups": 8, "num_channels": 64})),
        (CONV, ("LayerNorm", {"normalized_shape": 64})),
        (CONV, ("BatchNorm2d", {"num_features": 32})),
        ((CONV[0], CONV[1] | {"maybe": True}), NORM),
        ((CONV[0], CONV[1] | {"class_name": "ScaledConv"}), NORM),
    ],
)
def test_bias_that_is_needed_or_not_proved_away(net, findings, layers):
    net.sequence("body", *layers)
    assert not findings(RedundantBias, net.graph(), "h100-sxm")


def test_instance_norm_cancels_too(net, findings):
    net.sequence("body", CONV, ("InstanceNorm2d", {"num_features": 64}))
    (found,) = findings(RedundantBias, net.graph(), "ethos-u55-128")
    assert "folded" not in found.why


def test_a_shared_layer_proves_nothing(net, findings):
    net.sequence("body", CONV, NORM)
    net.use_again("other", net.sequences["body"][0])
    assert not findings(RedundantBias, net.graph(), "h100-sxm")


def test_a_module_with_a_forward_of_its_own_may_run_otherwise(net, findings):
    net.sequence("body", CONV, NORM)
    net.sequence_kind = "module"
    assert not findings(RedundantBias, net.graph(), "h100-sxm")
