"""What is measured, and what came of it: plain data that travels as JSON.

On disk a job is a folder: `job.json`, what its runner needs besides (`model.onnx` for the runners
of ONNX models), and afterwards `result.json`.
"""

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from attrs import field, frozen
from cattrs import Converter

__all__ = [
    "JOB_FILE",
    "MODEL_FILE",
    "RESULT_FILE",
    "Build",
    "Failure",
    "Input",
    "Job",
    "Limits",
    "Method",
    "OperatorTime",
    "Result",
    "RunnerName",
    "as_json",
    "load_job",
    "load_result",
    "parse_job",
    "parse_result",
    "save_job",
    "save_result",
    "write_json",
]

JOB_FILE = "job.json"
MODEL_FILE = "model.onnx"
RESULT_FILE = "result.json"

RunnerName = Literal["onnxruntime", "torch", "torch-compile", "vela"]


@frozen
class Input:
    """One tensor that the model is called with; filled with random numbers by the job's seed."""

    name: str
    """Keyword of forward; "" by position. For ONNX models the name of the graph's input."""
    shape: tuple[int, ...]
    dtype: str
    """Torch's name without the prefix: "float32", "int64"."""
    high: int | None = None
    """Whole numbers are drawn from 0 up to, not including, this; None: from 0 and 1."""


@frozen
class Build:
    """How the model is built from the user's own source."""

    file: str
    """Absolute path of the file that the expression is evaluated in."""
    module: str
    """Its name for the import: "pkg.net"."""
    roots: tuple[str, ...]
    """Folders that imports start from, first one first."""
    expression: str
    """Python that gives the model, with the names of the file: "Net(width=64)"."""
    submodule: str = ""
    """Qualified name of the part that is measured alone: "layer2.0"; "" for the whole."""
    submodule_inputs: tuple[Input, ...] = ()
    """What flows into the part as it was read; what really does counts where that can be seen."""


@frozen
class Limits:
    """What a job may take before it is ended."""

    seconds: float = 300.0
    """Wall time of everything, preparation included."""
    memory: int | None = None
    """Bytes that all its processes together may hold; None for no limit."""


@frozen
class Method:
    """How often it is run."""

    samples: int = 20
    """At least so many."""
    seconds: float = 0.2
    """Samples together take at least so long."""
    most_seconds: float = 5.0
    """No further sample is begun after so long; the same again bounds the warm-up."""
    stable: float = 0.02
    """Warm-up ends when three medians in a row lie within this share of each other."""


@frozen
class Job:
    """One thing to measure with one runner."""

    runner: RunnerName
    place: str
    """As the user named it: "net.py:Net#layer2.0"."""
    key: str
    """Hash of the content that is measured: sources or ONNX bytes, how it is built, inputs, runner,
    dtype, threads. Equal keys on one target are one measurement repeated."""
    inputs: tuple[Input, ...] = ()
    """Of the whole model, also where a part of it is measured."""
    context: str = ""
    """How the model is built, in words: "defaults", "train.py:88 with width=100"."""
    build: Build | None = None
    """None: the job brings its model.onnx along."""
    dtype: str = "float32"
    """What the model computes in: "float32", "bfloat16", "float16", "int8"."""
    seed: int = 0
    threads: int = 1
    """Threads of one operator; operators run one after the other."""
    device: str = "cpu"
    """"cpu" or "cuda"; for onnxruntime the short name of an execution provider: "cpu",
    "cuda", "tensorrt", "openvino", "qnn", "coreml"; for vela the NPU: "ethos-u55-128"."""
    operators: bool = True
    """Also say what each operator takes, in runs of their own."""
    commit: str = ""
    """Short hash of the commit of git that was checked out, with "+" where a file that was read is
    another one than in it; "" where that is not known. No part of the key."""

    @property
    def is_estimate(self) -> bool:
        """Nothing is run: the vendor's compiler says what it would take."""
        return self.runner == "vela"

    @property
    def claim(self) -> str:
        """Say in words what its result is."""
        return "vendor compiler estimate" if self.is_estimate else "measured"

    limits: Limits = Limits()
    method: Method = Method()


@frozen
class OperatorTime:
    """What one operator of the model takes, out of a profile: an account of where time goes, which
    costs time itself, so that these add up to more than the median."""

    name: str
    """The runtime's own: "Conv", "aten::convolution"."""
    module: str | None
    """Qualified name of the module that runs it; "" for the model itself, None where that is not
    known."""
    seconds: float
    """Of one run of the model, its median over some; all calls together."""
    calls: int = 1
    """In one run of the model."""
    node: str = ""
    """Name of the node in the model that was exported."""
    function: str = ""
    """Torch's name of what it is part of, where that is told: "mean" of a sum."""


@frozen
class Failure:
    """Why there is no measurement."""

    kind: str
    """For programs: "build", "forward", "export", "exited", "crashed", "memory", "timeout",
    "cancelled", "setup", "unreachable", "device", "noise", "internal"."""
    message: str
    """One line for people."""
    trace: str = ""
    """The user's own lines of the traceback."""
    advice: str = ""
    """What to try."""
    output: str = ""
    """The end of what the code wrote to standard output and error."""


@frozen
class Result:
    """What a job came to: either the numbers or a failure."""

    key: str
    median_s: float | None = None
    iqr_s: float | None = None
    """Between the first and the third quartile."""
    p10_s: float | None = None
    p90_s: float | None = None
    samples: tuple[float, ...] = ()
    """Seconds of single runs, or means of a block of runs where one is too short for the clock."""
    left_out: int = 0
    """Samples that do not count, for something else was at work on the same core."""
    runs_per_sample: int = 1
    warmup_runs: int = 0
    stable: bool = True
    """False: the warm-up ended by its cap."""
    pace_s: float | None = None
    """What a loop that does the same each time took at its best meanwhile: where it takes longer,
    something else had a part of the processor, and single numbers of such results do not
    compare."""
    compile_s: float | None = None
    """Compiling or loading, apart from running; None where there is none."""
    peak_bytes: int | None = None
    """The most memory that the process held while it ran, less what it held before the model was
    there."""
    energy_j: float | None = None
    """Of one run; None where the machine does not tell."""
    achieved_bandwidth: float | None = None
    """Bytes per second: what the model has to move, as it was read, over the median."""
    environment: Mapping[str, str] = field(factory=dict[str, str])
    """Versions, threads, processor, governor, clocks."""
    operators: tuple[OperatorTime, ...] = ()
    cycles: float | None = None
    """Of one run, where a compiler tells."""
    flash_bytes: int | None = None
    """Weights and commands as a compiler stores them."""
    on_host: tuple[OperatorTime, ...] = ()
    """Operators that a compiler leaves to the processor beside the accelerator; what they take is
    not known and in no other number."""
    notes: tuple[str, ...] = ()
    """What a reader of the numbers should know: a tolerance, an input that was not as read."""
    failure: Failure | None = None
    rival: "Result | None" = None
    """Of a comparison: the other one, measured in turns with this one."""

    @property
    def spread(self) -> float | None:
        """Interquartile range over median."""
        if self.iqr_s is None or not self.median_s:
            return None
        return self.iqr_s / self.median_s


@cache
def _converter() -> Converter:
    return Converter(omit_if_default=False, forbid_extra_keys=False)


def parse_job(text: str) -> Job:
    """Read a job; raises `ValueError` or cattrs' errors where the text is none."""
    return _converter().structure(json.loads(text), Job)


def parse_result(text: str) -> Result:
    """Read a result; raises `ValueError` or cattrs' errors where the text is none."""
    return _converter().structure(json.loads(text), Result)


def load_job(folder: Path) -> Job:
    """Read the job of a folder."""
    return parse_job((folder / JOB_FILE).read_text(encoding="utf-8"))


def load_result(folder: Path) -> Result | None:
    """Read the result of a folder; None where there is none yet."""
    try:
        return parse_result((folder / RESULT_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def save_job(job: Job, folder: Path) -> None:
    """Write `job.json`."""
    write_json(folder / JOB_FILE, _converter().unstructure(job))


def save_result(result: Result, folder: Path) -> None:
    """Write `result.json`."""
    write_json(folder / RESULT_FILE, _converter().unstructure(result))


def as_json(value: Job | Result) -> str:
    """Return the text that `parse_job` and `parse_result` read."""
    return json.dumps(_converter().unstructure(value))


def write_json(path: Path, document: object) -> None:
    """Write a file so that it is whole or not there."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    new.write_text(json.dumps(document), encoding="utf-8")
    new.replace(path)
