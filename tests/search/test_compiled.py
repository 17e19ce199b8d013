"""A search by the estimate of a vendor's compiler: nothing is measured, and nothing says so."""

import re
from pathlib import Path

import pytest
from attrs import evolve

from hwlint.engine.errors import UserError
from hwlint.measure.destination import Destination
from hwlint.measure.job import Failure, Result, load_job
from hwlint.measure.transports.base import Cancelled, Progress
from hwlint.report.suggested_html import outcome_page
from hwlint.report.suggested_json import outcome_document
from hwlint.report.suggested_text import outcome_text
from hwlint.search.outcome import Outcome
from hwlint.search.request import Request
from hwlint.search.searching import Searching

NET = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 18, 3, padding=1)
        self.mid = nn.Conv2d(18, 36, 3, padding=1)

    def forward(self, x):
        return self.mid(self.stem(x).relu()).mean((2, 3))
"""
_WIDTH = re.compile(r"Conv2d\((\d+), (\d+)")


class Compiler:
    """Stands in for the process that lowers and compiles: a tile of 16 channels, one microsecond
    each. What it is given and has to answer is the runner's own contract."""

    def run(
        self, job_folder: Path, runner: Path, *, cancelled: Cancelled, progress: Progress
    ) -> Result:
        job = load_job(job_folder)
        assert runner.name == "vela_runner.py"
        assert (job.device, job.dtype, job.limits.seconds) == ("ethos-u55-128", "int8", 300.0)
        assert job.build is not None
        widths = [int(w) for _, w in _WIDTH.findall(Path(job.build.file).read_text())]
        tiles = sum(-(-width // 16) for width in widths)
        return Result(job.key, median_s=tiles / 1e6, peak_bytes=1024 * tiles)


@pytest.fixture
def request_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Request:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "net.py").write_text(NET)
    monkeypatch.setenv("HWLINT_STORE", f"sqlite:///{tmp_path}/kept/measurements.sqlite")
    return Request(
        f"{tmp_path}/net.py:Net",
        target="ethos-u55-128",
        runner="vela",
        inputs=("1x3x16x16",),
        keep=("params=30%",),
        trials=8,
        seed=0,
    )


def begun(request: Request) -> Searching:
    return request.begin(lambda _: None, lambda *_: None)


def searched(request: Request, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    monkeypatch.setattr(Destination, "transport", lambda *_: Compiler())
    told: list[str] = []
    outcome = begun(request).run(lambda *_: None, told.append)
    assert not told
    return outcome


def test_it_finds_what_fills_the_tiles(request_of, monkeypatch):
    outcome = searched(request_of, monkeypatch)
    assert outcome.original.median_s == pytest.approx(5e-6)
    assert outcome.found
    assert outcome.rows[0].trial.median_s == pytest.approx(4e-6)
    assert {row.confidence for row in outcome.rows} == {"compiled"}


def test_no_word_of_measuring(request_of, monkeypatch):
    outcome = searched(request_of, monkeypatch)
    text = outcome_text(outcome)
    assert "Every row: latency is the vendor compiler's estimate, accuracy not evaluated." in text
    assert "candidates compiled" in text
    page = outcome_page(outcome, "")
    assert "edited copies of the source and compiled them" in page
    assert "vendor compiler estimate, ms" in page
    document = outcome_document(outcome)
    assert document["how"] == "compiled"
    for shown in (text, page, str(document)):
        assert "easured" not in shown
        assert "IQR" not in shown


def test_what_is_no_ethos_u_is_refused_before_anything_is_read(request_of):
    with pytest.raises(UserError, match="vela compiles for Ethos-U, and h100-sxm has the profile"):
        begun(evolve(request_of, target="h100-sxm"))


def test_without_the_compiler_it_says_what_to_install(request_of, monkeypatch):
    class Missing(Compiler):
        def run(self, *_: object, **__: object) -> Result:
            advice = "python -m pip install executorch"
            return Result("", failure=Failure("setup", "executorch is missing", advice=advice))

    monkeypatch.setattr(Destination, "transport", lambda *_: Missing())
    with pytest.raises(
        UserError, match=r"executorch is missing \(python -m pip install executorch"
    ):
        begun(request_of).run(lambda *_: None, lambda _: None)
