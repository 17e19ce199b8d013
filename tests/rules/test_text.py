"""How findings write numbers."""

import pytest

from hwlint_rules._text import percent


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.4321, "43 %"),
        (0.0384, "3.8 %"),
        (0.00041, "0.04 %"),
        (0.0001, "0.01 %"),
        (4e-8, "<0.01 %"),
        (0.0, "0 %"),
    ],
)
def test_shares(share: float, said: str):
    assert percent(share) == said
