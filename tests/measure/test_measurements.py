"""`hwlint measurements`: list, show, export, prune."""

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner

from hwlint.cli import hwlint as command
from hwlint.engine.errors import UserError
from hwlint.engine.fitting import _rows
from hwlint.engine.measure_targets import MeasureTarget
from hwlint.measure.job import Input, Job, OperatorTime, Result
from hwlint.measure.store.store import open_store

Made = Callable[..., tuple[Job, Result]]
PI = MeasureTarget("pi", "raspberry-pi-5", "ssh", "pi@board")
NOW = dt.datetime.now(dt.UTC)


def run(*arguments: str) -> str:
    done = CliRunner().invoke(command, ["measurements", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def filled(made: Made) -> None:
    """Fill the store with three measurements, the last one today."""
    store = open_store()
    assert store is not None
    for number, days in enumerate((200, 100, 0)):
        job, result = made(key=f"k{number}", ms=10.0**number)
        inputs = (Input("", (1, 3, 32, 32), "float32"), Input("ids", (1, 8), "int64"))
        job = attrs.evolve(job, place=f"net.py:Net{number}", inputs=inputs)
        operators = tuple(OperatorTime("Conv", f"layer{n}", 0.001 * n) for n in range(1, 13))
        result = attrs.evolve(result, operators=operators, peak_bytes=12_345_678)
        store.save(job, result, PI, taken=NOW - dt.timedelta(days=days))
    store.close()


def test_without_measurements_nothing_is_made():
    assert run("list") == "No measurements: `hwlint measure FILE:Class` makes one.\n"
    assert json.loads(run("list", "--output-format", "json")) == []
    assert json.loads(run("export")) == []
    assert run("prune", "--all") == "Removed 0 measurements.\n"
    assert open_store(create=False) is None


def test_the_list(filled: None):
    lines = run("list").splitlines()
    head = "ID taken place target runner dtype median IQR"
    assert lines[0].split() == head.split()
    assert [line.split()[3] for line in lines[1:]] == [f"net.py:Net{n}" for n in (2, 1, 0)]
    assert lines[1].split()[4:] == ["pi", "onnxruntime", "float32", "100", "ms", "0.1", "%"]
    assert run("list", "--most", "1").splitlines()[-1] == "1 of 3 measurements: --most shows more."
    (only,) = json.loads(run("list", "--place", "net.py:Net1", "--output-format", "json"))
    assert (only["median_s"], only["versions"]) == (0.01, "onnxruntime 1.32.0, python 3.11.7")
    assert run("list", "--target", "po").startswith("No measurements")


def test_one_in_full(filled: None):
    shown = run("show", "3")
    assert shown.startswith("net.py:Net2\n\nmeasured ")
    facts = dict(line.split("  ", 1) for line in shown.splitlines() if "  " in line.strip())
    assert facts["inputs"].strip() == "1x3x32x32;ids=1x8:int64"
    assert facts["peak memory"].strip() == "12.3 MB"
    assert facts["host"].strip() == "board"
    hottest = shown[shown.index("where the time goes") :].splitlines()[1:]
    assert [line.split()[-1] for line in hottest if line] == [f"layer{n}" for n in range(12, 2, -1)]
    everything = json.loads(run("show", "3", "--output-format", "json"))
    assert len(everything["result"]["operators"]) == 12
    with pytest.raises(UserError, match="there is no measurement 4"):
        run("show", "4")


def test_what_is_exported_can_be_fitted(filled: None, tmp_path: Path):
    file = tmp_path / "out" / "measured.csv"
    run("export", "--format", "csv", "-o", str(file))
    assert [(row.place, row.ms, row.inputs) for row in _rows(file)] == [
        (f"net.py:Net{n}", 10.0**n, "1x3x32x32;ids=1x8:int64") for n in range(3)
    ]
    documents = json.loads(run("export", "--target", "pi"))
    assert [each["job"]["key"] for each in documents] == ["k0", "k1", "k2"]


def test_pruning(filled: None):
    with pytest.raises(UserError, match="say which"):
        run("prune")
    with pytest.raises(UserError, match="--older-than soon: a time is 90d"):
        run("prune", "--older-than", "soon")
    assert run("prune", "--older-than", "90d", "--dry-run") == "Would remove 2 measurements.\n"
    assert run("prune", "--older-than", "150d", "--target", "pi") == "Removed 1 measurement.\n"
    assert run("prune", "--id", "3") == "Removed 1 measurement.\n"
    assert [each["id"] for each in json.loads(run("export"))] == [2]


def test_what_to_install_is_said(monkeypatch: pytest.MonkeyPatch):
    without = (
        "import sys, importlib.util as util\n"
        "real = util.find_spec\n"
        "util.find_spec = lambda name, *a: None if name == sys.argv[1] else real(name, *a)\n"
        "from hwlint.cli import main\n"
        "main(['measurements', 'list'])\n"
    )
    for missing, extra, url in (
        ("sqlalchemy", "measure", "sqlite:///a"),
        ("psycopg", "postgresql", "postgresql://a@b/c"),
    ):
        monkeypatch.setenv("HWLINT_STORE", url)
        words = [sys.executable, "-c", without, missing]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 2
        assert done.stderr.endswith(f"needs {missing}: pip install 'hwlint[{extra}]'\n")
        assert done.stderr.count("\n") == 1


def test_the_command_line_starts_without_the_database():
    code = "import sys, hwlint.cli; print({'sqlalchemy', 'alembic', 'psycopg'} & set(sys.modules))"
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "set()\n"
