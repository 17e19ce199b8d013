"""Blocks of networks for phones: depthwise convolutions, gates, cheap activations."""

import torch
import torch.nn as nn


class Separable(nn.Sequential):
    def __init__(self, c_in, c_out, stride):
        super().__init__(
            nn.Conv2d(c_in, c_in, 3, stride, 1, groups=c_in, bias=False),
            nn.BatchNorm2d(c_in),
            nn.ReLU6(),
            nn.Conv2d(c_in, c_out, 1, bias=False),
            nn.BatchNorm2d(c_out),
            nn.ReLU6(),
        )


class SeparableNet(nn.Module):
    def __init__(self, width=24, blocks=6):
        super().__init__()
        layers = [nn.Conv2d(3, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU6()]
        channels = width
        for number in range(blocks):
            out = channels * 2 if number % 2 else channels
            layers.append(Separable(channels, out, 1 + number % 2))
            channels = out
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(channels, 50)

    def forward(self, x):
        return self.head(self.features(x).mean([2, 3]))


class Gate(nn.Module):
    def __init__(self, channels, inner):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.down = nn.Conv2d(channels, inner, 1)
        self.up = nn.Conv2d(inner, channels, 1)
        self.relu = nn.ReLU()
        self.gate = nn.Hardsigmoid()

    def forward(self, x):
        return x * self.gate(self.up(self.relu(self.down(self.pool(x)))))


class Inverted(nn.Module):
    def __init__(self, c_in, c_out, times, kernel, stride, gated):
        super().__init__()
        inner = c_in * times
        self.residual = stride == 1 and c_in == c_out
        self.expand = nn.Sequential(
            nn.Conv2d(c_in, inner, 1, bias=False), nn.BatchNorm2d(inner), nn.Hardswish()
        )
        self.mix = nn.Sequential(
            nn.Conv2d(inner, inner, kernel, stride, kernel // 2, groups=inner, bias=False),
            nn.BatchNorm2d(inner),
            nn.Hardswish(),
        )
        self.gate = Gate(inner, inner // 4) if gated else nn.Identity()
        self.project = nn.Sequential(nn.Conv2d(inner, c_out, 1, bias=False), nn.BatchNorm2d(c_out))

    def forward(self, x):
        out = self.project(self.gate(self.mix(self.expand(x))))
        return x + out if self.residual else out


class InvertedNet(nn.Module):
    def __init__(self, width=16, times=4, kernel=3, gated=False, blocks=5):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.Hardswish()
        )
        layers = []
        channels = width
        for number in range(blocks):
            out = channels + width if number % 2 else channels
            stride = 2 if number % 2 else 1
            layers.append(Inverted(channels, out, times, kernel, stride, gated))
            channels = out
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(channels, 100)

    def forward(self, x):
        return self.head(self.body(self.stem(x)).mean((2, 3)))


class Shuffle(nn.Module):
    def __init__(self, channels):
        super().__init__()
        half = channels // 2
        self.branch = nn.Sequential(
            nn.Conv2d(half, half, 1, bias=False),
            nn.BatchNorm2d(half),
            nn.ReLU(inplace=True),
            nn.Conv2d(half, half, 3, 1, 1, groups=half, bias=False),
            nn.BatchNorm2d(half),
            nn.Conv2d(half, half, 1, bias=False),
            nn.BatchNorm2d(half),
            nn.ReLU(inplace=True),
        )

    def forward(self, x):
        left, right = x.chunk(2, 1)
        return torch.cat([left, self.branch(right)], 1)


class ShuffleNet(nn.Module):
    def __init__(self, channels=96, blocks=4):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, channels, 3, 4, 1), nn.ReLU())
        self.body = nn.Sequential(*[Shuffle(channels) for _ in range(blocks)])

    def forward(self, x):
        return self.body(self.stem(x))


class LargeKernel(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.mix = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.GroupNorm(1, channels)
        self.up = nn.Conv2d(channels, 4 * channels, 1)
        self.act = nn.GELU()
        self.down = nn.Conv2d(4 * channels, channels, 1)

    def forward(self, x):
        return x + self.down(self.act(self.up(self.norm(self.mix(x)))))


class LargeKernelNet(nn.Module):
    def __init__(self, channels=64, blocks=3):
        super().__init__()
        self.stem = nn.Conv2d(3, channels, 4, 4)
        self.body = nn.Sequential(*[LargeKernel(channels) for _ in range(blocks)])

    def forward(self, x):
        return self.body(self.stem(x))


def separable():
    return SeparableNet()


def separable_wide():
    return SeparableNet(48, 8)


def inverted():
    return InvertedNet()


def inverted_gated():
    return InvertedNet(24, 6, 5, True, 4)


def inverted_deep():
    return InvertedNet(16, 3, 3, False, 10)


def shuffle():
    return ShuffleNet()


def large_kernel():
    return LargeKernelNet()
