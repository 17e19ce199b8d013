"""Convolutional networks, small enough to be timed in a moment."""

import torch
import torch.nn as nn


class Plain(nn.Module):
    def __init__(self, width=32, depth=6):
        super().__init__()
        layers = []
        channels = 3
        for level in range(depth):
            out = width * 2 ** (level // 2)
            layers += [
                nn.Conv2d(channels, out, 3, 1 + level % 2, 1),
                nn.BatchNorm2d(out),
                nn.ReLU(),
            ]
            channels = out
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(channels, 100)

    def forward(self, x):
        return self.head(self.features(x).mean((2, 3)))


class Residual(nn.Module):
    def __init__(self, c_in, c_out, stride):
        super().__init__()
        self.a = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False)
        self.norm_a = nn.BatchNorm2d(c_out)
        self.b = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False)
        self.norm_b = nn.BatchNorm2d(c_out)
        self.relu = nn.ReLU(inplace=True)
        self.down = None
        if stride != 1 or c_in != c_out:
            self.down = nn.Sequential(
                nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out)
            )

    def forward(self, x):
        kept = x if self.down is None else self.down(x)
        x = self.relu(self.norm_a(self.a(x)))
        return self.relu(self.norm_b(self.b(x)) + kept)


class ResidualNet(nn.Module):
    def __init__(self, widths=(24, 48, 96), blocks=2):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, widths[0], 7, 2, 3, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2, 1),
        )
        layers = []
        c_in = widths[0]
        for level, width in enumerate(widths):
            for number in range(blocks):
                layers.append(Residual(c_in, width, 2 if level and not number else 1))
                c_in = width
        self.body = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(c_in, 200)

    def forward(self, x):
        return self.head(self.pool(self.body(self.stem(x))).flatten(1))


class Bottleneck(nn.Module):
    def __init__(self, channels, inner, groups):
        super().__init__()
        self.reduce = nn.Sequential(nn.Conv2d(channels, inner, 1), nn.BatchNorm2d(inner), nn.ReLU())
        self.mix = nn.Sequential(
            nn.Conv2d(inner, inner, 3, 1, 1, groups=groups), nn.BatchNorm2d(inner), nn.ReLU()
        )
        self.expand = nn.Sequential(nn.Conv2d(inner, channels, 1), nn.BatchNorm2d(channels))

    def forward(self, x):
        return torch.relu(x + self.expand(self.mix(self.reduce(x))))


class Wide(nn.Module):
    def __init__(self, channels=128, inner=64, groups=1, blocks=3):
        super().__init__()
        self.stem = nn.Conv2d(3, channels, 4, 4)
        self.body = nn.Sequential(*[Bottleneck(channels, inner, groups) for _ in range(blocks)])

    def forward(self, x):
        return self.body(self.stem(x))


class Dense(nn.Module):
    def __init__(self, start=32, growth=16, layers=6):
        super().__init__()
        self.stem = nn.Conv2d(3, start, 3, 2, 1)
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm2d(start + n * growth),
                nn.ReLU(),
                nn.Conv2d(start + n * growth, growth, 3, 1, 1),
            )
            for n in range(layers)
        )
        self.pool = nn.AvgPool2d(2, 2)

    def forward(self, x):
        x = self.stem(x)
        for layer in self.layers:
            x = torch.cat([x, layer(x)], 1)
        return self.pool(x)


class Net2Scale(nn.Module):
    """An encoder and a decoder with a way across."""

    def __init__(self, width=16):
        super().__init__()
        self.down1 = self.block(3, width)
        self.down2 = self.block(width, 2 * width)
        self.middle = self.block(2 * width, 2 * width)
        self.up = self.block(4 * width, width)
        self.out = nn.Conv2d(width, 4, 1)
        self.pool = nn.MaxPool2d(2)

    def block(self, c_in, c_out):
        return nn.Sequential(
            nn.Conv2d(c_in, c_out, 3, padding=1), nn.GroupNorm(4, c_out), nn.SiLU()
        )

    def forward(self, x):
        a = self.down2(self.pool(self.down1(x)))
        b = self.middle(self.pool(a))
        b = nn.functional.interpolate(b, scale_factor=2.0)
        return self.out(self.up(torch.cat([a, b], 1)))


def plain_narrow():
    return Plain(16, 4)


def plain_wide():
    return Plain(64, 6)


def plain_deep():
    return Plain(24, 10)


def residual_small():
    return ResidualNet((16, 32, 64), 1)


def residual_large():
    return ResidualNet((48, 96, 192), 2)


def wide_plain():
    return Wide()


def wide_grouped():
    return Wide(256, 128, 8, 2)


def dense():
    return Dense()


def two_scales():
    return Net2Scale()
