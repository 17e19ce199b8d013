"""What is known of how fast a machine can be, and what comes of it."""

from pathlib import Path

from attrs import define, evolve, field

from hwlint.engine.cache import cache_folder
from hwlint.measure import paces
from hwlint.measure.interpreters import Interpreter
from hwlint.measure.job import Failure, Job, Result
from hwlint.measure.measuring import Bench, runner_file
from hwlint.measure.paces import slower
from hwlint.measure.transports.base import Cancelled, Progress

HERE = {"host": "here", "processor": "A", "python": "3.11.7"}


def result(pace: float | None, **more: str) -> Result:
    return Result("k", median_s=1.0, pace_s=pace, environment={**HERE, **more})


def test_the_best_of_a_machine_is_kept():
    assert slower(result(3e-4)) == 1.0
    assert slower(result(2e-4)) == 1.0
    assert slower(result(4e-4)) == 2.0
    assert slower(result(9e-4, host="another")) == 1.0
    assert slower(result(None)) == 1.0


def test_what_failed_says_nothing():
    assert slower(evolve(result(1e-4), failure=Failure("forward", "no"))) == 1.0
    assert slower(result(3e-4)) == 1.0


def test_a_file_that_is_none_is_written_anew():
    file = cache_folder() / "paces.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    for text in ("{", "[1]", '{"x": "y"}'):
        file.write_text(text)
        assert slower(result(3e-4)) == 1.0
        assert slower(result(6e-4)) == 2.0


@define
class Device:
    """Answers with one result after the other."""

    paces: list[float]
    asked: list[str] = field(factory=list[str])

    def run(
        self, job_folder: Path, runner: Path, *, cancelled: Cancelled, progress: Progress
    ) -> Result:
        self.asked.append(runner.name)
        return result(self.paces.pop(0))


def measured(*paces: float) -> tuple[Result, int]:
    here = Interpreter(Path("python"), "test")
    device = Device(list(paces))
    bench = Bench(here, here, device)
    job = Job("torch", "net.py:Net", "k")
    found = bench.measure(job, cancelled=lambda: False, progress=lambda _: None)
    return found, len(device.asked)


def test_a_slow_one_is_measured_once_more():
    assert measured(2e-4)[1] == 1
    found, runs = measured(3e-4, 2.1e-4)
    assert (runs, found.notes) == (2, ())
    found, runs = measured(3e-4, 3e-4)
    assert runs == 2
    (note,) = found.notes
    assert note.startswith("the processor ran 50% slower than it was seen to")


def test_the_runners_mean_the_same_by_disturbed():
    # They travel alone, and have no module of the project.
    text = runner_file("pair").with_name("hwlint_support.py").read_text()
    assert f"\nDISTURBED = {paces.DISTURBED}\n" in text
    assert f"\nBEST = {paces.BEST}\n" in text
