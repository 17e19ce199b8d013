from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Optional, Type, Union

import torch
from torch import nn

from .settings import Pooling

if TYPE_CHECKING:
    from .settings import EncoderConfig

NORMS = {"bn": nn.BatchNorm2d, "in": nn.InstanceNorm2d, "gn": lambda c: nn.GroupNorm(8, c), "none": nn.Identity}


class ConvNorm(nn.Module):
    """A string that chooses a class; an error for any other."""

    def __init__(self, inp: int, out: int, kernel_size: int, norm: str, act: Optional[str]):
        super().__init__()
        if norm not in NORMS:
            raise ValueError(f"unknown norm {norm!r}")
        self.conv = nn.Conv2d(inp, out, kernel_size, padding=kernel_size // 2, bias=norm == "none")
        self.norm = NORMS[norm](out)
        self.act = {"relu": nn.ReLU, "silu": nn.SiLU}[act]() if act else nn.Identity()


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, inplanes: int, planes: int, /, stride: int = 1, *, norm_layer: Callable[..., nn.Module] = nn.BatchNorm2d):
        super().__init__()
        self.conv1 = nn.Conv2d(inplanes, planes, 3, stride, 1, bias=False)
        self.bn1 = norm_layer(planes)
        self.conv2 = nn.Conv2d(planes, planes * self.expansion, 3, 1, 1, bias=False)
        self.bn2 = norm_layer(planes * self.expansion)


class DepthBlock(nn.Module):
    expansion = 2

    def __init__(self, inplanes: int, planes: int, /, stride: int):
        super().__init__()
        self.dw = nn.Conv2d(inplanes, inplanes, 3, stride, 1, groups=inplanes)
        self.pw = nn.Conv2d(inplanes, planes * self.expansion, 1)


class Stages(nn.Module):
    """A class of block, how many of each, and a factory of norms."""

    def __init__(
        self,
        block: Type[Union[BasicBlock, DepthBlock]],
        layers: Sequence[int],
        norm_layer: Callable[..., nn.Module],
        num_classes: int = 10,
    ) -> None:
        super().__init__()
        self.inplanes = 16
        self.stem = nn.Conv2d(3, self.inplanes, 3, padding=1)
        self.norm = norm_layer(self.inplanes)
        self.stages = nn.ModuleList(
            self._make_layer(block, 16 * 2**i, n, 1 if i == 0 else 2) for i, n in enumerate(layers)
        )
        self.fc = nn.Linear(self.inplanes, num_classes)

    def _make_layer(self, block, planes, blocks, stride):
        made = []
        for i in range(blocks):
            made.append(block(self.inplanes, planes, stride if i == 0 else 1))
            self.inplanes = planes * block.expansion
        return nn.Sequential(*made)


class Encoder(nn.Module):
    """A dataclass that is imported for the annotation only, with another one inside."""

    def __init__(self, cfg: EncoderConfig):
        super().__init__()
        self.patch = nn.Conv2d(cfg.stem.channels, cfg.width, cfg.stem.patch, cfg.stem.patch)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(cfg.width, cfg.heads, cfg.width * cfg.ratios[i % 2]) for i in range(cfg.depth)
        )


class UNet(nn.Module):
    """Sizes that depend on each other."""

    def __init__(self, in_channels: int, base: int, depth: int):
        super().__init__()
        self.downs, self.ups = nn.ModuleList(), nn.ModuleList()
        channels = in_channels
        for i in range(depth):
            self.downs.append(nn.Conv2d(channels, base << i, 3, padding=1))
            channels = base << i
        for i in reversed(range(depth - 1)):
            self.ups.append(nn.ConvTranspose2d(channels, base << i, 2, 2))
            self.ups.append(nn.Conv2d((base << i) * 2, base << i, 3, padding=1))
            channels = base << i
        self.last = nn.Conv2d(channels, in_channels, 1)


class Segmenter(nn.Module):
    """A backbone that somebody else builds, and knows its channels."""

    def __init__(self, backbone, num_classes, aux: bool):
        super().__init__()
        self.backbone = backbone
        self.decode = nn.Conv2d(backbone.inplanes, 64, 1)
        self.classify = nn.Conv2d(64, num_classes, 1)
        self.aux = nn.Conv2d(backbone.inplanes, num_classes, 1) if aux else None

    def forward(self, x):
        return self.classify(self.decode(self.backbone(x)))


class PoolHead(nn.Module):
    def __init__(self, kind: Pooling, dim: int, patches: tuple[int, int]):
        super().__init__()
        self.kind = kind
        if kind is Pooling.ATTENTION:
            self.query = nn.Parameter(torch.zeros(1, 1, dim))
            self.attn = nn.MultiheadAttention(dim, 4, batch_first=True)
        self.position = nn.Embedding(patches[0] * patches[1], dim)
        self.norm = nn.LayerNorm(dim)
