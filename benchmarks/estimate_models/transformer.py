"""Transformers and other networks of linear layers."""

import torch.nn as nn
import torch.nn.functional as F


class Attention(nn.Module):
    def __init__(self, width, heads, written_out):
        super().__init__()
        self.heads, self.each, self.written_out = heads, width // heads, written_out
        self.q = nn.Linear(width, width)
        self.k = nn.Linear(width, width)
        self.v = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(self, x):
        batch, length, width = x.shape
        shape = (batch, length, self.heads, self.each)
        q = self.q(x).view(shape).transpose(1, 2)
        k = self.k(x).view(shape).transpose(1, 2)
        v = self.v(x).view(shape).transpose(1, 2)
        if self.written_out:
            weights = (q @ k.transpose(-2, -1)) * self.each**-0.5
            mixed = weights.softmax(-1) @ v
        else:
            mixed = F.scaled_dot_product_attention(q, k, v)
        return self.out(mixed.transpose(1, 2).reshape(batch, length, width))


class Block(nn.Module):
    def __init__(self, width, heads, times, written_out):
        super().__init__()
        self.norm_a = nn.LayerNorm(width)
        self.attention = Attention(width, heads, written_out)
        self.norm_b = nn.LayerNorm(width)
        self.up = nn.Linear(width, times * width)
        self.act = nn.GELU()
        self.down = nn.Linear(times * width, width)

    def forward(self, x):
        x = x + self.attention(self.norm_a(x))
        return x + self.down(self.act(self.up(self.norm_b(x))))


class Encoder(nn.Module):
    def __init__(self, width=192, heads=3, blocks=3, times=4, written_out=False):
        super().__init__()
        self.blocks = nn.Sequential(
            *[Block(width, heads, times, written_out) for _ in range(blocks)]
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 100)

    def forward(self, x):
        return self.head(self.norm(self.blocks(x)).mean(1))


class Vision(nn.Module):
    def __init__(self, width=128, heads=4, blocks=2, patch=8):
        super().__init__()
        self.patch = nn.Conv2d(3, width, patch, patch)
        self.encoder = Encoder(width, heads, blocks)

    def forward(self, x):
        return self.encoder(self.patch(x).flatten(2).transpose(1, 2))


class Gated(nn.Module):
    def __init__(self, width, inner):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.gate = nn.Linear(width, inner, bias=False)
        self.up = nn.Linear(width, inner, bias=False)
        self.down = nn.Linear(inner, width, bias=False)

    def forward(self, x):
        y = self.norm(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class GatedNet(nn.Module):
    def __init__(self, width=256, inner=680, blocks=4):
        super().__init__()
        self.blocks = nn.Sequential(*[Gated(width, inner) for _ in range(blocks)])

    def forward(self, x):
        return self.blocks(x)


class Mixer(nn.Module):
    """Linear layers across positions and across channels."""

    def __init__(self, length, width):
        super().__init__()
        self.norm_a, self.norm_b = nn.LayerNorm(width), nn.LayerNorm(width)
        self.across = nn.Sequential(nn.Linear(length, length), nn.GELU(), nn.Linear(length, length))
        self.along = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, x):
        x = x + self.across(self.norm_a(x).transpose(1, 2)).transpose(1, 2)
        return x + self.along(self.norm_b(x))


class Perceptron(nn.Module):
    def __init__(self, width=784, inner=512):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(width, inner),
            nn.ReLU(),
            nn.Linear(inner, inner),
            nn.Tanh(),
            nn.Linear(inner, 10),
        )

    def forward(self, x):
        return self.layers(x).softmax(-1)


def encoder():
    return Encoder()


def encoder_written_out():
    return Encoder(128, 4, 2, 4, True)


def encoder_wide():
    return Encoder(384, 6, 2)


def vision():
    return Vision()


def gated():
    return GatedNet()


def mixer():
    return nn.Sequential(*[Mixer(64, 160) for _ in range(3)])


def perceptron():
    return Perceptron()
