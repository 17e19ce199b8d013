"""Cells of NAS-Bench-201 (Dong and Yang 2020): four nodes, and one of five operations on each edge."""

import torch.nn as nn


class Conv(nn.Sequential):
    def __init__(self, c_in, c_out, kernel, stride=1):
        super().__init__(
            nn.ReLU(),
            nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(c_out),
        )


class Zero(nn.Module):
    def forward(self, x):
        return x.mul(0.0)


def operation(name, channels):
    if name == "conv3":
        return Conv(channels, channels, 3)
    if name == "conv1":
        return Conv(channels, channels, 1)
    if name == "pool":
        return nn.AvgPool2d(3, 1, 1, count_include_pad=False)
    return Zero() if name == "none" else nn.Identity()


class Cell(nn.Module):
    def __init__(self, names, channels):
        super().__init__()
        self.edges = nn.ModuleList(operation(name, channels) for name in names)

    def forward(self, x0):
        a, b, c, d, e, f = self.edges
        x1 = a(x0)
        x2 = b(x0) + c(x1)
        return d(x0) + e(x1) + f(x2)


class Reduction(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.a = Conv(c_in, c_out, 3, 2)
        self.b = Conv(c_out, c_out, 3)
        self.down = nn.Sequential(nn.AvgPool2d(2, 2), nn.Conv2d(c_in, c_out, 1, bias=False))

    def forward(self, x):
        return self.down(x) + self.b(self.a(x))


class Network(nn.Module):
    def __init__(self, names, width=16, cells=2):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))
        layers = []
        for level in range(3):
            channels = width * 2**level
            if level:
                layers.append(Reduction(channels // 2, channels))
            layers += [Cell(names, channels) for _ in range(cells)]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(4 * width, 10)

    def forward(self, x):
        return self.head(self.body(self.stem(x)).mean((2, 3)))


def all_conv3():
    return Network(("conv3", "conv3", "conv3", "conv3", "conv3", "conv3"))


def all_conv1():
    return Network(("conv1", "conv1", "conv1", "conv1", "conv1", "conv1"))


def all_pool():
    return Network(("pool", "pool", "pool", "pool", "pool", "pool"))


def with_skips():
    return Network(("conv3", "skip", "conv1", "skip", "skip", "conv3"))


def with_zeros():
    return Network(("conv1", "none", "pool", "skip", "none", "conv3"))


def mixed():
    return Network(("pool", "conv3", "conv1", "skip", "pool", "conv1"), 24)


def mixed_long():
    return Network(("conv3", "pool", "skip", "conv1", "none", "pool"), 16, 4)
