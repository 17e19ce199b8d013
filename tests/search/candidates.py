"""Candidates that are drawn by chance, and what torch makes of them."""

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hwlint.search.model import Candidate, Refusal, Value
from hwlint.search.space import SourceSpace

IN_TORCH = r"""
import importlib.util, json, sys
import torch

def outputs(value):
    if isinstance(value, torch.Tensor):
        return [list(value.shape)]
    values = value.values() if isinstance(value, dict) else value
    return [shape for each in values for shape in outputs(each)]

def ran(number, file, build, shape):
    spec = importlib.util.spec_from_file_location(f"candidate{number}", file)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = eval(build, vars(module)).eval()
    params = sum(p.numel() for p in model.parameters())
    with torch.no_grad():
        return {"params": params, "outputs": outputs(model(torch.zeros(shape)))}

torch.set_num_threads(1)
for number, (file, build, shape) in enumerate(json.load(sys.stdin)):
    try:
        said = ran(number, file, build, shape)
    except Exception as error:
        said = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(said))
"""


def drawn(space: SourceSpace, number: int, seed: int = 1) -> list[Candidate | Refusal]:
    """Return what becomes of choices that are drawn by chance, for a few points each time."""
    chance = random.Random(seed)
    made: list[Candidate | Refusal] = []
    for _ in range(number):
        chosen = chance.sample(space.points, chance.randint(1, min(6, len(space.points))))
        choices: dict[str, Value] = {
            point.name: chance.choice([v for v in point.values if v != point.present])
            for point in chosen
        }
        made.append(space.candidate(choices))
    return made


def text(candidate: Candidate | Refusal) -> str:
    """Return the one file that a candidate changes."""
    assert isinstance(candidate, Candidate), candidate
    (content,) = candidate.contents.values()
    return content.decode()


def differ_in_torch(
    accepted: Sequence[Candidate], folder: Path, shape: tuple[int, ...], outputs: list[list[int]]
) -> list[object]:
    """Return the choices of those candidates that torch does not run as they were read."""
    jobs: list[tuple[Path, str, tuple[int, ...]]] = []
    for number, candidate in enumerate(accepted):
        file = folder / f"candidate_{number}.py"
        file.write_text(text(candidate), encoding="utf-8")
        jobs.append((file, "Net()", shape))
    made = zip(accepted, run_in_torch(jobs), strict=True)
    return [c.choices for c, one in made if one != {"params": c.facts.params, "outputs": outputs}]


def run_in_torch(jobs: Sequence[tuple[Path, str, tuple[int, ...]]]) -> list[dict[str, Any]]:
    """Import each file in one child process, build what it says and call it."""
    given = json.dumps([(str(file), build, shape) for file, build, shape in jobs])
    command = [sys.executable, "-W", "ignore", "-c", IN_TORCH]
    ran = subprocess.run(
        command, check=False, input=given, capture_output=True, text=True, timeout=240
    )
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]
