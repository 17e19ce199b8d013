"""Proposals are moved into the bounds on a candidate's size."""

import random
from pathlib import Path

import pytest
from toy import VALUES, Toy, ToyDevice, measured, points, search

from hwlint.search.bounds import Bound, parse_budget, parse_keep, violations
from hwlint.search.model import Candidate
from hwlint.search.steering import Steering

CLOSE = parse_keep(["params=5%"])


def steering(space: Toy, bounds: tuple[Bound, ...] = CLOSE, seed: int = 0) -> Steering:
    return Steering(space, bounds, random.Random(seed))


@pytest.mark.parametrize("seed", range(10))
def test_what_is_too_large_is_made_up_for_elsewhere(seed: int):
    space = Toy(points(8))
    wide = {space.points[0].name: VALUES[-1], space.points[1].name: VALUES[-2]}
    found = steering(space, seed=seed).steered(wide)
    assert found is not None
    made = space.candidate(found)
    assert isinstance(made, Candidate)
    assert made.choices
    assert violations(made, space.original, CLOSE) == ()


def test_what_does_not_read_is_taken_back_in_part():
    space = Toy(points(8), refused=(8,))
    first, *others = (point.name for point in space.points)
    found = steering(space).steered({first: 8} | dict(zip(others, (32, 16) * 2, strict=False)))
    assert found is not None
    assert isinstance(space.candidate(found), Candidate)
    assert found[first] != 8


def test_a_budget_that_nothing_keeps_to_is_not_found():
    space = Toy(points(3))
    assert steering(space, parse_budget(["flash_kb=1"])).steered({space.points[0].name: 48}) is None


def test_a_search_measures_more_where_bounds_are_narrow(tmp_path: Path):
    space = Toy(points(8))

    def broken(candidate: Candidate, _: float | None) -> tuple[str, ...]:
        return violations(candidate, space.original, CLOSE)

    counts: list[int] = []
    for way in ("rejected", "steered"):
        run = search(
            f"sqlite:///{tmp_path / way}.sqlite", ToyDevice(), space=space, trials=30, prune=False,
            broken=broken,
        )  # fmt: skip
        if way == "steered":
            run.steered = steering(space).steered
        run.run()
        assert not [t for t in measured(run.trials) if violations_of(space, t.choices)]
        proposed = len(run.trials)
        counts.append(round(100 * len(measured(run.trials)) / proposed))
    assert counts[0] < 60 < counts[1]


def violations_of(space: Toy, choices: dict[str, int]) -> tuple[str, ...]:
    made = space.candidate(choices)
    assert isinstance(made, Candidate)
    return violations(made, space.original, CLOSE)
