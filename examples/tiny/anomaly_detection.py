"""An autoencoder of machine sounds: the anomaly detection of MLPerf Tiny."""

from torch import Tensor, nn


def dense(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.ReLU()
    )


class AutoEncoder(nn.Module):
    """Input: 1x640, five frames of 128 mel bands."""

    def __init__(self, inputs: int = 640, hidden: int = 128, code: int = 8):
        super().__init__()
        widths = [inputs, *[hidden] * 4, code, *[hidden] * 4]
        pairs = zip(widths, widths[1:], strict=False)
        self.layers = nn.Sequential(*(dense(a, b) for a, b in pairs))
        self.output = nn.Linear(hidden, inputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.layers(x))
