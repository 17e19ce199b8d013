"""DS-CNN: twelve spoken commands on a microcontroller."""

import torch
from torch import nn

COMMANDS = "silence unknown yes no up down left right on off stop go".split()


def conv_bn(c_in, c_out, kernel, stride=1, padding=0, groups=1, act=nn.ReLU):
    return nn.Sequential(
        # hwlint: ignore[HW502] for the microcontroller, where depthwise is the cheaper way
        nn.Conv2d(c_in, c_out, kernel, stride, padding, groups=groups, bias=False),
        nn.BatchNorm2d(c_out),
        act(),
    )


class SeparableConv(nn.Sequential):
    def __init__(self, channels: int):
        super().__init__(
            conv_bn(channels, channels, 3, padding=1, groups=channels),
            conv_bn(channels, channels, 1),
        )


class DSCNN(nn.Module):
    """Input: 49 frames of 10 MFCCs."""

    def __init__(self, channels: int = 256, depth: int = 5, num_classes: int = len(COMMANDS)):
        super().__init__()
        self.stem = conv_bn(1, channels, (10, 4), stride=2, padding=(5, 1))
        self.body = nn.Sequential(*(SeparableConv(channels) for _ in range(depth)))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels, num_classes)

    def forward(self, mfcc):
        x = self.body(self.stem(mfcc))
        return self.classifier(self.pool(x).flatten(1))


def main():
    model = DSCNN()
    print(model(torch.randn(1, 1, 49, 10)).shape)


if __name__ == "__main__":
    main()
