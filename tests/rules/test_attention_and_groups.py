"""HW103, HW104 and HW105: heads, vocabularies and groups."""

from collections.abc import Callable

import pytest

from hwlint.api import Finding
from hwlint_rules._text import percent
from hwlint_rules.misaligned_channels import MisalignedChannels
from hwlint_rules.misaligned_features import MisalignedFeatures
from hwlint_rules.misaligned_groups import MisalignedGroups
from hwlint_rules.misaligned_heads import MisalignedHeads
from hwlint_rules.misaligned_vocabulary import MisalignedVocabulary
from hwlint_rules.operator_limit import OperatorLimit

Told = Callable[..., list[Finding]]

ATTENTION = """
import torch.nn as nn

class Net(nn.Module):
    # hwlint: input(1, 64, DIM)
    def __init__(self, dim=DIM, heads=HEADS):
        super().__init__()
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)

    def forward(self, x):
        return self.attn(x, x, x)[0]
"""
SCALED = """
import torch.nn as nn

class Net(nn.Module):
    # hwlint: input(1, 64, 300)
    def __init__(self, dim=300, heads=12):
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(dim, dim)
        self.k = nn.Linear(dim, dim)
        self.out = nn.Linear(64, 64)

    def forward(self, x):
        b, n, c = x.shape
        q = self.q(x).reshape(b, n, self.heads, c // self.heads).permute(0, 2, 1, 3).contiguous()
        k = self.k(x).reshape(b, n, self.heads, c // self.heads).permute(0, 2, 3, 1)
        SCALE
        return self.out((q @ k).softmax(-1))
"""
LANGUAGE = """
import torch.nn as nn

class Net(nn.Module):
    def __init__(self, vocab_size=VOCAB, dim=768):
        super().__init__()
        self.wte = nn.Embedding(vocab_size, dim)
        self.body = nn.Linear(dim, dim)
        self.head = nn.Linear(dim, OUT, bias=False)
"""
GROUPED = """
import torch.nn as nn

class Net(nn.Module):
    def __init__(self, width=128, groups=GROUPS):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, groups=groups)
"""


@pytest.mark.parametrize(
    ("dim", "heads", "advice"),
    [
        (9600, 96, "100 heads of 96 would fill it (train again)"),
        (800, 8, "10 heads of 80 would fill it (train again)"),
        (325, 5, "5 heads of 72 would fill it (+11 % width; changes parameters)"),
    ],
)
def test_another_number_of_heads_is_named(told: Told, dim: int, heads: int, advice: str):
    (found,) = told(MisalignedHeads, ATTENTION, "h100-sxm", DIM=dim, HEADS=heads)
    assert found.message.startswith(
        f"heads of {dim // heads} ({dim} in {heads}) miss the tile of 8"
    )
    assert found.advice == advice


@pytest.mark.parametrize(("dim", "heads"), [(9600, 100), (768, 12), (1024, 16)])
def test_heads_that_fill_the_tile(told: Told, dim: int, heads: int):
    assert not told(MisalignedHeads, ATTENTION, "h100-sxm", DIM=dim, HEADS=heads)


@pytest.mark.parametrize("scale", ["q = q * 0.2", "q *= 0.2", "q.mul_(0.2)", "q = q.div_(5.0)"])
def test_queries_may_be_scaled_in_place(told: Told, scale: str):
    (found,) = told(MisalignedHeads, SCALED.replace("SCALE", scale), "h100-sxm")
    assert found.message.startswith("heads of 25 (300 in 12) miss the tile of 8")


MASKED = """
import torch
import torch.nn as nn

class Net(nn.Module):
    # hwlint: input(1, 49, DIM)
    def __init__(self, dim=DIM, heads=8):
        super().__init__()
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)

    def forward(self, x):
        mask = torch.zeros(10, 49)
        return self.attn(x[:, :10], x, x, attn_mask=mask)[0]
"""


@pytest.mark.parametrize(("dim", "said"), [(256, []), (200, ["heads of 25 (200 in 8) miss"])])
def test_what_is_added_to_the_scores_is_no_query(told: Told, dim: int, said: list[str]):
    """There are 49 keys, and a mask for each: torch adds it with `baddbmm`, before both factors."""
    found = told(MisalignedHeads, MASKED, "h100-sxm", DIM=dim)
    assert [one.message[: len(text)] for one, text in zip(found, said, strict=True)] == said


def test_heads_where_the_profile_has_no_tile(told: Told):
    assert not told(MisalignedHeads, ATTENTION, "ethos-u55-128", DIM=800, HEADS=8)


def test_the_vocabulary_of_gpt2(told: Told):
    words = {"VOCAB": 50257, "OUT": "vocab_size"}
    (found,) = told(MisalignedVocabulary, LANGUAGE, "h100-sxm", **words)
    assert found.message.startswith("50257 -> 50304 would align the output layer: ")
    assert found.data["padded"] == 50304
    assert found.anchor.line == 4  # the default of `vocab_size`
    # One cause, one finding: the features of that layer are not said again.
    assert not told(MisalignedFeatures, LANGUAGE, "h100-sxm", **words)


@pytest.mark.parametrize(("vocabulary", "out"), [(50304, "vocab_size"), (50257, "dim")])
def test_a_vocabulary_without_waste(told: Told, vocabulary: int, out: str):
    assert not told(MisalignedVocabulary, LANGUAGE, "h100-sxm", VOCAB=vocabulary, OUT=out)


CLASSES = """
import torch.nn as nn

class Config:
    def __init__(self, vocab_size=30528, type_vocab_size=TYPES, codes=CODES):
        self.vocab_size = vocab_size
        self.type_vocab_size = type_vocab_size
        self.codes = codes

class Net(nn.Module):
    def __init__(self, config=Config(), classes=CLASSES):
        super().__init__()
        self.wte = nn.Embedding(config.vocab_size, 768)
        self.wtt = nn.Embedding(config.type_vocab_size, 768)
        self.code = nn.Embedding(config.codes, 768)
        self.fc = nn.Linear(768, OUT)
"""


def test_tables_side_by_side_are_not_filled_up(told: Told):
    """One more word in each is nine more rows: 50264 would not be had."""
    words = {"VOCAB": 5585, "OUT": "9 * vocab_size"}
    text = LANGUAGE.replace("nn.Embedding(vocab_size", "nn.Embedding(9 * vocab_size")
    assert not told(MisalignedVocabulary, text, "h100-sxm", **words)


def test_as_many_classes_as_segments_are_no_vocabulary(told: Told):
    for classes in (2, 101):
        words = {"TYPES": classes, "CLASSES": classes, "OUT": "classes", "CODES": 640}
        assert not told(MisalignedVocabulary, CLASSES, "h100-sxm", **words)


def test_a_second_vocabulary_is_one_if_its_number_comes_from_one_place(told: Told):
    words = {"TYPES": 2, "CLASSES": 2, "OUT": "config.codes", "CODES": 1001}
    (found,) = told(MisalignedVocabulary, CLASSES, "h100-sxm", **words)
    assert found.data["value"] == 1001


def test_a_rest_that_is_not_worth_a_line(told: Told):
    """In steps of 16, 50257 costs as 50272."""
    words = {"VOCAB": 50257, "OUT": "vocab_size"}
    assert not told(MisalignedVocabulary, LANGUAGE, "raspberry-pi-5", **words)


def test_a_number_of_heads_suits_every_attention_that_has_as_many(told: Told):
    text = """
import torch.nn as nn
import torch.nn.functional as F

class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)

    def forward(self, x):
        b, n, c = x.shape
        qkv = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, c)

class Net(nn.Module):
    # hwlint: input(1, 64, 64)
    def __init__(self, heads=4):
        super().__init__()
        self.first = Attention(64, heads)
        self.up = nn.Linear(64, 80)
        self.second = Attention(80, heads)

    def forward(self, x):
        return self.second(self.up(self.first(x)))
"""
    (found,) = told(MisalignedHeads, text, "h100-sxm")
    assert found.message.startswith("heads of 20 (80 in 4) miss the tile of 8")
    assert found.advice == "2 heads of 40 would fill it (train again)"  # 5 do not divide 64


def test_attention_over_channels_has_positions_and_no_heads_to_fill(told: Told):
    text = """
import torch.nn as nn

class Net(nn.Module):
    # hwlint: input(1, 49, 64)
    def __init__(self, dim=64, heads=4):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)

    def forward(self, x):
        b, n, c = x.shape
        qkv = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 4, 1)
        scores = (q @ k.transpose(-2, -1)) * n ** -0.5
        return (scores.softmax(-1) @ v).permute(0, 3, 1, 2).reshape(b, n, c)
"""
    assert not told(MisalignedHeads, text, "h100-sxm")


def test_groups_name_the_number_that_fills_the_tile(told: Told):
    (found,) = told(MisalignedGroups, GROUPED, "ethos-u55-128", GROUPS=32)
    assert found.message.startswith("4 channels in a group cost as 8 in 1 convolution")
    assert found.advice == "16 groups of 8 would fill it (changes parameters)"


def test_groups_that_the_runtime_does_not_take(told: Told):
    (found,) = told(MisalignedGroups, GROUPED, "jetson-orin-nano-8gb", GROUPS=64)
    assert "2 channels in a group, and the device takes multiples of 4" in found.message


@pytest.mark.parametrize("groups", [1, 16, 128])
def test_groups_that_fill_the_tile(told: Told, groups: int):
    assert not told(MisalignedGroups, GROUPED, "ethos-u55-128", GROUPS=groups)


@pytest.mark.parametrize("wide", [256, "groups"])
def test_groups_that_others_fill_too_are_left_alone(told: Told, wide: object):
    """Fewer of them save in one layer what they cost in the other."""
    other = f"        self.wide = nn.Conv2d({wide}, 4 * {wide}, 3, groups=groups)\n"
    assert told(MisalignedGroups, GROUPED, "ethos-u55-128", GROUPS=32)
    assert not told(MisalignedGroups, GROUPED + other, "ethos-u55-128", GROUPS=32)


def test_channels_of_a_group_bound_no_convolution_without_groups(told: Told):
    text = GROUPED.replace("width, width, 3", "3, width, 3")
    assert not told(OperatorLimit, text, "jetson-orin-nano-8gb", GROUPS=1)


WIDTHS = """
import torch.nn as nn

class Net(nn.Module):
    def __init__(self, dim=DIM):
        super().__init__()
        self.stem = nn.Conv2d(3, dim, 3)
        self.part = nn.Conv2d(dim // PART, dim // PART, 3)
        self.body = nn.Sequential(nn.Conv2d(dim, 4 * dim, 1), nn.Conv2d(4 * dim, 1024, 1))
"""


PLAIN = """
import torch.nn as nn

class Net(nn.Module):
    def __init__(self, dim=100):
        super().__init__()
        self.stem = nn.Conv2d(3, dim, 3)
        self.body = nn.Conv2d(dim, dim, 1)

    def forward(self, x):
        return self.body(self.stem(x))
"""


def test_growth_is_that_of_the_one_number_that_is_said(told: Told):
    (found,) = told(MisalignedChannels, PLAIN, "h100-sxm")

    def params(dim: int) -> int:
        return 28 * dim + (dim + 1) * dim

    assert found.message.startswith("100 -> 104 would align 2 convolutions")
    assert f"+{percent(params(104) / params(100) - 1)} in the model" in found.advice


def test_growth_is_not_said_where_more_may_depend_on_the_number(told: Told):
    (found,) = told(MisalignedChannels, WIDTHS, "h100-sxm", DIM=100, PART=2)
    assert found.message.startswith("50, 100 miss the tile in 3 convolutions")
    assert "parameters in" not in found.advice


def test_a_number_that_adds_more_than_it_aligns_is_not_said(told: Told):
    assert not told(MisalignedChannels, WIDTHS, "h100-sxm", DIM=100, PART=4)


def test_literals_in_a_list_have_its_name(told: Told):
    """Heads of attention are no features, also where a list gives their number for each stage."""
    text = """
import torch.nn as nn

class Net(nn.Module):
    def __init__(self, NAME=[100, 104]):
        super().__init__()
        self.bias = nn.ModuleList([
            nn.Sequential(nn.Linear(512, n), nn.ReLU(), nn.Linear(n, 512)) for n in NAME
        ])
        self.last = nn.Linear(512, 512)
"""
    assert told(MisalignedFeatures, text, "h100-sxm", NAME="widths")
    assert not told(MisalignedFeatures, text, "h100-sxm", NAME="num_heads")


@pytest.mark.parametrize(("beside", "padded"), [(56, None), (64, 48)])
def test_what_fills_its_tile_still_does_with_the_number_that_is_said(
    told: Told, beside: int, padded: int | None
):
    """With 48 the 128 of 2 * 36 + 56 would become 152, which is no multiple of 16."""
    text = """
import torch.nn as nn

class Net(nn.Module):
    def __init__(self, width=36):
        super().__init__()
        self.first = nn.Conv2d(64, width, 3)
        self.second = nn.Conv2d(width, 64, 3)
        self.other = nn.Conv2d(2 * width + BESIDE, 64, 3)
        self.last = nn.Conv2d(64, 64, 3)
"""
    (found,) = told(MisalignedChannels, text, "ethos-u55-128", BESIDE=beside)
    assert found.data["padded"] == padded


TIED = """
import torch.nn as nn

class Net(nn.Module):
    def __init__(self, groups=32, base=4):
        super().__init__()
        self.stem = nn.Conv2d(3, groups * base, 3)
        self.conv = nn.Conv2d(groups * base, groups * base, 3, groups=groups)
        self.more = nn.Conv2d(groups * base, 2 * groups * base, 1)
        self.last = nn.Conv2d(2 * groups * base, 2 * groups * base, 3, groups=groups // 4)
        self.wide = nn.Conv2d(2 * groups * base, 2 * groups * base, 3, groups=2 * groups)
"""


def test_no_number_of_groups_is_said_that_changes_the_width(told: Told):
    """With half as many groups there are half as many channels, and as many in each group."""
    found = told(MisalignedGroups, TIED, "ethos-u55-128")
    assert found
    assert all("groups of" not in one.advice for one in found)
    assert found[0].message.startswith("4 channels in a group cost as 8 in 1 convolution")


FEW_KEYS = """
import torch.nn as nn
import torch.nn.functional as F

class Net(nn.Module):
    # hwlint: input(1, 64, 304)
    def __init__(self, dim=304, heads=8, fewer=FEWER):
        super().__init__()
        self.heads, self.fewer, self.width = heads, fewer, dim // heads
        self.q = nn.Linear(dim, dim)
        self.k = nn.Linear(dim, fewer * self.width)
        self.v = nn.Linear(dim, fewer * self.width)

    def forward(self, x):
        q = self.q(x).view(1, 64, self.heads, self.width).transpose(1, 2)
        k = self.k(x).view(1, 64, self.fewer, self.width).transpose(1, 2)
        v = self.v(x).view(1, 64, self.fewer, self.width).transpose(1, 2)
        k = k.repeat_interleave(self.heads // self.fewer, dim=1)
        v = v.repeat_interleave(self.heads // self.fewer, dim=1)
        return F.scaled_dot_product_attention(q, k, v)
"""


@pytest.mark.parametrize(
    ("fewer", "advice"), [(8, "2 heads of 152 would fill it"), (4, "8 heads of 40 would fill it")]
)
def test_heads_are_a_multiple_of_those_of_the_keys(told: Told, fewer: int, advice: str):
    (found,) = told(MisalignedHeads, FEW_KEYS, "h100-sxm", FEWER=fewer)
    assert found.message.startswith("heads of 38 (304 in 8) miss the tile of 8")
    assert found.advice.startswith(advice)


BLOCKED = """
import torch.nn as nn

class Net(nn.Module):
    # hwlint: input(1, 256, 8, 8)
    def __init__(self, dim=288, heads=8, block=4):
        super().__init__()
        self.heads, self.block = heads, block
        self.q = nn.Conv2d(256, dim, 1)
        self.kv = nn.Conv2d(256, 2 * dim, 1)

    def forward(self, x):
        b, _, h, w = x.shape
        s = self.block
        each = self.q.out_channels // self.heads
        q = self.q(x).reshape(-1, each, h // s, s, w // s, s).permute(0, 1, 3, 5, 2, 4)
        q = q.reshape(b * self.heads, each, s * s, -1).transpose(1, 3)
        k, v = self.kv(x).reshape(b * self.heads, 2 * each, s * s, -1).chunk(2, dim=1)
        scores = q @ k.permute(0, 3, 1, 2)
        return (FOLDED).softmax(-1) @ v.transpose(1, 3)
"""


@pytest.mark.parametrize("folded", ["scores", "scores * 0.1"])
def test_heads_in_the_batch_are_not_counted_among_blocks(told: Told, folded: str):
    assert not told(MisalignedHeads, BLOCKED, "h100-sxm", FOLDED=folded)
