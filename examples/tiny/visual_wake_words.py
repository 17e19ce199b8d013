"""MobileNetV1 at a quarter of its width: is there a person in the picture, of MLPerf Tiny."""

from torch import Tensor, nn

# Output channels at full width, and stride, of each separable convolution.
BLOCKS = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1),
    (512, 1), (512, 1), (1024, 2), (1024, 1),
)  # fmt: skip


def conv(c_in: int, c_out: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(c_out),
        nn.ReLU(),
    )


class MobileNetV1(nn.Module):
    """Input: 1x3x96x96."""

    def __init__(self, alpha: float = 0.25, num_classes: int = 2):
        super().__init__()
        channels = int(32 * alpha)
        layers = [conv(3, channels, 3, 2)]
        for full, stride in BLOCKS:
            layers.append(conv(channels, channels, 3, stride, groups=channels))
            layers.append(conv(channels, int(full * alpha), 1))
            channels = int(full * alpha)
        self.features = nn.Sequential(*layers)
        self.pool = nn.AvgPool2d(3)
        self.classifier = nn.Linear(channels, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.pool(self.features(x)).flatten(1))
