"""A small classifier of images whose widths go by no device's tiles, and whose kernels are large."""

import torch
from torch import nn


class Stage(nn.Sequential):
    def __init__(self, inputs: int, outputs: int, kernel: int):
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride=2, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        )


class Net(nn.Module):
    """Input: 48 x 48 in colour."""

    def __init__(self, num_classes: int = 10):
        super().__init__()
        self.first = Stage(3, 18, 5)
        self.second = Stage(18, 34, 5)
        self.third = Stage(34, 68, 3)
        self.classifier = nn.Linear(68, num_classes)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = self.third(self.second(self.first(image)))
        return self.classifier(x.mean((2, 3)))
