"""Whatever the space calls a candidate runs in torch and is what the reader says it is."""

from pathlib import Path
from typing import NamedTuple

import pytest
from candidates import drawn, run_in_torch

from hwlint.engine.run import Options
from hwlint.reader import InputSpec
from hwlint.search.model import Candidate, Kind, Refusal
from hwlint.search.space import SourceSpace, find_space

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
NUMBER = 16
"""Candidates of each model."""


class Model(NamedTuple):
    file: str
    build: str
    shape: tuple[int, ...]
    kinds: frozenset[str]
    """Of points that have to be found."""
    only: frozenset[Kind] = frozenset()
    """Kinds that are looked for; empty: all."""


MODELS = (
    Model("cnn.py", "small_resnet()", (1, 3, 32, 32), frozenset(("width", "kernel", "depth"))),
    Model(
        "vit.py",
        "vit_small_patch16(img_size=64)",
        (1, 3, 64, 64),
        frozenset(("width", "depth", "heads", "expansion")),
    ),
    Model("kws.py", "DSCNN()", (1, 1, 49, 10), frozenset(("width", "kernel", "depth"))),
    Model("unet.py", "UNet()", (1, 1, 64, 64), frozenset(("width", "kernel", "depth"))),
    Model(
        "tiny/image_classification.py", "ResNet8()", (1, 3, 32, 32), frozenset(("width", "kernel"))
    ),
    Model(
        "tiny/visual_wake_words.py",
        "MobileNetV1()",
        (1, 3, 96, 96),
        frozenset(("kernel", "activation")),
        only=frozenset(("kernel", "activation", "separable")),
    ),
)


def space_of(model: Model, root: Path | None = None) -> SourceSpace:
    name = model.build.partition("(")[0]
    inputs = (InputSpec("", model.shape),)
    place = f"{(root or EXAMPLES) / model.file}:{name}"
    return find_space(
        place, Options(), "x86-avx2", inputs=inputs, build=model.build, only=model.only
    )


def is_small(candidate: Candidate, space: SourceSpace) -> bool:
    """Whether torch builds and runs it in a moment."""
    facts, before = candidate.facts, space.original.facts
    if facts.params is None or facts.macs is None or not before.params or not before.macs:
        return False
    return facts.params < 6 * before.params and facts.macs < 6 * before.macs


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.file)
def test_candidates_run_in_torch_and_are_what_the_reader_says(model: Model, tmp_path: Path):
    space = space_of(model)
    assert model.kinds <= {point.kind for point in space.points}
    assert all(point.present in point.values for point in space.points)
    path = str(EXAMPLES / model.file)
    made = [one for one in drawn(space, NUMBER) if isinstance(one, Refusal) or is_small(one, space)]
    accepted = [one for one in made if isinstance(one, Candidate)]
    assert len(accepted) >= NUMBER // 3
    assert 4 * len(accepted) >= 3 * len(made)
    jobs: list[tuple[Path, str, tuple[int, ...]]] = [(Path(path), model.build, model.shape)]
    for number, candidate in enumerate(accepted):
        assert set(candidate.contents) == {path}
        file = tmp_path / f"candidate_{number}.py"
        file.write_bytes(candidate.contents[path])
        jobs.append((file, model.build, model.shape))
    original, *said = run_in_torch(jobs)
    assert original["params"] == space.original.facts.params
    for candidate, one in zip(accepted, said, strict=True):
        assert "error" not in one, (one["error"], dict(candidate.choices))
        assert one["outputs"] == original["outputs"], dict(candidate.choices)
        assert one["params"] == candidate.facts.params, dict(candidate.choices)


def test_points_and_candidates_are_the_same_every_time():
    one, other = space_of(MODELS[2]), space_of(MODELS[2])
    assert one.points == other.points
    assert one.key == other.key
    assert drawn(one, 6) == drawn(other, 6)
