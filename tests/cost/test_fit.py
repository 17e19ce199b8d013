"""Fits recover what made the numbers, and are judged as the field judges them."""

import random

import pytest

from hwlint.cost import Amounts, Sample, accuracy, cross_validated, fit, fit_flops


def samples(count: int, noise: float = 0.0, kernels: float = 0.05) -> list[Sample]:
    draw = random.Random(1)
    made: list[Sample] = []
    for _ in range(count):
        amounts = Amounts(draw.uniform(1e7, 5e9), draw.uniform(1e6, 1e8), draw.randint(5, 200))
        ms = 3 * amounts.operations / 1e9 + 0.2 * amounts.bytes / 1e6 + kernels * amounts.kernels
        made.append(
            Sample(amounts, amounts.operations, (ms + 1) * draw.uniform(1 - noise, 1 + noise))
        )
    return made


def test_a_fit_recovers_the_coefficients():
    found = fit(samples(8))
    assert found == pytest.approx((3, 0.2, 0.05, 1), rel=1e-6)


def test_every_model_is_foretold_by_the_others():
    noisy = samples(12, noise=0.03)
    ours = cross_validated(noisy, lambda some: fit(some).predict)
    flops = cross_validated(noisy, fit_flops)
    assert ours.samples == flops.samples == 12
    assert ours.mape < 0.04
    assert flops.mape > 2 * ours.mape
    assert ours.spearman > 0.95


def test_work_never_takes_less_than_no_time():
    found = fit(samples(10, kernels=-0.02))
    assert found.ms_per_kernel == 0
    assert found.ms_per_gop > 0


def test_models_that_are_all_alike_leave_a_constant():
    one = samples(1)[0]
    found = fit([one] * 6)
    assert found.predict(one) == pytest.approx(one.ms)


def test_nothing_to_fit():
    with pytest.raises(ValueError, match="nothing can be fitted"):
        fit([])


def test_accuracy_is_what_statistics_say():
    found = accuracy([1.0, 2.08, 2.9, 4.0, 5.6], [1.0, 2.0, 3.0, 5.0, 4.0])
    assert found.mape == pytest.approx((0 + 0.04 + 1 / 30 + 0.2 + 0.4) / 5)
    assert found.within_5 == pytest.approx(3 / 5)
    assert found.within_10 == pytest.approx(3 / 5)
    assert found.spearman == pytest.approx(0.9)  # scipy.stats.spearmanr
    assert found.kendall == pytest.approx(0.8)  # scipy.stats.kendalltau


def test_ties_share_their_ranks():
    found = accuracy([1.0, 1.0, 2.0, 3.0], [1.0, 2.0, 2.0, 3.0])
    assert found.spearman == pytest.approx(0.8333333)  # scipy.stats.spearmanr
    assert found.kendall == pytest.approx(0.8)  # scipy.stats.kendalltau, tau-b
