"""A program of the user's that measures: for adb, a serial flasher, a vendor's cloud.

The contract is in docs/targets.md: it is given the file of the model and says as JSON what it took.
"""

import json
import math
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from statistics import median, quantiles
from typing import cast

from attrs import frozen

from hwlint.measure.job import (
    JOB_FILE,
    MODEL_FILE,
    Failure,
    Job,
    Limits,
    OperatorTime,
    Result,
    load_job,
)
from hwlint.measure.transports.base import Cancelled, Progress
from hwlint.measure.transports.local import Ended, failure_of, keep
from hwlint.profile.errors import did_you_mean

__all__ = ["Command", "wrong_template"]

ANSWER_FILE = "answer.json"
_NUMBERS = (
    "median_s",
    "iqr_s",
    "p10_s",
    "p90_s",
    "compile_s",
    "peak_bytes",
    "energy_j",
)
_KEYS = (*_NUMBERS, "samples", "operators", "environment", "notes", "failure")
_PLACES = ("model", "job", "folder", "result")
_PLACE = re.compile(r"\{(\w+)\}")
_SHOWN = 200


@frozen
class Command:
    """Runs jobs by a program."""

    template: str
    """Words as a shell splits them; `{model}`, `{job}`, `{folder}` and `{result}` are files."""

    def run(
        self,
        job_folder: Path,
        runner: Path,  # noqa: ARG002 - the program is the runner
        *,
        cancelled: Cancelled,
        progress: Progress,
    ) -> Result:
        """Run a job; see `Transport.run`."""
        job = load_job(job_folder)
        if not (job_folder / MODEL_FILE).exists():
            message = "a program measures one ONNX model at a time, none in turns with another"
            return Result(job.key, failure=Failure("setup", message))
        answer = job_folder / ANSWER_FILE
        answer.unlink(missing_ok=True)
        words = self._words(job_folder, answer)
        progress(f"running {Path(words[0]).name}")
        ended = keep(words, job_folder, job.limits, cancelled=cancelled, progress=progress)
        name = Path(words[0]).name
        if ended.why != "exit" or ended.code != 0:
            return Result(job.key, failure=_ended(name, job_folder, ended, job.limits))
        try:
            return _result(job, _answer(answer, ended.output))
        except ValueError as problem:
            message = f"what {name} answers is no result: {problem}"
            advice = "docs/targets.md says what it has to be"
            return Result(job.key, failure=Failure("device", message, "", advice, ended.output))

    def _words(self, folder: Path, answer: Path) -> list[str]:
        places = {
            "model": folder / MODEL_FILE,
            "job": folder / JOB_FILE,
            "folder": folder,
            "result": answer,
        }
        first, *rest = shlex.split(self.template)
        words = [str(Path(first).expanduser()), *rest]
        return [_PLACE.sub(lambda found: str(places[found[1]]), word) for word in words]


def wrong_template(template: str) -> str:
    """Say what is wrong with a template; "" where nothing is."""
    try:
        words = shlex.split(template)
    except ValueError as problem:
        return f"cannot be split into words: {problem}"
    if not words:
        return "a program is needed"
    named = _PLACE.findall(template)
    unknown = [name for name in named if name not in _PLACES]
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in _PLACES)
        return f"{{{unknown[0]}}} is none of {known}{did_you_mean(unknown[0], _PLACES)}"
    if not {"model", "job", "folder"} & set(named):
        return "{model} is missing: the program has to be told which model to measure"
    return ""


def _ended(name: str, folder: Path, ended: Ended, limits: Limits) -> Failure:
    found = failure_of(folder, ended, limits)
    if found.kind == "exited":
        last = _last_line(ended.output)
        message = f"{name} ended with exit code {ended.code}: {last}".rstrip(": ")
        return Failure("device", message, output=found.output)
    if found.kind in ("setup", "crashed", "timeout", "memory"):
        return Failure(found.kind, f"{name}: {found.message}", "", found.advice, found.output)
    return found


def _answer(file: Path, output: str) -> Mapping[str, object]:
    """Return the object that the program wrote: into its file, or as the last line like one."""
    if file.exists():
        text = file.read_text(encoding="utf-8", errors="replace")
    else:
        lines = [line.strip() for line in output.splitlines()]
        found = [line for line in lines if line.startswith("{")]
        if not found:
            raise ValueError(f"no line of its output is JSON; the last is: {_last_line(output)}")
        text = found[-1]
    try:
        document: object = json.loads(text)
    except ValueError as problem:
        raise ValueError(f"{problem} in {text.strip()[:_SHOWN]}") from None
    if not isinstance(document, dict):
        raise ValueError(f"an object is needed, not {text.strip()[:_SHOWN]}")
    return cast("Mapping[str, object]", document)


def _result(job: Job, answer: Mapping[str, object]) -> Result:
    for key in answer:
        if key not in _KEYS:
            raise ValueError(f'unknown key "{key}"{did_you_mean(key, _KEYS)}')
    if "failure" in answer:
        return Result(job.key, failure=Failure("device", " ".join(str(answer["failure"]).split())))
    samples = _samples(answer.get("samples", []))
    told = {key: _number(key, answer[key]) for key in _NUMBERS if answer.get(key) is not None}
    if "median_s" not in told and not samples:
        raise ValueError('it needs "median_s", or "samples"')
    numbers = _statistics(samples) | told
    peak = numbers.get("peak_bytes")
    return Result(
        job.key,
        median_s=numbers["median_s"],
        iqr_s=numbers.get("iqr_s"),
        p10_s=numbers.get("p10_s"),
        p90_s=numbers.get("p90_s"),
        samples=samples,
        compile_s=numbers.get("compile_s"),
        peak_bytes=None if peak is None else round(peak),
        energy_j=numbers.get("energy_j"),
        environment=_texts(answer.get("environment", {})),
        operators=_operators(answer.get("operators", [])),
        notes=tuple(str(note) for note in _list("notes", answer.get("notes", []))),
    )


def _statistics(samples: tuple[float, ...]) -> dict[str, float]:
    if not samples:
        return {}
    found = {"median_s": median(samples)}
    if len(samples) > 1:
        first, _, third = quantiles(samples, n=4, method="inclusive")
        tenths = quantiles(samples, n=10, method="inclusive")
        found |= {"iqr_s": third - first, "p10_s": tenths[0], "p90_s": tenths[-1]}
    return found


def _number(key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f'"{key}" must be a number, not {json.dumps(value)[:_SHOWN]}')
    zero = key not in ("median_s", "samples")
    if not math.isfinite(value) or value < 0 or (value == 0 and not zero):
        raise ValueError(f'"{key}" must be {"0 or more" if zero else "above 0"}, not {value}')
    return float(value)


def _samples(value: object) -> tuple[float, ...]:
    return tuple(_number("samples", each) for each in _list("samples", value))


def _list(key: str, value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError(f'"{key}" must be a list')
    return cast("list[object]", value)


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError('"environment" must be an object')
    return {str(key): str(text) for key, text in cast("dict[object, object]", value).items()}


def _operators(value: object) -> tuple[OperatorTime, ...]:
    found: list[OperatorTime] = []
    for each in _list("operators", value):
        if not isinstance(each, dict):
            raise ValueError('"operators" must be a list of objects')
        keys = cast("dict[str, object]", each)
        if "name" not in keys or "seconds" not in keys:
            raise ValueError('an operator needs "name" and "seconds"')
        seconds = _number("seconds", keys["seconds"])
        node = str(keys.get("node", ""))
        found.append(OperatorTime(str(keys["name"]), str(keys.get("module", "")), seconds, 1, node))
    return tuple(found)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:_SHOWN] if lines else ""
