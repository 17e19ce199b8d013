from torch import nn

from .blocks import MeanShift, Upsampler, conv


class ChannelAttention(nn.Module):
    def __init__(self, width, reduction=16):
        super().__init__()
        hidden = max(width // reduction, 4)
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(width, hidden, 1), nn.ReLU(True), nn.Conv2d(hidden, width, 1), nn.Sigmoid()
        )

    def forward(self, x):
        return x * self.gate(x)


class RCAB(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(conv(width, width), nn.ReLU(True), conv(width, width), ChannelAttention(width))

    def forward(self, x):
        return x + self.body(x)


class Group(nn.Module):
    def __init__(self, width, blocks):
        super().__init__()
        self.body = nn.Sequential(*[RCAB(width) for _ in range(blocks)])
        self.body.append(conv(width, width))

    def forward(self, x):
        return x + self.body(x)


class RCAN(nn.Module):
    def __init__(self, scale, width=64, groups=10, blocks=20, mean_shift=True):
        super().__init__()
        self.sub_mean, self.add_mean = (MeanShift(-1), MeanShift(1)) if mean_shift else (nn.Identity(), nn.Identity())
        self.head = conv(3, width)
        self.body = nn.Sequential(*[Group(width, blocks) for _ in range(groups)], conv(width, width))
        self.tail = nn.Sequential(Upsampler(scale, width), conv(width, 3))

    def forward(self, x):
        x = self.head(self.sub_mean(x))
        return self.add_mean(self.tail(x + self.body(x)))
