"""MLPerf Tiny's models in examples/tiny have the multiply-accumulates of the originals."""

from pathlib import Path
from typing import cast

import pytest

from hwlint.engine.inputs import parse_input
from hwlint.graph import ModelGraph
from hwlint.reader import ForwardOptions, Reader, ReadOptions

TINY = Path(__file__).parents[2] / "examples" / "tiny"


@pytest.mark.parametrize(
    ("file", "name", "shape", "macs"),
    [
        ("image_classification.py", "ResNet8", "1x3x32x32", 12.50e6),
        ("visual_wake_words.py", "MobileNetV1", "1x3x96x96", 7.49e6),
        ("keyword_spotting.py", "DSCNN", "1x1x49x10", 2.657e6),
        ("anomaly_detection.py", "AutoEncoder", "1x640", 0.2642e6),
    ],
)
def test_the_work_is_that_of_the_originals(file: str, name: str, shape: str, macs: float):
    options = ReadOptions(TINY, (TINY,), forward=ForwardOptions((parse_input(shape),)))
    graph = cast(ModelGraph, Reader(options).read_place(str(TINY / file), name).graphs[0])
    assert graph.flow is not None
    assert graph.flow.macs == pytest.approx(macs, rel=0.01)
