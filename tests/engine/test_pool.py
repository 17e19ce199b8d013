import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from hwlint.engine.pool import Built, Pool

PATHS = [f"/w/{folder}/{name}.py" for folder in "abc" for name in range(7)]


@dataclass(frozen=True)
class Answer:
    path: str
    incomplete: str = ""
    built: Built = frozenset()
    trace: str = ""
    process: int = 0


class Echo:
    def __init__(self, alive: Callable[[], None]) -> None:
        self.alive = alive
        self.kept: list[object] = []

    def visit(self, stage: str, path: str, built: Built) -> Answer:
        if stage != "calls":
            return Answer(path, built=built, process=os.getpid())
        if "die" in path:
            os._exit(3)
        if "hang" in path:
            time.sleep(1000)
        if "slow" in path:
            for _ in range(12):
                time.sleep(0.25)
                self.alive()
        if "large" in path:
            self.kept += [object() for _ in range(50_000)]
        if "boom" in path:
            raise RuntimeError("boom\nboom")
        return Answer(path, built=frozenset({(path, "Net")}), process=os.getpid())


@dataclass(frozen=True)
class Task:
    def visitor(self, alive: Callable[[], None]) -> Echo:
        return Echo(alive)

    def failed(self, path: str, reason: str, trace: str = "") -> Answer:
        return Answer(path, incomplete=reason, trace=trace)


def both(pool: Pool[Answer], paths: list[str]) -> Iterator[Answer]:
    first = list(pool.read(paths))
    yield from first
    yield from pool.read(paths, "defaults", frozenset().union(*(answer.built for answer in first)))


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_each_path_is_answered_once_in_each_pass(processes: int):
    with Pool(Task(), processes) as pool:
        answers = list(both(pool, PATHS))
    assert sorted(answer.path for answer in answers) == sorted(PATHS * 2)
    assert len({answer.process for answer in answers}) <= processes
    assert all(len(answer.built) in (1, len(PATHS)) for answer in answers)


def test_a_second_pass_knows_what_was_built():
    with Pool(Task(), 2) as pool:
        list(pool.read(PATHS))
        answers = list(pool.read(PATHS, "defaults", frozenset({("x", "Net")})))
    assert {answer.built for answer in answers} == {frozenset({("x", "Net")})}


def test_a_process_that_dies_costs_its_file_only():
    with Pool(Task(), 2) as pool:
        answers = {a.path: a for a in pool.read(["a", "die", "b", "die too", "c"])}
        again = list(pool.read(["d"], "defaults", frozenset()))
    assert {p for p, a in answers.items() if a.incomplete} == {"die", "die too"}
    assert answers["die"].incomplete == "the process that read it died"
    assert [answer.path for answer in again] == ["d"]


def test_a_file_that_does_not_come_back_is_given_up():
    start = time.monotonic()
    with Pool(Task(), 2, kill_after=0.5) as pool:
        answers = {a.path: a for a in pool.read(["hang", *PATHS])}
    assert time.monotonic() - start < 20
    assert [p for p, a in answers.items() if a.incomplete] == ["hang"]
    assert "stopped after" in answers["hang"].incomplete
    assert len(answers) == len(PATHS) + 1


def test_a_file_that_takes_long_and_shows_that_it_works_is_read():
    with Pool(Task(), 2, kill_after=2.0) as pool:
        answers = {a.path: a for a in pool.read(["slow", "hang"])}
    assert [p for p, a in answers.items() if a.incomplete] == ["hang"]


def test_a_process_that_holds_much_is_replaced_between_files():
    paths = ["large 1", "large 2", "a", "large 3", "b"]
    with Pool(Task(), 1, full=75_000) as pool:
        first = {a.path: a.process for a in pool.read(paths)}
        again = list(pool.read(paths, "defaults", frozenset({("x", "Net")})))
    assert {len(answer.built) for answer in again} == {1}
    assert first["large 1"] == first["large 2"] != first["a"]
    assert first["a"] == first["large 3"] == first["b"]


def test_an_exception_costs_its_file_only_and_is_one_line():
    with Pool(Task(), 1) as pool:
        answers = {a.path: a for a in pool.read(["boom", "a"])}
    assert answers["boom"].incomplete == "RuntimeError: boom boom"
    assert "visit" in answers["boom"].trace
    assert not answers["a"].incomplete


def test_no_paths_start_no_process():
    with Pool(Task(), 2) as pool:
        assert list(pool.read([])) == []
        assert not pool._workers


def test_no_process_is_left_over():
    with Pool(Task(), 3) as pool:
        list(pool.read(PATHS))
        processes = [worker.process for worker in pool._workers]
        assert all(process.is_alive() for process in processes)
    assert not any(process.is_alive() for process in processes)


@dataclass(frozen=True)
class Broken(Task):
    def visitor(self, alive: Callable[[], None]) -> Echo:
        os.write(1, b"out")
        os.write(2, b"err")
        raise ImportError("no reader")


def test_a_visitor_that_cannot_be_made_is_an_answer_and_nothing_is_printed(
    capfd: pytest.CaptureFixture[str],
):
    with Pool(Broken(), 1) as pool:
        answers = list(pool.read(["a", "b"]))
    assert {answer.incomplete for answer in answers} == {"ImportError: no reader"}
    assert capfd.readouterr() == ("", "")
