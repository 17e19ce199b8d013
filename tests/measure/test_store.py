"""The store of measurements, in SQLite and in a PostgreSQL that the tests start."""

import contextlib
import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import attrs
import optuna
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from hwlint.engine.errors import UserError
from hwlint.engine.measure_targets import MeasureTarget
from hwlint.measure.job import Job, OperatorTime, Result
from hwlint.measure.store import schema, store_url
from hwlint.measure.store.models import Base
from hwlint.measure.store.store import Query, Store, open_store
from hwlint.search.storage import open_storage

Made = Callable[..., tuple[Job, Result]]
PI = MeasureTarget("pi", "raspberry-pi-5", "ssh", "pi@board")
BOARD = MeasureTarget("board", "raspberry-pi-4")
NOON = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def store(url: str):
    opened = open_store(url)
    assert opened is not None
    yield opened
    opened.close()


def test_what_was_kept_comes_back(store: Store, made: Made):
    job, result = made()
    operators = (OperatorTime("Conv", "layer1.0", 0.001, 2, "/layer1/Conv"),)
    result = attrs.evolve(result, operators=operators, notes=("größer",), peak_bytes=1 << 40)
    berlin = dt.timezone(HOUR)
    assert store.save(job, result, PI, taken=NOON.astimezone(berlin))
    (found,) = store.find()
    assert (found.job, found.result) == (job, result)
    assert (found.target, found.profile, found.device) == ("pi", "raspberry-pi-5", "board")
    assert found.versions == "onnxruntime 1.32.0, python 3.11.7"
    assert (found.taken, found.taken.utcoffset()) == (NOON, dt.timedelta())
    assert found.median_s == 0.002


def test_measured_again_the_later_one_stays(store: Store, made: Made):
    assert store.save(*made(ms=2), PI, taken=NOON)
    assert store.save(*made(ms=3), PI, taken=NOON + HOUR)
    # One that was taken earlier and comes late, from a farm, changes nothing.
    assert not store.save(*made(ms=9), PI, taken=NOON - HOUR)
    (found,) = store.find()
    assert (found.median_s, found.taken) == (0.003, NOON + HOUR)


def test_another_device_target_version_or_content_is_another_measurement(store: Store, made: Made):
    store.save(*made(), PI)
    store.save(*made(), BOARD)
    store.save(*made(host="second"), PI)
    store.save(*made(onnxruntime="1.33.0"), PI)
    store.save(*made(key="k2"), PI)
    store.save(*made(governor="powersave"), PI)  # the same as the first
    assert store.count() == 5


def test_a_failure_is_not_kept(store: Store, made: Made):
    job, _ = made()
    with pytest.raises(ValueError, match="no measurement"):
        store.save(job, Result(job.key), PI)
    assert store.count() == 0


def test_of_a_comparison_each_is_kept_by_itself(store: Store, made: Made):
    job, result = made()
    store.save(job, attrs.evolve(result, rival=made(key="k2")[1]), PI)
    (found,) = store.find()
    assert found.result == result


def test_looking_and_pruning(store: Store, made: Made):
    for number, place in enumerate(("net.py:Net", "net.py:Net#layer1", "net.py:Net2", "a%b.py:f")):
        job, result = made(key=f"k{number}")
        target = BOARD if number == 3 else PI
        store.save(attrs.evolve(job, place=place), result, target, taken=NOON + number * HOUR)
    found = store.find(Query(place="net.py:Net"))
    assert [each.job.place for each in found] == ["net.py:Net#layer1", "net.py:Net"]
    assert store.count(Query(place="net.py")) == 3
    assert store.count(Query(place="a%b.py")) == 1
    assert store.count(Query(place="a%")) == 0
    assert [each.job.key for each in store.find(Query(target="pi"), most=1)] == ["k2"]
    assert store.count(Query(keys=["k0", "k3", "k9"])) == 2
    assert store.count(Query(profile="raspberry-pi-4", runner="onnxruntime")) == 1
    assert store.prune(Query(before=NOON + HOUR)) == 1
    assert store.prune(Query(ids=[store.find(Query(keys=["k3"]))[0].id])) == 1
    assert [each.job.key for each in store.find()] == ["k2", "k1"]


def test_the_migrations_make_what_the_models_say(store: Store, url: str):
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        assert not compare_metadata(MigrationContext.configure(connection), Base.metadata)
        connection.rollback()
        schema.upgrade(connection, "head")
        connection.rollback()
    folder = Path(schema.__file__).with_name("migrations")
    assert ScriptDirectory(str(folder)).get_heads() == [schema.HEAD]


def test_a_store_of_a_newer_hwlint_is_left_alone(store: Store, url: str):
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(UserError, match=r"newer hwlint \(schema 9999, this one knows"):
        open_store(url)


WRITERS = """
import os, sys
from hwlint.engine.measure_targets import MeasureTarget
from hwlint.measure.job import Job, Result
from hwlint.measure.store.store import open_store

def write(first, last):
    store = open_store(sys.argv[1])
    for number in range(first, last):
        key = f"k{number}"
        samples = tuple(number + share / size for share in range(size))
        result = Result(key, number + 1.0, samples=samples, environment={"host": "board"})
        store.save(Job("onnxruntime", "net.py:Net", key), result, MeasureTarget("pi", "h100"))
        os.write(1, f"{key}\\n".encode())

size = int(sys.argv[2])
children = []
for first, last in zip(map(int, sys.argv[3::2]), map(int, sys.argv[4::2])):
    children.append(os.fork())
    if not children[-1]:
        write(first, last)
        os._exit(0)
codes = [os.waitpid(child, 0)[1] for child in children]
sys.exit(any(codes))
"""
Writers = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def writers(url: str):
    """Return a function that starts processes that write the measurements of a range each. They
    share one import of what they need, and nothing else."""
    started: list[subprocess.Popen[str]] = []

    def start(*ranges: range, size: int = 10) -> subprocess.Popen[str]:
        bounds = [str(bound) for each in ranges for bound in (each.start, each.stop)]
        words = [sys.executable, "-c", WRITERS, url, str(size), *bounds]
        started.append(
            subprocess.Popen(
                words,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        )
        return started[-1]

    yield start
    for each in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(each.pid, signal.SIGKILL)
        each.communicate()


def test_four_writers_at_once_make_the_store_and_fill_it(url: str, writers: Writers):
    # They also race for the schema; half of what each writes another one writes too.
    running = writers(*(range(20 * n, 20 * n + 40) for n in range(4)))
    output, errors = running.communicate(timeout=60)
    assert running.returncode == 0, errors
    assert len(output.split()) == 160
    store = open_store(url)
    assert store is not None
    found = store.find()
    assert sorted(each.job.key for each in found) == sorted(f"k{n}" for n in range(100))
    store.close()


def test_writers_that_are_killed_lose_nothing_and_leave_nothing_half(url: str, writers: Writers):
    size = 5_000  # some 100 KB each, so that a kill meets a write
    running = writers(range(10_000), range(10_000, 20_000), size=size)
    assert running.stdout is not None
    kept = {running.stdout.readline().strip() for _ in range(20)}
    os.killpg(running.pid, signal.SIGKILL)
    output, errors = running.communicate(timeout=20)
    assert errors == ""
    kept |= set(output.split())
    done = writers(range(20_000, 20_001))
    assert done.communicate(timeout=20)[0] == "k20000\n"
    store = open_store(url)
    assert store is not None
    found = {each.job.key: each.result for each in store.find()}
    assert len(found.pop("k20000").samples) == 10
    assert kept <= set(found)
    assert len(found) - len(kept) <= 2  # written, and killed before they could say so
    assert all(len(result.samples) == size for result in found.values())
    if url.startswith("sqlite"):
        with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
            assert connection.scalar(sa.text("PRAGMA integrity_check")) == "ok"
    store.close()


def test_where_there_is_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert open_store(f"sqlite:///{tmp_path}/a/b.sqlite", create=False) is None
    assert not (tmp_path / "a").exists()
    assert store_url().startswith("sqlite:///")
    assert store_url().endswith("/data/hwlint/measurements.sqlite")
    monkeypatch.setenv("HWLINT_STORE", "postgresql://team@db/hwlint")
    assert store_url() == "postgresql://team@db/hwlint"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("measurements.db", "HWLINT_STORE: measurements.db is no database URL"),
        ("mysql://a:secret@b/c", "HWLINT_STORE: mysql://a:.*@b/c is neither postgresql"),
        ("sqlite://", "HWLINT_STORE: sqlite:// is neither"),
        ("postgresql://a:secret@127.0.0.1:9/b", "the store .*a:.*@127.0.0.1:9/b: .*refused"),
        ("sqlite:////dev/null/a.sqlite", "/dev/null"),
    ],
)
def test_a_store_that_cannot_be_reached(url: str, problem: str):
    with pytest.raises((UserError, OSError), match=problem) as raised:
        open_store(url)
    assert "secret" not in str(raised.value)


def test_a_file_that_is_no_store(tmp_path: Path):
    file = tmp_path / "a.sqlite"
    file.write_text("a,b,c\n" * 1000)
    with pytest.raises(UserError, match=r"a.sqlite: file is not a database"):
        open_store(f"sqlite:///{file}")
    assert file.read_text().startswith("a,b,c")


@pytest.mark.parametrize("first", ["measurements", "searches"])
def test_searches_lie_beside_measurements(url: str, made: Made, first: str):
    """Both name the revision of their schema in a table `alembic_version`."""

    def measure() -> int:
        store = open_store(url)
        assert store is not None
        store.save(*made(), PI)
        count = store.count()
        store.close()
        return count

    def search() -> int:
        storage = open_storage(url)
        assert isinstance(storage, optuna.storages.RDBStorage)
        study = optuna.create_study(storage=storage, study_name="one", load_if_exists=True)
        study.tell(study.ask(), 1.0)
        count = len(study.trials)
        storage.remove_session()
        storage.engine.dispose()
        return count

    turns = [measure, search] if first == "measurements" else [search, measure]
    for turn in turns:
        assert turn() == 1
    # Each is opened anew, and neither has taken the other's revision for its own.
    assert (measure(), search()) == (1, 2)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        assert schema.is_current(connection)
    assert not sa.inspect(engine).has_table("trials")
    engine.dispose()
