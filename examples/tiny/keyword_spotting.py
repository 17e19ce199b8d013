"""DS-CNN: twelve spoken words, the keyword spotting of MLPerf Tiny."""

from torch import Tensor, nn


class SeparableConv(nn.Sequential):
    def __init__(self, channels: int):
        super().__init__(
            nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
        )


class DSCNN(nn.Module):
    """Input: 1x1x49x10, frames of ten coefficients."""

    def __init__(self, channels: int = 64, depth: int = 4, num_classes: int = 12):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, channels, (10, 4), stride=2, padding=(5, 1), bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
        )
        self.body = nn.Sequential(*(SeparableConv(channels) for _ in range(depth)))
        self.pool = nn.AvgPool2d((25, 5))
        self.classifier = nn.Linear(channels, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.pool(self.body(self.stem(x))).flatten(1))
