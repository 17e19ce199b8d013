"""Inverted bottlenecks with gates and hard activations, as MobileNetV3's small form has them."""

import torch
from torch import nn

# Kernel, inner channels, output channels, gate?, hard swish?, stride.
BLOCKS = (
    (3, 16, 16, True, False, 2),
    (3, 72, 24, False, False, 2),
    (3, 88, 24, False, False, 1),
    (5, 96, 40, True, True, 2),
    (5, 240, 40, True, True, 1),
    (5, 240, 40, True, True, 1),
    (5, 120, 48, True, True, 1),
    (5, 144, 48, True, True, 1),
    (5, 288, 96, True, True, 2),
    (5, 576, 96, True, True, 1),
    (5, 576, 96, True, True, 1),
)


class SqueezeExcite(nn.Module):
    """Weighs channels by what their means say."""

    def __init__(self, channels: int):
        super().__init__()
        inner = max(channels // 4, 8)
        self.squeeze = nn.AdaptiveAvgPool2d(1)
        self.reduce = nn.Conv2d(channels, inner, 1)
        self.expand = nn.Conv2d(inner, channels, 1)
        self.relu = nn.ReLU(inplace=True)
        self.gate = nn.Hardsigmoid()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weight = self.relu(self.reduce(self.squeeze(x)))
        return x * self.gate(self.expand(weight))


class Bottleneck(nn.Module):
    """Widens, mixes within each channel, narrows."""

    def __init__(self, kernel, inputs, inner, outputs, gated, hard, stride):
        super().__init__()
        act = nn.Hardswish if hard else nn.ReLU
        layers = []
        if inner != inputs:
            layers += [nn.Conv2d(inputs, inner, 1, bias=False), nn.BatchNorm2d(inner), act()]
        layers += [
            nn.Conv2d(inner, inner, kernel, stride, kernel // 2, groups=inner, bias=False),
            nn.BatchNorm2d(inner),
        ]
        if gated:
            layers.append(SqueezeExcite(inner))
        layers += [act(), nn.Conv2d(inner, outputs, 1, bias=False), nn.BatchNorm2d(outputs)]
        self.layers = nn.Sequential(*layers)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.layers(x)
        return x + out if self.residual else out


class MobileNetV3(nn.Module):
    """Input: 1x3x224x224."""

    def __init__(self, classes: int = 100):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.Hardswish()
        )
        blocks = []
        channels = 16
        for kernel, inner, outputs, gated, hard, stride in BLOCKS:
            blocks.append(Bottleneck(kernel, channels, inner, outputs, gated, hard, stride))
            channels = outputs
        self.blocks = nn.Sequential(*blocks)
        self.last = nn.Sequential(
            nn.Conv2d(channels, 576, 1, bias=False), nn.BatchNorm2d(576), nn.Hardswish()
        )
        self.head = nn.Sequential(nn.Linear(576, 1024), nn.Hardswish(), nn.Linear(1024, classes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.last(self.blocks(self.stem(x)))
        return self.head(x.mean((2, 3)))
