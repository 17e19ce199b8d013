"""Budgets and configured models: who is meant, and what is said of what cannot be judged."""

from pathlib import Path

import pytest

from hwlint.engine.errors import UserError
from hwlint.engine.findings import Diagnostic
from hwlint.engine.run import CheckResult, Options, check

NET = """
import torch.nn as nn

class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3)

    def forward(self, x):
        return self.conv(x)

def mystery():
    return undefined_thing(Net())
"""


@pytest.fixture
def checked(tmp_path: Path):
    """Return a function that checks NET under a configuration."""

    def run(config: str, devices: tuple[str, ...] | None = None) -> CheckResult:
        package = tmp_path / "pkg"
        package.mkdir(exist_ok=True)
        (package / "net.py").write_text(NET)
        (tmp_path / "hwlint.toml").write_text(config)
        return check([tmp_path], Options(devices=devices, cache=False, jobs=1))

    return run


def unread(result: CheckResult) -> list[Diagnostic]:
    return [d for d in result.findings if d.code == "HW005"]


def budget(model: str = "pkg.net:Net", device: str = "stm32h7", bound: str = "flash_kb = 10"):
    return f'[[budgets]]\nmodel = "{model}"\ndevice = "{device}"\n{bound}\n'


def test_a_configured_model_that_is_not_there(checked):
    result = checked('[models."pkg.net:Nets"]\nargs = {width = 16}\n')
    (found,) = unread(result)
    assert result.unread
    assert (Path(found.anchor.path).name, found.anchor.line) == ("hwlint.toml", 0)
    assert "pkg.net:Nets" in found.message


def test_a_configured_model_that_cannot_be_built(checked):
    (found,) = unread(checked('[models."pkg/net.py:mystery"]\n'))
    assert (Path(found.anchor.path).name, found.anchor.line) == ("net.py", 11)
    assert "undefined_thing" in found.message


def test_a_budget_of_nothing_that_was_read(checked):
    (found,) = unread(checked(budget(model="pkg.net:Nett")))
    assert "pkg.net:Nett" in found.message


def test_a_budget_that_cannot_be_judged(checked):
    (found,) = unread(checked(budget(bound="energy_mj = 3")))
    assert found.anchor.line == 3
    assert "energy_mj: the profile has no power.active_w" in found.message


def test_what_was_read_and_judged_is_not_mentioned(checked):
    config = budget(device="stm32h743") + '[models."pkg.net:Net"]\nargs = {width = 16}\n'
    assert not checked(config).unread


def test_a_budget_names_a_device_to_check(checked):
    assert checked(budget()).targets == (("stm32h743", "int8"),)
    assert checked('devices = ["h100"]\n' + budget()).targets[1] == ("stm32h743", "int8")
    asked = checked('devices = ["h100"]\n' + budget(), devices=("rp2040",))
    assert asked.targets == (("rp2040", "int8"),)
    assert not asked.unread


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (budget(bound="latency = 3"), 'unknown key "latency"; did you mean "latency_ms"?'),
        (budget(bound="latency_ms = 0"), '"latency_ms" must be a number above 0'),
        (budget(bound=""), "a budget needs one of latency_ms"),
        ('[[budgets]]\nmodel = "a:B"\nlatency_ms = 1', 'a budget needs "device"'),
        ("budgets = 3", '"budgets" must be a list of tables'),
        (budget(device="stm32h74"), 'unknown device "stm32h74"; did you mean "stm32h743"?'),
    ],
)
def test_a_wrong_budget_is_an_error_at_its_line(checked, config: str, message: str):
    with pytest.raises(UserError, match=r"hwlint\.toml:\d: ") as error:
        checked(config)
    assert message in str(error.value)
