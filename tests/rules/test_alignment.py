"""HW101 and HW102 on models built by hand."""

from dataclasses import replace

import pytest

from hwlint_rules.misaligned_channels import MisalignedChannels
from hwlint_rules.misaligned_features import MisalignedFeatures


def add_convs(net, width, count=3):
    net.add("Conv2d", "stem", 20, in_channels=3, out_channels=width, kernel_size=3)
    for i in range(count):
        net.add("Conv2d", f"c{i}", 21 + i, in_channels=width, out_channels=width, kernel_size=3)
        net.add("BatchNorm2d", f"n{i}", 31 + i, num_features=width)
    net.add("Conv2d", "head", 50, in_channels=width, out_channels=64, kernel_size=1)


def test_one_literal_is_one_finding(net, findings):
    width = net.literal(100, 11, "width")
    add_convs(net, width)
    (found,) = findings(MisalignedChannels, net.graph())
    assert found.anchor == width.place
    assert found.message.startswith("100 misses the tile in 5 convolutions (next: 104): ")
    assert found.data["value"] == 100
    assert found.data["padded"] == 104
    assert {r.place.line for r in found.related} == {20, 21, 22, 23, 50}
    assert "multiples of 8" in found.why
    assert "[vendor guide]" in found.why
    assert "not eligible" not in found.why


def test_others_with_the_same_number_are_counted(net, findings):
    width, other = net.literal(100, 11, "width"), net.literal(100, 12, "other")
    add_convs(net, width)
    net.add("Conv2d", "aside", 60, in_channels=other, out_channels=other, kernel_size=3)
    messages = sorted(found.message for found in findings(MisalignedChannels, net.graph()))
    assert messages[0].startswith("100 misses the tile in 1 of the 6 convolutions with it (next: ")
    assert messages[1].startswith("100 misses the tile in 5 of the 6 convolutions with it (next: ")


def test_the_share_is_what_padding_takes(net, findings):
    width = net.literal(100, 11, "width")
    net.add("Conv2d", "a", 1, in_channels=64, out_channels=width, kernel_size=1, bias=False)
    net.add("Conv2d", "b", 2, in_channels=64, out_channels=64, kernel_size=1, bias=False)
    (found,) = findings(MisalignedChannels, net.graph())
    assert found.share == pytest.approx(4 / 104)
    assert found.model_share == pytest.approx(4 * 64 / (6400 + 4096))


def test_both_channels_multiply(net, findings):
    net.add("Conv2d", "in", 1, in_channels=64, out_channels=64, kernel_size=1)
    width = net.literal(100, 11, "width")
    net.add("Conv2d", "a", 2, in_channels=width, out_channels=width, kernel_size=1, bias=False)
    net.add("Conv2d", "b", 3, in_channels=64, out_channels=64, kernel_size=1)
    (found,) = findings(MisalignedChannels, net.graph())
    assert found.share == pytest.approx(1 - (100 / 104) ** 2)


def test_a_scaled_literal_is_solved_for(net, findings):
    width = net.literal(50, 11, "width")
    doubled = net.computed(100, "*", width, net.literal(2, 12))
    add_convs(net, doubled)
    (found,) = findings(MisalignedChannels, net.graph())
    assert found.anchor == width.place
    assert found.message.startswith("100 misses the tile in 5 convolutions")
    assert found.why.startswith("100 = width 50 x 2; ")
    assert found.data["padded"] == 52


def test_alike_numbers_of_one_line_are_one_cause(net, findings):
    """As long as each is not known to be free: `[100, 100]` is changed as a whole."""
    first = net.literal(100, 11, "widths")
    second = replace(first, place=replace(first.place, col=40))
    add_convs(net, first)
    tripled = net.computed(300, "*", second, net.literal(3, 12))
    net.add("Conv2d", "aside", 60, in_channels=tripled, out_channels=second, kernel_size=3)
    (found,) = findings(MisalignedChannels, net.graph())
    assert found.anchor == first.place
    assert found.message.startswith("100, 300 miss the tile in 6 convolutions (next: 104, 312): ")
    assert not found.changes


def test_what_a_factor_makes_of_a_literal_is_next(net, findings):
    width = net.literal(25, 11, "state_dim")
    add_convs(net, net.computed(75, "*", net.literal(3, 12), width))
    (found,) = findings(MisalignedChannels, net.graph())
    assert found.message.startswith("75 misses the tile in 5 convolutions (next: 96): ")


def test_what_one_literal_decides_is_next_with_one_number(net, findings):
    """116 alone would be 120, but of 120 the half misses the tile again."""
    width = net.literal(116, 11, "width")
    half = net.computed(58, "//", width, net.literal(2, 12))
    add_convs(net, width)
    net.add("Conv2d", "half", 60, in_channels=half, out_channels=64, kernel_size=1)
    (found,) = findings(MisalignedChannels, net.graph())
    assert found.message.startswith("58, 116 miss the tile in 6 convolutions (next: 64, 128)")


def test_a_factor_is_to_blame_for_what_it_makes_of_round_numbers(net, findings):
    factor = net.literal(1.3, 11, "width_factor")
    for line, base in enumerate((64, 128), 20):
        scaled = net.computed(base * 1.3, "*", net.literal(base, line, "planes"), factor)
        width = net.computed(int(base * 1.3), "int", scaled)
        net.add("Conv2d", f"c{line}", line, in_channels=64, out_channels=width, kernel_size=1)
    net.add("Conv2d", "last", 50, in_channels=64, out_channels=64, kernel_size=1)
    (found,) = findings(MisalignedChannels, net.graph())
    assert found.anchor == factor.place
    assert found.message.startswith("83, 166 miss the tile in 2 convolutions")
    assert found.data["padded"] is None


@pytest.mark.parametrize(("out", "padded"), [(152, None), (160, 80)])
def test_a_width_that_groups_tie_to_another_is_not_solved_alone(net, findings, out, padded):
    width = net.literal(76, 11)
    add_convs(net, width)
    wide = net.literal(out, 12)
    wide_conv = {"in_channels": width, "out_channels": wide, "groups": width, "kernel_size": 7}
    net.add("Conv2d", "down", 60, **wide_conv)
    net.add("Conv2d", "after", 61, in_channels=wide, out_channels=64, kernel_size=1)
    (found,) = findings(MisalignedChannels, net.graph())
    assert found.anchor == width.place
    assert found.data["padded"] == padded
    assert ("grouped convolutions tie it" in found.advice) == (padded is None)


def test_two_named_literals_anchor_at_the_call(net, findings):
    width, ratio = net.literal(10, 11, "width"), net.literal(10, 12, "ratio")
    product = net.computed(100, "*", width, ratio)
    net.add("Conv2d", "a", 1, in_channels=64, out_channels=product, kernel_size=3)
    net.add("Conv2d", "b", 2, in_channels=64, out_channels=64, kernel_size=3)
    (found,) = findings(MisalignedChannels, net.graph())
    assert found.anchor.line == 1
    assert "width 10 (line 12)" in found.why
    assert "ratio 10 (line 13)" in found.why
    assert {p.line for p in found.alternatives} == {11, 12}


@pytest.mark.parametrize(
    "given",
    [
        {"in_channels": 64, "out_channels": 96},
        {"in_channels": 64, "out_channels": 100, "maybe": True},
        {"in_channels": 64, "out_channels": None},
        {"in_channels": 100, "out_channels": 100, "groups": 100},
        {"in_channels": 4, "out_channels": 64},
        {"in_channels": 64, "out_channels": 3},
        {"in_channels": 64, "out_channels": 1},
    ],
)
def test_silent(net, findings, given):
    net.add("Conv2d", "first", 0, in_channels=64, out_channels=64, kernel_size=3)
    net.add("Conv2d", "a", 1, kernel_size=3, **given)
    net.add("Conv2d", "last", 2, in_channels=64, out_channels=64, kernel_size=3)
    assert not findings(MisalignedChannels, net.graph())


def test_a_share_that_is_not_worth_reading_is_not_said(net, findings):
    net.add("Linear", "big", 0, in_features=4096, out_features=4096)
    net.add("Conv2d", "squeeze", 1, in_channels=96, out_channels=6, kernel_size=1)
    net.add("Conv2d", "expand", 2, in_channels=6, out_channels=96, kernel_size=1)
    net.add("Linear", "last", 3, in_features=4096, out_features=4096)
    assert not findings(MisalignedChannels, net.graph())
    # Also where the model's total is not known: what is known is already too much.
    assert not findings(MisalignedChannels, net.graph(params=None))


def test_an_unknown_total_is_not_claimed(net, findings):
    add_convs(net, net.literal(100, 11, "width"))
    (found,) = findings(MisalignedChannels, net.graph(params=None))
    assert found.model_share is None
    assert "of the parameters" not in found.message
    assert "in the model" not in found.advice


def test_class_counts_are_the_task_s(net, findings):
    classes = net.literal(1003, 5, "num_classes")
    net.add("Linear", "first", 0, in_features=64, out_features=64)
    net.add("Linear", "head", 1, in_features=64, out_features=classes)
    net.add("Linear", "head_dist", 2, in_features=64, out_features=classes)
    assert not findings(MisalignedFeatures, net.graph())


def test_features(net, findings):
    hidden = net.literal(90, 5, "hidden")
    net.add("Linear", "fc1", 0, in_features=64, out_features=hidden)
    net.add("Linear", "fc2", 1, in_features=hidden, out_features=64)
    (found,) = findings(MisalignedFeatures, net.graph())
    assert found.message.startswith("90 misses the tile in 2 linear layers")
    assert found.anchor == hidden.place


def test_a_call_in_a_loop_is_one_finding(net, findings):
    net.add("Conv2d", "first", 0, in_channels=64, out_channels=64, kernel_size=3)
    for number, width in enumerate((27, 38, 50, 64)):
        net.add("Conv2d", f"s{number}", 1, in_channels=64, out_channels=width, kernel_size=3)
    net.add("Conv2d", "last", 2, in_channels=64, out_channels=64, kernel_size=3)
    (found,) = findings(MisalignedChannels, net.graph())
    assert found.message.startswith("27, 38, 50 miss the tile in 3 convolutions")


def test_the_same_literals_together_are_one_cause(net, findings):
    dim = net.literal(1024, 5, "embed_dim")
    hidden = net.computed(61, "+", net.literal(36, 6, "local"), net.literal(25, 7, "context"))
    net.add("Linear", "first", 0, in_features=64, out_features=64)
    net.add("Linear", "w1", 1, in_features=dim, out_features=hidden)
    net.add("Linear", "w2", 2, in_features=dim, out_features=hidden)
    net.add("Linear", "w3", 3, in_features=hidden, out_features=dim)
    net.add("Linear", "last", 4, in_features=64, out_features=64)
    (found,) = findings(MisalignedFeatures, net.graph())
    # Neither is more to blame than the other, and nothing is solved for.
    assert found.anchor.line == 1
    assert found.message.startswith("61 misses the tile in 3 linear layers")
    assert {r.place.line for r in found.related} == {2, 3}


def test_each_side_of_a_layer_has_its_cause(net, findings):
    narrow, wide = net.literal(18, 5), net.literal(36, 6)
    net.add("Conv2d", "first", 0, in_channels=64, out_channels=64, kernel_size=3)
    net.add("Conv2d", "a", 1, in_channels=narrow, out_channels=narrow, kernel_size=3)
    net.add("Conv2d", "b", 2, in_channels=narrow, out_channels=wide, kernel_size=3)
    net.add("Conv2d", "last", 3, in_channels=64, out_channels=64, kernel_size=3)
    one, other = findings(MisalignedChannels, net.graph())
    assert one.message.startswith("18 misses the tile in 2 convolutions (next: 24): ")
    assert other.message.startswith("36 misses the tile in 1 convolution (next: 40): ")


def test_a_shared_layer_counts_once(net, findings):
    net.add("Conv2d", "first", 0, in_channels=64, out_channels=64, kernel_size=3)
    shared = net.add("Conv2d", "a", 1, in_channels=64, out_channels=100, kernel_size=3)
    net.use_again("b", shared)
    net.add("Conv2d", "last", 2, in_channels=64, out_channels=64, kernel_size=3)
    (found,) = findings(MisalignedChannels, net.graph())
    assert "in 1 convolution" in found.message


def test_steps_of_a_device_that_pads(net, findings):
    width = net.literal(100, 11, "width")
    add_convs(net, width)
    (found,) = findings(MisalignedChannels, net.graph(), "ethos-u55-128")
    assert "computed in steps of 16 in int8, 100 costs as 112" in found.why
    assert "[vendor compiler]" in found.why


def test_depthwise_has_a_tile_of_its_own(net, findings):
    net.add("Conv2d", "first", 0, in_channels=64, out_channels=64, kernel_size=1)
    net.add("Conv2d", "dw", 1, in_channels=20, out_channels=20, kernel_size=3, groups=20)
    net.add("Conv2d", "last", 2, in_channels=64, out_channels=64, kernel_size=1)
    (found,) = findings(MisalignedChannels, net.graph(), "ethos-u55-128")
    assert found.message.startswith("20 misses the tile in 1 convolution")
    assert not findings(MisalignedChannels, net.graph(), "stm32h743")


def test_no_tile_no_word(net, findings):
    add_convs(net, net.literal(101, 11, "width"))
    assert not findings(MisalignedChannels, net.graph(), "stm32h743")


def between(net, *layers):
    net.add("Conv2d", "first", 0, in_channels=64, out_channels=64, kernel_size=3)
    for number, (wide, narrow) in enumerate(layers):
        net.add("Conv2d", f"a{number}", 1, in_channels=wide, out_channels=narrow, kernel_size=1)
    net.add("Conv2d", "last", 2, in_channels=64, out_channels=64, kernel_size=3)
    return net.graph()


def test_less_than_a_tile_is_another_matter(net, findings):
    assert not findings(MisalignedChannels, between(net, (64, 6), (6, 64)))


def test_one_more_than_a_multiple_is_meant(net, findings):
    keys = net.computed(128, "*", net.literal(2, 7), net.literal(64, 8, "dim"))
    made = net.computed(129, "+", net.literal(1, 9), keys)
    assert not findings(MisalignedChannels, between(net, (64, made)))
    wider = net.computed(140, "+", net.literal(12, 9, "extra"), keys)
    net.layers.clear()
    assert findings(MisalignedChannels, between(net, (64, wider)))


@pytest.mark.parametrize("name", ["num_heads", "n_head", "num_patches", "img_size", "seq_len"])
def test_what_is_no_channel_count(net, findings, name):
    assert not findings(MisalignedChannels, between(net, (64, net.literal(12, 5, name))))


@pytest.mark.parametrize("name", ["head_dim", "patch_dim", "token_channels", "hidden_size"])
def test_what_is_one(net, findings, name):
    assert findings(MisalignedChannels, between(net, (64, net.literal(12, 5, name))))


def test_squeeze_and_excite_works_on_one_position(net, findings):
    squeeze = {"in_channels": 96, "out_channels": 30, "kernel_size": 1}
    excite = {"in_channels": 30, "out_channels": 96, "kernel_size": 1}
    net.add("Conv2d", "first", 0, in_channels=64, out_channels=64, kernel_size=3)
    inner = [("Conv2d", squeeze), ("Identity", {}), ("ReLU", {}), ("Conv2d", excite)]
    net.sequence("se", *inner, ("Sigmoid", {}))
    net.sequence("last", ("Conv2d", {"in_channels": 64, "out_channels": 64, "kernel_size": 3}))
    assert not findings(MisalignedChannels, net.graph())
    # The same two layers without the gate are a bottleneck.
    net.sequence("se", *inner, ("ReLU", {}))
    assert findings(MisalignedChannels, net.graph())
