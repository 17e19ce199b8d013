"""HW607: whether a model takes longer than when it was measured before."""

import datetime as dt
import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from hwlint.cli import main
from hwlint.cli.measure_slower import Slower
from hwlint.engine.apart import allowed
from hwlint.engine.commits import commit_of
from hwlint.engine.errors import UserError
from hwlint.engine.run import Options, check
from hwlint.measure.compare import compared
from hwlint.measure.destination import Destination
from hwlint.measure.job import Build, Input, Job, OperatorTime, Result
from hwlint.measure.regression import APART, regression
from hwlint.measure.samples import summary
from hwlint.measure.session import Measured
from hwlint.measure.store import Measurement
from hwlint.measure.subject import Subject
from hwlint.measure.targets import MeasureTarget
from hwlint.report.measured_slower import slower_finding
from hwlint.source.spans import Place

DAY = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
BUILD = Build("/home/me/net.py", "net", ("/home/me",), "Net()")
Made = Callable[..., Measurement]


def samples(ms: float, spread: float) -> tuple[float, ...]:
    """Return samples whose interquartile range is that share of their median."""
    return tuple(ms / 1e3 * (1 + spread * (n - 10) / 10) for n in range(21))


def measured(
    ms: float, day: int, key: str = "", spread: float = 0.02, **job: object
) -> Measurement:
    environment = {"torch": "2.13.0", "host": "board", "threads": "4"}
    result = Result(key, **summary(samples(ms, spread)), environment=environment)
    task = Job("torch", "net.py:Net", key or f"k{day}", (Input("", (1, 8), "float32"),))
    task = evolve(task, **{"build": BUILD, "commit": f"c{day}", **job})
    taken = DAY + dt.timedelta(day)
    return Measurement(day + 1, "local", "", "board", "torch 2.13.0", taken, task, result)


@pytest.mark.parametrize(
    ("ms", "before", "least", "day"),
    [
        (2.0, [1.0], APART, 0),
        (1.05, [1.0], APART, None),  # within what two processes differ by
        (1.05, [1.0], 0.02, 0),
        (1.01, [1.0], 0.0, None),  # the middle halves meet
        (0.5, [1.0], 0.0, None),
        (2.0, [1.0, 1.5], APART, 1),  # the newest that is clearly faster
        (2.0, [1.0, 1.99], APART, 0),
        (2.0, [], APART, None),
    ],
)
def test_slower_than_an_earlier_one(ms: float, before: list[float], least: float, day: int | None):
    earlier = [measured(each, n) for n, each in enumerate(before)]
    found = regression(measured(ms, 9), earlier, least)
    assert (found.before.id if found else None) == (day + 1 if day is not None else None)


@pytest.mark.parametrize(
    "other",
    [
        measured(1, 0, spread=0.6),
        measured(1, 0, key="k9"),
        measured(1, 12),
        measured(1, 0, dtype="bfloat16"),
        measured(1, 0, runner="onnxruntime"),
        measured(1, 0, threads=2),
        measured(1, 0, device="cuda"),
        measured(1, 0, inputs=(Input("", (2, 8), "float32"),)),
        measured(1, 0, build=evolve(BUILD, expression="Net(2)")),
        measured(1, 0, build=evolve(BUILD, submodule="head")),
        measured(1, 0, build=evolve(BUILD, file="/home/you/net.py")),
        evolve(measured(1, 0), device="other"),
        evolve(measured(1, 0), target="pi"),
        evolve(measured(1, 0), versions="torch 2.12.0"),
        evolve(measured(1, 0), result=Result("k0", 1e-3, 1e-5)),
        evolve(
            measured(1, 0),
            result=evolve(measured(1, 0).result, environment={"governor": "powersave"}),
        ),
    ],
)
def test_what_cannot_be_compared_is_silent(other: Measurement):
    assert regression(measured(2, 9), [other]) is None


def test_an_unsteady_one_is_silent():
    assert regression(measured(2, 9, spread=0.6), [measured(1, 0)]) is None


LINES = {"a": Place("/home/me/net.py", 5, 8, 5, 20), "b": Place("/home/me/net.py", 6, 8, 6, 20)}


def test_the_finding_names_the_lines_that_grew():
    def timed(one: Measurement, a: float, b: float) -> Measurement:
        times = (OperatorTime("Conv", "a", a), OperatorTime("Conv", "b", b))
        return evolve(one, result=evolve(one.result, operators=times))

    found = regression(timed(measured(2, 9), 5e-4, 15e-4), [timed(measured(1, 0), 5e-4, 5e-4)])
    assert found is not None
    anchor = Place("/home/me/net.py", 2, 6, 2, 9)
    finding = slower_finding(found, anchor, lambda time: LINES[time.module or ""])
    assert finding.code == "HW607"
    assert finding.message.startswith("one run takes 2 ms, 100% more than the 1 ms of 2026-03-01")
    assert finding.message.endswith("(commit c0)")
    assert [(r.place.line, r.message) for r in finding.related] == [
        (6, "500 us before, 1.5 ms now, as it was profiled")
    ]
    assert "measurements prune --id 1 " in finding.advice.replace("`", " ")


# --- the configuration, comments, git -------------------------------------------------------


NET = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x):
        return self.conv(x)
"""


def judged(root: Path, bound: float | None, ratio: float = 2.0, spread: float = 0.02):
    """Hold two versions of a model against each other that were measured in turns."""
    where = Destination(MeasureTarget("local", ""), None)
    place = Place(str(root / "net.py"), 3, 6, 3, 9)
    subject = Subject("Net", "class", "", None, "", (), assumed=False, place=place)
    first, second = measured(1, 0, spread=spread), measured(ratio, 1)
    result = evolve(first.result, rival=second.result)
    sides = [Measured(subject, m.job, m.result) for m in (evolve(first, result=result), second)]
    return Slower(root, where, bound).in_turns(sides[0], sides[1], compared(result))


def test_in_turns(tmp_path: Path):
    (tmp_path / "net.py").write_text(NET)
    (found,) = judged(tmp_path, None).findings
    assert (found.severity, found.anchor.line) == ("warning", 3)
    assert found.message == "one run takes 2 ms, 100% more than the 1 ms of c0"
    assert judged(tmp_path, 0.05).findings[0].severity == "error"
    assert not judged(tmp_path, 1.5).findings
    assert not judged(tmp_path, 0.05, ratio=1.0).findings
    noise = judged(tmp_path, 0.05, spread=0.6)
    assert noise.unsure
    assert not noise.findings


@pytest.mark.parametrize(
    ("config", "severity"),
    [
        ('ignore = ["HW607"]', None),
        ('select = ["HW1"]', None),
        ('select = ["HW6"]', "warning"),
        ("severity.HW607 = 'info'", "info"),
        ("severity.latency-regression = 'off'", None),
    ],
)
def test_the_configuration_has_its_say(tmp_path: Path, config: str, severity: str | None):
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "pyproject.toml").write_text(f"[tool.hwlint]\n{config}\n")
    assert [found.severity for found in judged(tmp_path, None).findings] == [severity][
        : bool(severity)
    ]
    assert len(judged(tmp_path, 0.05).findings) == 1  # it was asked for by name


def test_a_comment_silences_it_and_check_leaves_the_comment_alone(tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text("[tool.hwlint]\nselect = ['HW0']\n")
    comment = "  # hwlint: ignore[HW607] worth it"
    text = NET.replace("(nn.Module):", f"(nn.Module):{comment}")
    (tmp_path / "net.py").write_text(text)
    assert not judged(tmp_path, 0.05).findings
    options = Options(root=tmp_path, cache=False, jobs=1)
    assert not check((tmp_path,), options).findings
    (tmp_path / "net.py").write_text(text.replace("HW607", "HW601"))
    options = Options(root=tmp_path, cache=False, jobs=1, select=("HW0", "HW6"))
    assert [found.code for found in check((tmp_path,), options).findings] == ["HW003"]


def test_a_wrong_configuration_is_said(tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text("[tool.hwlint]\nselct = ['HW0']\n")
    with pytest.raises(UserError, match="selct"):
        judged(tmp_path, None)
    assert allowed.__module__  # the same function serves an editor


def test_which_commit_it_was(tmp_path: Path):
    def git(*words: str) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        command = ["git", "-C", str(tmp_path), *identity, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    file = tmp_path / "net.py"
    file.write_text(NET)
    files = (str(file), "/usr/lib/elsewhere.py")
    assert commit_of(tmp_path, files) == ""
    git("init")
    assert commit_of(tmp_path, files) == ""
    git("add", ".")
    git("commit", "-m", "Add it")
    head = git("rev-parse", "--short", "HEAD")
    assert commit_of(tmp_path, files) == head
    file.write_text(NET + "\n")
    assert commit_of(tmp_path, files) == f"{head}+"


# --- from end to end ------------------------------------------------------------------------


FAKE = """
import json, os, sys
took = os.path.getsize(sys.argv[1]) * 1e-7
samples = [took * (1 + n / 1000) for n in range(20)]
print(json.dumps({"samples": samples, "environment": {"host": "board"}}))
"""


def test_a_device_that_takes_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "fake.py").write_text(FAKE)
    command = shlex.join([sys.executable, str(tmp_path / "fake.py"), "{model}"])
    (tmp_path / "pyproject.toml").write_text(
        "[tool.hwlint.targets.board]\n"
        f'profile = "raspberry-pi-5"\ncommand = {json.dumps(command)}\n'
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HWLINT_STORE", f"sqlite:///{tmp_path}/store.sqlite")

    def measure(*options: str) -> tuple[object, str, str]:
        words = ["measure", "net.py:Net", "--device", "board", "--input", "1x8x16x16"]
        words += ["--python", sys.executable, "--fail-if-slower", "5%", "--dtype", "float32"]
        with pytest.raises(SystemExit) as stop:
            main([*words, "--root", str(tmp_path), *options])
        return (stop.value.code, *capsys.readouterr())

    code, _, said = measure()
    assert code == 0, said
    assert "nothing that was measured before can be compared with it" in said
    (tmp_path / "net.py").write_text(NET.replace("8, 8, 3, padding=1", "8, 8, 31, padding=15"))
    code, text, said = measure("--output-format", "sarif", "--no-store")
    assert code == 1, said
    (result,) = json.loads(text)["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("HW607", "error")
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region["startLine"] == 4
    assert "net.py:Net" in said  # what was measured is shown all the same
