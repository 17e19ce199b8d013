from torch import nn

from .blocks import MeanShift, Upsampler, conv


class ResBlock(nn.Module):
    def __init__(self, width, residual_scale=1.0):
        super().__init__()
        self.body = nn.Sequential(conv(width, width), nn.ReLU(inplace=True), conv(width, width))
        self.residual_scale = residual_scale

    def forward(self, x):
        return x + self.body(x) * self.residual_scale


class EDSR(nn.Module):
    def __init__(self, scale, width=64, blocks=16, residual_scale=1.0, mean_shift=True):
        super().__init__()
        self.sub_mean = MeanShift(-1) if mean_shift else nn.Identity()
        self.add_mean = MeanShift(1) if mean_shift else nn.Identity()
        self.head = conv(3, width)
        self.body = nn.Sequential(*(ResBlock(width, residual_scale) for _ in range(blocks)), conv(width, width))
        self.tail = nn.Sequential(Upsampler(scale, width), conv(width, 3))

    def forward(self, x):
        x = self.head(self.sub_mean(x))
        return self.add_mean(self.tail(x + self.body(x)))
