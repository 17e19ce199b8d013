"""When something is said of which is faster."""

from attrs import evolve

from hwlint.measure.compare import compared
from hwlint.measure.job import Result


def result(median: float, iqr: float, rival: Result | None = None) -> Result:
    samples = tuple(median + iqr * step / 10 for step in range(-10, 11))
    return Result("k", median, iqr, median - iqr, median + iqr, samples, rival=rival)


def test_a_clear_difference_is_said():
    found = compared(result(1.0, 0.02, result(1.5, 0.02)))
    assert not found.refused
    assert found.verdict == "B takes 50.0% more time than A"
    assert compared(result(1.0, 0.02, result(0.5, 0.02))).verdict.startswith("B takes 50.0% less")


def test_overlapping_intervals_are_refused():
    found = compared(result(1.0, 0.2, result(1.1, 0.2)))
    assert "overlap" in found.refused
    assert found.verdict.startswith("no verdict")


def test_noise_is_refused_however_large_the_difference():
    assert "A is unsteady" in compared(result(1.0, 0.3, result(9.0, 0.1))).refused
    assert "B is unsteady" in compared(result(1.0, 0.1, result(9.0, 3.0))).refused


def test_the_ratio_is_of_turns_not_of_medians():
    # Both meet a slow machine, but not in the middle of their samples alike.
    first = Result("k", 1.0, 0.0, samples=(1.0, 1.0, 1.0, 2.0, 2.0))
    rival = Result("k", 1.5, 0.0, samples=(0.75, 0.75, 1.5, 1.5, 1.5))
    found = compared(evolve(first, rival=rival))
    assert found.ratio == 0.75
