"""What an editor knows of measurements: which hold for the text as it is; those of the store."""

import asyncio
import datetime as dt
from pathlib import Path

import pytest
from attrs import evolve

from hwlint.engine.measure_targets import MeasureTarget
from hwlint.lsp.cards import measured_line, model_card
from hwlint.lsp.diagnostics import slower_diagnostic
from hwlint.lsp.measured import Measurements, moment_text
from hwlint.lsp.measuring import Measuring
from hwlint.lsp.state import State
from hwlint.lsp.turns import Turns
from hwlint.lsp.views import CostView, ModelView
from hwlint.measure.job import Build, Input, Job, Result
from hwlint.measure.samples import summary
from hwlint.measure.store.store import open_store
from hwlint.measure.subject import key_by
from hwlint.source.spans import Place

SHAPE = (1, 3, 8, 8)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "net.py"
    path.write_text("class Net: ...\n")
    return path


@pytest.fixture
def model(file: Path) -> ModelView:
    return ModelView(
        name="Net",
        kind="class",
        built_with="",
        place=Place(str(file), 0, 6, 0, 9),
        class_name="Net",
        params=1,
        complete=True,
        unknown=(),
        inputs=(("x", SHAPE, "float32"),),
        costs=(CostView("raspberry-pi-5", "float32", 0.0031, 1.0, "compute"),),
        expression="Net()",
        files=(str(file),),
    )


def job_of_text(file: Path, shape: tuple[int, ...] = SHAPE) -> Job:
    build = Build(str(file), "net", (str(file.parent),), "Net()")
    job = Job("torch", "net.py:Net", "", (Input("x", shape, "float32"),), build=build)
    return evolve(job, key=key_by(job, {str(file): file.read_bytes()}))


def keep(file: Path, seconds: float, shape: tuple[int, ...] = SHAPE) -> None:
    """Put a measurement of what the file says now into the store."""
    job = job_of_text(file, shape)
    store = open_store()
    assert store is not None
    store.save(job, Result(job.key, seconds, 5e-5), MeasureTarget("pi", "raspberry-pi-5"))
    store.close()


def measurements(file: Path) -> Measurements:
    """Return what a server knows after it has looked into the store."""
    state = State(lambda: (file.parent,), lambda *_: None)

    async def look() -> None:
        changed = asyncio.Event()
        Measuring(state, Turns(), changed.set).look()
        async with asyncio.timeout(60):
            await changed.wait()

    asyncio.run(look())
    return state.measurements


def test_the_store_is_read_and_an_edit_makes_it_old(file: Path, model: ModelView):
    keep(file, 0.00341)
    known = measurements(file)
    (said,) = known.of(model)
    assert said.current
    card = model_card(model, 0, known)
    assert "measured 3.41 ms (IQR 50 µs) on pi, torch float32, just now; estimated 3.1 ms" in card
    assert measured_line(known.of(model)) == "measured 3.41 ms on pi"
    file.write_text("class Net: pass\n")
    assert measured_line(known.of(model)) == "measured before the last edit: 3.41 ms on pi"
    assert "; estimated" not in model_card(model, 0, known)


def test_other_inputs_are_another_measurement(file: Path, model: ModelView):
    keep(file, 0.002, (8, *SHAPE[1:]))
    known = measurements(file)
    assert known.of(model) == []
    keep(file, 0.001)
    known = measurements(file)
    assert [said.figure.seconds for said in known.of(model)] == [0.001]


def test_a_current_one_goes_before_a_later_one_of_another_text(file: Path, model: ModelView):
    text = file.read_text()
    keep(file, 0.001)
    file.write_text("class Net: pass\n")
    keep(file, 0.002)
    file.write_text(text)
    known = measurements(file)
    assert [(s.figure.seconds, s.current) for s in known.of(model)] == [(0.001, True)]


def kept_samples(file: Path, milliseconds: float, day: int) -> None:
    """Put a steady measurement of what the file says now into the store."""
    job = job_of_text(file)
    samples = tuple(milliseconds / 1e3 * (1 + n / 1000) for n in range(20))
    taken = dt.datetime(2026, 1, day, tzinfo=dt.UTC)
    store = open_store()
    assert store is not None
    target = MeasureTarget("pi", "raspberry-pi-5")
    store.save(job, Result(job.key, **summary(samples)), target, taken=taken)
    store.close()


def test_it_has_become_slower(file: Path, model: ModelView):
    kept_samples(file, 2.0, 1)
    file.write_text("class Net: pass\n")
    assert not list(measurements(file).slower(model))  # nobody has measured this one yet
    kept_samples(file, 3.0, 2)
    known = measurements(file)
    (found,) = known.slower(model)
    assert round(found.ratio, 3) == 1.5
    finding = slower_diagnostic(found, model, file.parent)
    assert finding is not None
    assert (finding.code, finding.severity, finding.anchor) == ("HW607", "warning", model.place)
    assert "50% more than the 2.02 ms of 2026-01-01" in finding.message
    file.write_text("class Net: pass  # hwlint: ignore[HW607]\n")
    assert slower_diagnostic(found, model, file.parent) is None
    assert not list(known.slower(model))  # and this text was not measured


def test_how_long_ago():
    now = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    ago = {90: "1 minute ago", 7200: "2 hours ago", 90_000: "1 day ago", 3: "just now"}
    for seconds, said in ago.items():
        assert moment_text(now - dt.timedelta(seconds=seconds), now) == said
