"""When something is said of which is faster."""

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
