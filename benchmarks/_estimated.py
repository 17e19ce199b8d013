"""The modules whose times are foretold, how they are read, and how a prediction is judged."""

from collections.abc import Mapping
from pathlib import Path

from hwlint.cost import Accuracy
from hwlint.graph import ModelGraph
from hwlint.reader import ForwardOptions, InputSpec, Reader, ReadOptions

MODULES: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "cnn": {
        "plain_narrow": (1, 3, 64, 64),
        "plain_wide": (1, 3, 96, 96),
        "plain_deep": (2, 3, 64, 64),
        "residual_small": (1, 3, 128, 128),
        "residual_large": (1, 3, 112, 112),
        "wide_plain": (1, 3, 112, 112),
        "wide_grouped": (1, 3, 96, 96),
        "dense": (1, 3, 96, 96),
        "two_scales": (1, 3, 64, 64),
    },
    "mobile": {
        "separable": (1, 3, 128, 128),
        "separable_wide": (1, 3, 96, 96),
        "inverted": (1, 3, 128, 128),
        "inverted_gated": (1, 3, 96, 96),
        "inverted_deep": (2, 3, 96, 96),
        "shuffle": (1, 3, 128, 128),
        "large_kernel": (1, 3, 96, 96),
    },
    "transformer": {
        "encoder": (1, 128, 192),
        "encoder_written_out": (1, 196, 128),
        "encoder_wide": (1, 64, 384),
        "vision": (1, 3, 128, 128),
        "gated": (1, 96, 256),
        "mixer": (2, 64, 160),
        "perceptron": (16, 784),
    },
    "search_space": {
        "all_conv3": (1, 3, 32, 32),
        "all_conv1": (1, 3, 32, 32),
        "all_pool": (1, 3, 32, 32),
        "with_skips": (1, 3, 32, 32),
        "with_zeros": (1, 3, 32, 32),
        "mixed": (2, 3, 32, 32),
        "mixed_long": (1, 3, 32, 32),
    },
}
"""Classes of the files of estimate_models/, and what they are called with."""


def read(folder: Path, file: str, name: str, *shapes: tuple[int, ...]) -> ModelGraph:
    """Read one module of a file without its ending, called with inputs of these shapes."""
    given = ForwardOptions(tuple(InputSpec("", shape) for shape in shapes))
    reader = Reader(ReadOptions(folder, (folder,), forward=given))
    return reader.read_place(str(folder / f"{file}.py"), name).graphs[0]


def row(what: str, found: Accuracy) -> dict[str, object]:
    """Return one line of the table."""
    return {
        "fitted": what,
        "MAPE": f"{100 * found.mape:.1f} %",
        "within 10 %": f"{100 * found.within_10:.0f} %",
        "Spearman": f"{found.spearman:.3f}",
        "Kendall": f"{found.kendall:.3f}",
    }
