"""Modules whose times on a GPU are foretold by its profile, and how well they are."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from _common import ROOT, table
from _estimated import MODULES, read, row

from hwlint.cost import Accuracy, Amounts, Sample, accuracy, cross_validated, estimate, fit_flops
from hwlint.profile import Profile

BATCHES = (1, 32)
FOLDER = ROOT / "benchmarks" / "estimate_models"
EAGER = """\
extends = ["{device}", "_eager"]
name = "{device}, one kernel an operator"
"""
"""The profile of a GPU is one of torch.compile; this one is of torch as it comes."""


class Module(NamedTuple):
    """One module with one batch."""

    file: str
    name: str
    shape: tuple[int, ...]

    @property
    def key(self) -> str:
        """Return its name in the files."""
        return f"{self.file}.{self.name} {self.shape[0]}"


class Foretold(NamedTuple):
    """What is known of one module without running it."""

    compiled_s: float
    eager_s: float
    flops: float


def modules() -> list[Module]:
    """Return all modules, the larger batch first: there the GPU has something to do."""
    return [
        Module(file, name, (batch if batch > 1 else shape[0], *shape[1:]))
        for batch in reversed(BATCHES)
        for file, members in MODULES.items()
        for name, shape in members.items()
    ]


def jobs(*, compiled: bool, seconds: float) -> list[dict[str, object]]:
    """Return what `_gpu_alone.py` is asked for."""
    return [
        {
            "key": one.key,
            "file": str(FOLDER / f"{one.file}.py"),
            "build": f"{one.name}()",
            "inputs": [(one.shape, 0)],
            "dtype": "bfloat16",
            "compile": compiled,
            "seconds": seconds,
        }
        for one in modules()
    ]


def foretold(profile: Profile, eager: Profile) -> dict[str, Foretold]:
    """Estimate every module that is read in full."""
    found: dict[str, Foretold] = {}
    for one in modules():
        graph = read(FOLDER, one.file, one.name, one.shape)
        guesses = [estimate(graph, each, "bf16") for each in (profile, eager)]
        macs = graph.flow.macs if graph.flow is not None else None
        if guesses[0] is not None and guesses[1] is not None and macs is not None:
            found[one.key] = Foretold(guesses[0].seconds, guesses[1].seconds, 2.0 * macs)
    return found


def write_eager(root: Path, device: str) -> None:
    """Write the profile of a GPU without a compiler."""
    folder = root / ".hwlint" / "profiles"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "eager.toml").write_text(EAGER.format(device=device))


def judged(
    timed: Sequence[Mapping[str, object]],
    known: Mapping[str, Foretold],
    rate: float | None,
    *,
    compiled: bool,
) -> Iterator[dict[str, object]]:
    """Score the estimates of each batch, and of both, by both ways of timing, with FLOPs beside.
    `rate`: FLOPs in a second that the profile says are reached."""
    for clock in ("waited_s", "in_a_row_s"):
        for batches in ((1,), (32,), (1, 32)):
            rows = [
                (known[str(t["key"])], float(str(t[clock])))
                for t in timed
                if clock in t and t["key"] in known and _batch(str(t["key"])) in batches
            ]
            if len(rows) < 3:
                continue
            truth = [1e3 * seconds for _, seconds in rows]
            ours = [1e3 * (k.compiled_s if compiled else k.eager_s) for k, _ in rows]
            flops = [k.flops for k, _ in rows]
            samples = [
                Sample(Amounts(f, 0.0, 1), f, ms) for f, ms in zip(flops, truth, strict=True)
            ]
            scores = {
                "hwlint, the profile as it stands": accuracy(ours, truth),
                "FLOPs over what the profile says is reached": accuracy(
                    [1e3 * f / (rate or 1.0) for f in flops], truth
                ),
                "FLOPs, a line through the other modules": cross_validated(samples, fit_flops),
            }
            for what, score in scores.items():
                yield {
                    "clock": clock.removesuffix("_s").replace("_", " "),
                    "batch": " and ".join(map(str, batches)),
                    "modules": len(rows),
                    "score": score._asdict(),
                    **row(what, Accuracy(*score)),
                }


def _batch(key: str) -> int:
    return 32 if key.endswith(" 32") else 1


def each(
    timed: Sequence[Mapping[str, object]], known: Mapping[str, Foretold], *, compiled: bool
) -> str:
    """Return the table of the modules."""
    rows = [
        {
            "module": t["key"],
            "waited ms": 1e3 * float(str(t["waited_s"])),
            "in a row ms": 1e3 * float(str(t["in_a_row_s"])),
            "estimate ms": 1e3 * (k.compiled_s if compiled else k.eager_s),
        }
        for t in timed
        if "waited_s" in t and (k := known.get(str(t["key"]))) is not None
    ]
    return table(rows) if rows else "Nothing was timed."
