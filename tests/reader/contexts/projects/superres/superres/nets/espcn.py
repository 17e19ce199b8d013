from torch import nn

from .blocks import conv


class ESPCN(nn.Module):
    def __init__(self, scale: int, width: int = 64):
        super().__init__()
        self.body = nn.Sequential(conv(3, width, 5), nn.Tanh(), conv(width, width // 2), nn.Tanh())
        self.tail = nn.Sequential(conv(width // 2, 3 * scale**2), nn.PixelShuffle(scale))

    def forward(self, x):
        return self.tail(self.body(x))
