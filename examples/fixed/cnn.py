"""A small residual network for CIFAR-10."""

from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Config:
    width: int = 32
    blocks: tuple[int, ...] = (2, 2, 2)
    num_classes: int = 10
    dropout: float = 0.1


def conv3x3(c_in: int, c_out: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(c_in, c_out, kernel_size=3, stride=stride, padding=1, bias=False)


class BasicBlock(nn.Module):
    def __init__(self, c_in: int, c_out: int, stride: int = 1, norm_layer=nn.BatchNorm2d):
        super().__init__()
        self.conv1 = conv3x3(c_in, c_out, stride)
        self.bn1 = norm_layer(c_out)
        self.conv2 = conv3x3(c_out, c_out)
        self.bn2 = norm_layer(c_out)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = nn.Identity()
        if stride != 1 or c_in != c_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(c_in, c_out, kernel_size=1, stride=stride, bias=False),
                norm_layer(c_out),
            )

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return self.relu(out + self.shortcut(x))


class SmallResNet(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, config.width, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(config.width),
            nn.ReLU(inplace=True),
        )
        stages = []
        channels = config.width
        for i, depth in enumerate(config.blocks):
            out = config.width * 2**i
            stages.append(self._make_layer(channels, out, depth, stride=1 if i == 0 else 2))
            channels = out
        self.stages = nn.Sequential(*stages)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(config.dropout)
        self.fc = nn.Linear(channels, config.num_classes)

    @staticmethod
    def _make_layer(c_in: int, c_out: int, depth: int, stride: int) -> nn.Sequential:
        layers = [BasicBlock(c_in, c_out, stride)]
        for _ in range(1, depth):
            layers.append(BasicBlock(c_out, c_out))
        return nn.Sequential(*layers)

    def forward(self, x):
        x = self.pool(self.stages(self.stem(x)))
        return self.fc(self.dropout(torch.flatten(x, 1)))


def small_resnet(**overrides) -> SmallResNet:
    return SmallResNet(Config(**overrides))


if __name__ == "__main__":
    model = small_resnet()
    print(model(torch.randn(2, 3, 32, 32)).shape)
