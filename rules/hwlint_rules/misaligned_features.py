"""HW102."""

from collections.abc import Iterable, Iterator

from hwlint.api import Finding, Layer, Reading, Rule
from hwlint_rules._alignment import misaligned
from hwlint_rules._dimensions import Dimension
from hwlint_rules._shapes import features
from hwlint_rules._vocabulary import vocabulary_layers

__all__ = ["MisalignedFeatures"]


class MisalignedFeatures(Rule):
    """Linear features that do not fill the device's tiles.

    What it checks
    --------------
    The input and output features of every `nn.Linear` that is built, with the numbers that reach
    it through arguments, configuration and arithmetic, against the smallest tile that the profile
    gives for the data type. Missing a tile that is merely recommended is not reported, nor is a
    layer thinner than one tile. Left alone are scores and coordinates, counts of attention heads
    and of positions, numbers that are a few more than another on purpose (1 + 2 * width),
    squeeze-and-excite gates, and class counts, vocabularies and the ends of a model unless they
    cost much.

    Why it costs
    ------------
    A linear layer is a matrix product whose N and K are its features. With a tile of t, n features
    are computed as ceil(n / t) * t, or by a kernel with narrower, slower loads. The share of a
    layer that is padding is 1 - n / (ceil(n / t) * t); with both features off it is a product.

    Example
    -------
        self.fc1 = nn.Linear(512, 1030)     # rows of 1030 bf16 numbers are not 16-byte aligned

    Use instead
    -----------
        self.fc1 = nn.Linear(512, 1032)

    Fix safety
    ----------
    Unsafe: the number of parameters changes, so a checkpoint no longer fits and the model has to
    be trained again.

    Profile fields
    --------------
    `tiles` (layers "linear"), `reporting.padding_layer_share`,
    `reporting.padding_model_share`, `reporting.slower_model_share`,
    `reporting.exempt_model_share`, `reporting.image_channels`.

    References
    ----------
    - https://docs.nvidia.com/deeplearning/performance/dl-performance-matrix-multiplication/index.html
    - https://docs.nvidia.com/deeplearning/performance/dl-performance-fully-connected/index.html
    - https://arxiv.org/abs/2401.14489
    """

    code = "HW102"
    name = "misaligned-features"
    example_devices = ("h100-sxm", "raspberry-pi-5")
    VALID = (
        """
        import torch.nn as nn

        class Mlp(nn.Module):
            def __init__(self, dim=768, ratio=4, num_classes=10):
                super().__init__()
                self.fc1 = nn.Linear(dim, dim * ratio)
                self.fc2 = nn.Linear(dim * ratio, dim)
                self.head = nn.Linear(dim, num_classes)
        """,
        """
        import torch.nn as nn

        class Score(nn.Module):
            def __init__(self):
                super().__init__()
                self.hidden = nn.Linear(64, 64)
                self.score = nn.Linear(64, 1)
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Mlp(nn.Module):
            def __init__(self, dim=64, hidden=90, num_classes=10):
                super().__init__()
                self.fc1 = nn.Linear(dim, hidden)
                self.fc2 = nn.Linear(hidden, dim)
                self.head = nn.Linear(dim, num_classes)

            def forward(self, x):
                return self.head(self.fc2(self.fc1(x).relu()))
        """,
        """
        import torch.nn as nn

        class Normed(nn.Module):
            # hwlint: input(4, 64)
            def __init__(self, hidden=100):
                super().__init__()
                self.fc1 = nn.Linear(64, hidden)
                self.norm = nn.LayerNorm(hidden)
                self.fc2 = nn.Linear(hidden, 16)

            def forward(self, x):
                return self.fc2(self.norm(self.fc1(x)))
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each literal or call whose features miss their tile."""
        graph = reading.graph
        scoring = graph.derived(vocabulary_layers) if graph is not None else {}

        def dimensions(reading: Reading, layer: Layer) -> Iterator[Dimension]:
            """Yield the feature counts, without those of a vocabulary (HW104)."""
            for dim in features(reading, layer):
                if layer not in scoring or dim.operand == "in":
                    yield dim

        return misaligned(reading, dimensions, "linear layer")
