"""The search: what is measured, what is kept, and how it goes on after it was killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.search.toy import HEIGHT, VALUES, Toy, ToyDevice, measured, points, search

from hwlint.engine.errors import UserError
from hwlint.search.loop import Search
from hwlint.search.model import Candidate
from hwlint.search.objectives import Objectives, front
from hwlint.search.trial import Trial, load_trial, save_trial


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/store/measurements.sqlite"


def test_it_measures_what_is_asked_for_and_finds_what_is_faster(url: str):
    device = ToyDevice()
    run = search(url, device, prune=False)
    assert run.run() == "trials"
    assert run.measured() == 12
    assert run.original is not None
    assert run.original.median_s is not None
    best = front(run.trials, run.study.objectives)
    assert best[0].median_s is not None
    assert best[0].median_s < run.original.median_s
    values = [run.study.objectives.costs(trial) for trial in best]
    assert values == sorted(values), "the fastest first, and each next one has more left"
    assert len(set(values)) == len(values)


def test_no_text_is_measured_twice(url: str):
    device = ToyDevice()
    search(url, device, space=Toy(points(2)), trials=30, prune=False).run()
    texts = [tuple(sorted(candidate.choices.items())) for candidate in device.asked]
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize("sampler", ["nsga2", "tpe", "random"])
def test_a_small_space_comes_to_its_end(url: str, sampler: str):
    device = ToyDevice()
    run = search(url, device, space=Toy(points(1)), trials=30, sampler=sampler, prune=False)  # pyright: ignore[reportArgumentType] - one of them
    assert run.run() == "exhausted"
    assert run.measured() == 5, "six values but for the present one"


def test_what_the_estimate_speaks_against_is_not_measured(url: str):
    device = ToyDevice()
    run = search(url, device, trials=16)
    run.run()
    left = [trial for trial in run.trials if trial.state == "estimate"]
    assert left
    original = run.original
    assert original is not None
    assert original.facts is not None
    for trial in left:
        assert trial.median_s is None
        assert "trial" in trial.why
    wide = [t for t in measured(run.trials)[6:] if t.facts and (t.facts.params or 0) > 4 * HEIGHT]
    assert not wide, "a third wider than the original is slower and keeps no more"


def test_a_refusal_and_a_broken_bound_take_no_time(url: str):
    def broken(candidate: Candidate, measured_s: float | None) -> Sequence[str]:
        del measured_s
        return ("params=10%",) if (candidate.facts.params or 0) > 70 else ()

    device = ToyDevice()
    run = search(url, device, space=Toy(refused=(8,)), broken=broken, prune=False)
    run.run()
    states = {trial.state for trial in run.trials}
    assert {"refused", "bounds", "measured"} <= states
    for candidate in device.asked[1:]:
        assert (candidate.facts.params or 0) <= 70
    assert all("does not read" in t.why for t in run.trials if t.state == "refused")


def test_a_bound_on_what_was_measured_is_kept_with_it(url: str):
    def broken(candidate: Candidate, measured_s: float | None) -> Sequence[str]:
        del candidate
        return ("latency_ms=0.1: 0.15 is more",) if measured_s and measured_s > 1e-4 else ()

    run = search(url, ToyDevice(), broken=broken, prune=False)
    assert run.run() == "trials"
    over = [t for t in run.trials if t.state == "bounds"]
    assert over
    assert all(t.median_s is not None and t.took_time for t in over)
    assert all((t.median_s or 0) <= 1e-4 for t in measured(run.trials) if t.choices)


def test_what_fails_is_told_and_the_search_goes_on(url: str):
    device = ToyDevice(failing={8: "forward", 16: "timeout"})
    run = search(url, device, prune=False)
    assert run.run() == "trials"
    failed = [trial for trial in run.trials if trial.state == "failed"]
    assert {trial.why for trial in failed} <= {"forward: width 8", "timeout: width 16"}
    assert failed
    assert len(failed) + len(measured(run.trials)) == 13


def test_a_module_that_cannot_be_measured_is_an_error(url: str):
    with pytest.raises(UserError, match=r"the module itself: forward: width 24"):
        search(url, ToyDevice(failing={HEIGHT: "forward"})).run()


def test_a_device_that_is_gone_ends_the_search(url: str):
    failing: dict[int, str] = {width: "unreachable" for width in VALUES if width != HEIGHT}
    run = search(url, ToyDevice(failing=failing), trials=40, prune=False)
    assert run.run() == "unreachable"
    assert run.measured() < 20


def test_several_are_measured_at_once(url: str):
    device = ToyDevice(parallel=4, seconds=0.3)
    run = search(url, device, trials=12, prune=False)
    assert run.run() == "trials"
    assert run.measured() == 12
    assert 2 <= device.most <= 4


def test_time_ends_it_and_it_goes_on_from_there(url: str):
    device = ToyDevice(seconds=0.2)
    run = search(url, device, trials=8, seconds=1.0, prune=False)
    assert run.run() == "time"
    done = {trial.number: trial for trial in measured(run.trials)}
    again = search(url, device, trials=8, prune=False)
    assert again.run() == "trials"
    assert again.measured() == 8
    assert {t.number: t for t in again.trials if t.number in done} == done


def test_an_interrupt_ends_it_with_what_there_is(url: str):
    device = ToyDevice(seconds=0.2)
    run = search(url, device, trials=40, prune=False)
    timer = threading.Timer(1.2, lambda: os.kill(os.getpid(), signal.SIGINT))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer.start()
    try:
        assert run.run() == "interrupted"
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)
    assert run.original is not None


KILLED = """
import sys
from pathlib import Path
from tests.search.toy import ToyDevice, search
search(sys.argv[1], ToyDevice(log=Path(sys.argv[2]), seconds=0.2), trials=10, prune=False).run()
"""


def test_killed_it_goes_on_and_measures_nothing_twice(url: str, tmp_path: Path, repository: Path):
    log = tmp_path / "log"
    command = [sys.executable, "-c", KILLED, url, str(log)]
    running = subprocess.Popen(command, cwd=repository, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while not log.exists() or log.read_text().count("end") < 4:
            assert running.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        while log.read_text().count("begin") == log.read_text().count("end"):
            time.sleep(0.005)
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    ended = [line[4:] for line in log.read_text().splitlines() if line.startswith("end")]
    run = search(url, ToyDevice(log=log), trials=10, prune=False)
    kept = run.study.trials()
    assert len(measured(kept)) in (len(ended), len(ended) - 1), "the last may not have been told"
    assert run.run() == "trials"
    assert run.lost == 1, "the one that ran is given up"
    assert run.measured() == 10
    assert run.trials[: len(kept)] == kept
    began = [line[6:] for line in log.read_text().splitlines() if line.startswith("begin")]
    for trial in measured(kept):
        assert began.count(repr(sorted(trial.choices.items()))) == 1


def test_another_process_that_lives_keeps_its_trials(url: str):
    run = search(url, ToyDevice())
    run.study.ask()
    assert run.study.give_up_lost() == 0


def test_a_trial_is_the_same_when_it_is_read_again():
    facts = Toy().original.facts
    trial = Trial(3, "measured", {"a": 3, "b": "relu"}, "c", "", facts, "k", 0.1, 0.01, 5, 0.2, 0.9)
    assert load_trial(save_trial(trial)) == trial


def test_more_parameters_than_the_original_are_no_merit():
    original = Toy().original.facts
    objectives = Objectives(("latency", "kept"), original)
    made = Toy().candidate({"net.py:1:1 width": 48})
    assert isinstance(made, Candidate)
    trial = Trial(1, "measured", made.choices, facts=made.facts, median_s=1.0)
    assert objectives.values(trial) == (1.0, original.params)


def test_the_bar_is_heard(url: str):
    said: list[str] = []
    run: Search = search(url, ToyDevice(seconds=0.01), trials=3, prune=False)
    run.heard = lambda done, best, doing: said.append(f"{done} {best is not None} {doing}")
    run.run()
    assert said[-1].startswith("3 True")
