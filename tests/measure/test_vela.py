"""The runner vela: reading what Arm's compiler wrote, and keeping it apart from what was measured.

`vela/` has what executorch 1.5.1, tosa-tools 2026.8.0 and ethos-u-vela 5.2.0 wrote of
`vela/net.py` for an Ethos-U55-128: two parts, as a sort between them stays on the host. Of
ExecuTorch's debug.json it has what is read; tosaN.json lists the operators of the TOSA graphs.
"""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from attrs import evolve

from hwlint.cli import main
from hwlint.cli.measurement_rows import card, for_fit, table
from hwlint.engine.inputs import parse_input
from hwlint.engine.measure_targets import MeasureTarget
from hwlint.engine.run import Options
from hwlint.lsp.cards import compiled_line, measured_line, model_card
from hwlint.lsp.measured import Measurements
from hwlint.lsp.views import ModelView
from hwlint.measure.destination import find_destination
from hwlint.measure.job import Build, Input, Job, OperatorTime, Result
from hwlint.measure.measuring import RUNNERS
from hwlint.measure.operators import Node, hottest_lines, with_modules
from hwlint.measure.regression import is_sure
from hwlint.measure.store import Measurement
from hwlint.measure.store.store import open_store
from hwlint.measure.subject import Subject, find_subject, key_by
from hwlint.report.measured_json import result_json
from hwlint.report.measured_text import result_text
from hwlint.source.spans import Place

SAMPLES = Path(__file__).with_name("vela")
CONV, HEAD, SORT, MEAN, SOFTMAX = 8, 21, 25, 26, 27
"""Lines of net.py, from 1."""
INPUT = "1x3x32x32"
CLAIM = "vendor compiler estimate"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, RUNNERS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


vela: Any = load("hwlint_vela")
EDGES = {
    "aten_silu_default": {"module": "stem.act", "function": "silu"},
    "aten_silu_default_1": {"module": "body.act", "function": "silu"},
}


def sample(name: str) -> str:
    return (SAMPLES / name).read_text()


def part(number: int) -> tuple[dict[str, float], list[OperatorTime], list[Node]]:
    figures = vela.figures(sample(f"summary{number}.csv"))
    layers = sample(f"per-layer{number}.csv")
    events = json.loads(sample(f"debug{number}.json"))
    graph = json.loads(sample(f"tosa{number}.json"))
    times = vela.operators(number, layers, figures["hertz"])
    nodes = vela.nodes(number, graph, events, EDGES)
    made = [Node(n["name"], n["op"], tuple(n["inputs"]), tuple(n["outputs"]), n["module"],
                 n["function"]) for n in nodes]  # fmt: skip
    return figures, [OperatorTime(**time) for time in times], made


@pytest.fixture(scope="module")
def subject() -> Subject:
    options = Options(root=SAMPLES, cache=False)
    return find_subject(f"{SAMPLES / 'net.py'}:Net", options, inputs=(parse_input(INPUT),))


@pytest.fixture(scope="module")
def result() -> Result:
    """What the runner makes of these files."""
    parts = [part(1), part(2)]
    found = vela.total([figures for figures, _, _ in parts])
    nodes = [node for _, _, made in parts for node in made]
    return Result(
        "k",
        found["seconds"],
        cycles=found["cycles"],
        peak_bytes=round(found["sram"]),
        flash_bytes=round(found["flash"]),
        operators=with_modules([time for _, times, _ in parts for time in times], nodes),
        on_host=(OperatorTime("aten.sort.default", "", 0.0, function="sort"),),
        environment={
            "vela": "5.2.0",
            "clock_mhz": "500",
            **vela.configuration(sample("summary1.csv")),
        },
    )


def test_the_figures_of_all_parts(result: Result):
    assert result.cycles == 71357 + 24820
    assert result.median_s == pytest.approx(result.cycles / 500e6)
    assert result.peak_bytes == 64 * 1024
    assert result.flash_bytes == round((6.4375 + 1.5) * 1024)
    # Each cycle belongs to an operator.
    assert sum(time.seconds for time in result.operators) == pytest.approx(
        result.median_s, rel=0.01
    )


def test_what_is_fused_belongs_to_the_convolution(result: Result):
    """The compiler calls a convolution with its activation by the name of the look-up table."""
    convolutions = [time for time in result.operators if time.name == "Conv2D"]
    assert [time.node for time in convolutions[:2]] == [
        "1:tosa_table_default",
        "1:tosa_table_default_1",
    ]
    assert [time.module for time in convolutions[:2]] == ["stem.conv", "body.conv"]


def test_a_table_alone_is_found_by_its_constant():
    _, _, nodes = part(1)
    assert {n.module: n.function for n in nodes if n.op == "TABLE"} == {
        "stem.act": "silu",
        "body.act": "silu",
    }
    time = OperatorTime("Table", None, 1.0, node="1:tosa_table_default_1")
    assert with_modules([time], nodes)[0].module == "body.act"


def test_what_is_done_to_an_input_belongs_to_who_takes_it(result: Result):
    (first, *_) = [time for time in result.operators if time.name == "ReduceSum"]
    assert first.node.endswith("_transpose")
    assert (first.module, first.function) == ("", "mean")


def test_what_a_pass_has_made_anew_has_no_place():
    kept = {
        "nn_module_stack": {"": ("", "Net")},
        "torch_fn": ("sum_2", "OpOverload.sum.dim_IntList"),
    }
    assert vela.origin(kept)["module"] is None
    assert vela.origin({"nn_module_stack": "No module stack trace available"})["module"] is None


def test_the_lines_of_the_source(result: Result, subject: Subject):
    lines = hottest_lines(result.operators, subject)
    assert [line.place.line + 1 for line in lines if line.place] == [CONV, MEAN, HEAD, SOFTMAX]
    assert sum(line.share for line in lines) == pytest.approx(1)
    (host,) = hottest_lines(result.on_host, subject)
    assert host.place is not None
    assert host.place.line + 1 == SORT


@pytest.mark.parametrize(
    ("text", "error"),
    [("", StopIteration), ("a,b\n1,2\n", KeyError), ("cycles_total\nx\n", ValueError)],
)
def test_other_tables_are_refused(text: str, error: type[Exception]):
    with pytest.raises(error):
        vela.figures(text)


# --- kept apart -----------------------------------------------------------------------------


def job_of(file: Path) -> Job:
    build = Build(str(file), "net", (str(file.parent),), "Net()")
    job = Job("vela", "net.py:Net", "", (Input("x", (1, 3, 32, 32), "float32"),), build=build)
    job = evolve(job, dtype="int8", device="ethos-u55-128")
    return evolve(job, key=key_by(job, {str(file): file.read_bytes()}))


def test_people_and_programs_are_told_what_it_is(result: Result, subject: Subject):
    job = job_of(SAMPLES / "net.py")
    lines = hottest_lines(result.operators, subject)
    host = hottest_lines(result.on_host, subject)
    text = result_text(job, result, lines, SAMPLES, host=host)
    assert f"{CLAIM} by vela for ethos-u55-128" in text
    assert "192 us   96,177 cycles at 500 MHz" in text
    assert "SRAM 64 KiB   flash 7.94 KiB" in text
    assert "aten.sort.default  net.py:25" in text
    assert "measured" not in text
    assert "IQR" not in text
    document = json.loads(result_json(job, result, lines, SAMPLES, host=host))
    assert document["kind"] == CLAIM
    assert document["cycles"] == 96177
    assert document["host_lines"][0]["line"] == SORT
    assert not is_sure(result)  # nothing can be held against it


def test_the_store_and_the_editor_keep_it_apart(tmp_path: Path, result: Result):
    file = tmp_path / "net.py"
    file.write_text(sample("net.py"))
    job = job_of(file)
    store = open_store(f"sqlite:///{tmp_path}/store.sqlite")
    assert store is not None
    store.save(job, evolve(result, key=job.key), MeasureTarget("npu", "ethos-u55-128"))
    ran = evolve(job, runner="onnxruntime", key="other")
    store.save(ran, Result("other", 0.5, 0.01), MeasureTarget("pi", "raspberry-pi-5"))
    found = store.find()
    store.close()
    rows = {row.split()[5]: row for row in table(found, 2).splitlines()[1:]}
    assert rows["vela"].endswith(CLAIM)
    assert CLAIM not in rows["onnxruntime"]
    assert for_fit(found).splitlines()[1:] == ["net.py:Net,500,x=1x3x32x32"]
    compiled = next(one for one in found if one.job.runner == "vela")
    assert f"{CLAIM}  192.4 µs" in card(compiled)
    assert "measured" not in card(compiled)
    assert_editor(file, found)


def assert_editor(file: Path, found: list[Measurement]) -> None:
    model = ModelView(
        "Net", "class", "", Place(str(file), 15, 6, 15, 9), "Net", 1, complete=True, unknown=(),
        inputs=(("x", (1, 3, 32, 32), "float32"),), expression="Net()", files=(str(file),),
    )  # fmt: skip
    known = Measurements(lambda _: None, str.encode)
    known.load(one for one in found if one.job.runner == "vela")
    assert known.of(model) == []
    assert measured_line(known.of(model)) == ""
    assert compiled_line(known.estimates(model)) == f"{CLAIM} 192 µs on npu"
    shown = model_card(model, 0, known)
    assert f"- {CLAIM} 192 µs (96.2K cycles) on npu, vela int8; 1 operators stay" in shown
    assert "measured" not in shown


# --- asking for it --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "vela compiles for Ethos-U, and local has no profile"),
        (("--device", "raspberry-pi-5"), "raspberry-pi-5 has the profile raspberry-pi-5"),
        (("--device", "ethos-u55-128", "--fail-if-slower", "5"), "nothing runs with vela"),
        (("--device", "ethos-u55-128", "--compare-to", "HEAD"), "nothing runs with vela"),
        (("--device", "ethos-u55-128", "--dtype", "float32"), "goes with --dtype int8 alone"),
    ],
)
def test_what_cannot_be_asked_for(
    words: tuple[str, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(SAMPLES)
    with pytest.raises(SystemExit) as stop:
        main(["measure", "net.py:Net", "--runner", "vela", "--python", sys.executable, *words])
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


def test_a_profile_will_do_and_so_does_a_target_with_the_runner(tmp_path: Path):
    where = find_destination("ethos-u55-128", tmp_path, compiled=True)
    assert (where.target.name, where.unit("vela", "cpu"), where.dtype("vela")) == (
        "ethos-u55-128", "ethos-u55-128", "int8",
    )  # fmt: skip
    (tmp_path / ".hwlint/profiles").mkdir(parents=True)
    (tmp_path / ".hwlint/profiles/board.toml").write_text(
        'name = "Board"\nextends = "ethos-u85-256"\n'
    )
    (tmp_path / "pyproject.toml").write_text(
        '[tool.hwlint.targets.npu]\nprofile = "board"\nrunner = "vela"\n'
    )
    assert find_destination("npu", tmp_path).unit("vela", "cpu") == "ethos-u85-256"


def test_what_is_missing_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    (tmp_path / "net.py").write_text(sample("net.py"))
    monkeypatch.chdir(tmp_path)
    words = ["measure", "net.py:Net", "--runner", "vela", "--device", "ethos-u55-128"]
    words += ["--no-store", "--input", INPUT]
    with pytest.raises(SystemExit) as stop:
        main([*words, "--python", sys.executable])
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert "executorch, tosa-tools, ethos-u-vela cannot be imported by" in said
    assert "-m pip install executorch tosa-tools ethos-u-vela" in said
