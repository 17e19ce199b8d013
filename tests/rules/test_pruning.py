"""HW401 on the calls of a file."""

import pytest

from hwlint.api import CallFact, FileFacts, Place, Reading
from hwlint_rules.unstructured_pruning import UnstructuredPruning

PRUNE = "torch.nn.utils.prune."


@pytest.fixture
def look(devices):
    def check(device, name, *args, dtype=None, **keywords):
        call = CallFact(name, Place("/p.py", 3, 0, 3, 9), args, keywords, "")
        profile = devices[device]
        facts = FileFacts("/p.py", {}, (call,))
        reading = Reading(profile, dtype or profile.default_dtype, facts=facts)
        return list(UnstructuredPruning().check(reading))

    return check


@pytest.mark.parametrize(
    "name",
    ["l1_unstructured", "random_unstructured", "global_unstructured", "L1Unstructured.apply"],
)
def test_found(look, name):
    (found,) = look("stm32h743", PRUNE + name, amount=0.5)
    assert "50 % of the weights" in found.message
    assert "2:4" not in found.advice


def test_amount_by_position_or_unknown(look):
    (found,) = look("h100-sxm", f"{PRUNE}l1_unstructured", None, "weight", 0.3)
    assert "30 % of the weights" in found.message
    (found,) = look("h100-sxm", f"{PRUNE}l1_unstructured", None, "weight", amount=None)
    assert "%" not in found.message
    assert "2:4" in found.advice


@pytest.mark.parametrize(
    "name", [f"{PRUNE}ln_structured", f"{PRUNE}remove", "mylib.l1_unstructured"]
)
def test_others_are_not(look, name):
    assert not look("h100-sxm", name, amount=0.5)


def test_the_dtype_decides(look):
    name = f"{PRUNE}l1_unstructured"
    assert look("raspberry-pi-5", name, amount=0.9)
    assert not look("raspberry-pi-5", name, amount=0.9, dtype="fp32")
