"""Modules whose times on a GPU are foretold by its profile, and how well they are."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from _common import ROOT, table
from _estimated import MODULES, read, row

from hwlint.cost import Accuracy, Amounts, Sample, accuracy, cross_validated, estimate, fit_flops
from hwlint.profile import Profile, available_profiles

BATCHES = (1, 32)
FOLDER = ROOT / "benchmarks" / "estimate_models"
GRAPH = """
[dispatch]
kernel_us = {graph_us}
evidence = "estimate"
source = "graph_kernel_us of {device}"
"""
PROFILES: Mapping[str, str] = {
    "eager": 'extends = ["{device}", "_eager"]\nname = "{device}, one kernel an operator"\n',
    "compiled-graph": 'extends = "{device}"\nname = "{device}, one CUDA graph"\n' + GRAPH,
    "eager-graph": 'extends = ["{device}", "_eager"]\nname = "{device}, a graph"\n' + GRAPH,
}
"""The profile of a GPU is one of torch.compile that starts its kernels one by one; these are of
torch as it comes, and of both with their kernels recorded as one CUDA graph."""


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

    seconds: Mapping[str, float]
    """By the runtime: "compiled", and those of `PROFILES`."""
    kernels: Mapping[str, int]
    flops: float


class Clock(NamedTuple):
    """One way of timing, and which estimate is meant for it."""

    name: str
    at: tuple[str, ...]
    """Where it stands in what `_gpu_alone.py` or `_gpu_runtimes.py` prints."""
    runtime: str
    scale: float = 1.0
    """Seconds that are 1 there."""

    def taken(self, found: Mapping[str, Any]) -> float | None:
        """Return the seconds."""
        for name in self.at:
            if name not in found:
                return None
            found = found[name]
        return self.scale * float(str(found))


ONE_BY_ONE = (
    Clock("waited", ("waited_s",), "eager"),
    Clock("in a row", ("in_a_row_s",), "eager"),
)
BOTH = (
    Clock("compiled, waited", ("compiled", "waited_s"), "compiled"),
    Clock("compiled, in a row", ("compiled", "in_a_row_s"), "compiled"),
    Clock("reduce-overhead, waited", ("reduce-overhead", "waited_s"), "compiled-graph"),
    Clock("compiled, a CUDA graph", ("compiled", "alone_us"), "compiled-graph", 1e-6),
    Clock("eager, a CUDA graph", ("eager", "alone_us"), "eager-graph", 1e-6),
)


def modules() -> list[Module]:
    """Return all modules, the larger batch first: there the GPU has something to do."""
    return [
        Module(file, name, (batch if batch > 1 else shape[0], *shape[1:]))
        for batch in reversed(BATCHES)
        for file, members in MODULES.items()
        for name, shape in members.items()
    ]


def jobs(seconds: float, batches: Sequence[int] = BATCHES) -> list[dict[str, object]]:
    """Return what `_gpu_alone.py` and `_gpu_runtimes.py` are asked for."""
    return [
        {
            "key": one.key,
            "file": str(FOLDER / f"{one.file}.py"),
            "build": f"{one.name}()",
            "inputs": [(one.shape, 0)],
            "dtype": "bfloat16",
            "compile": False,
            "seconds": seconds,
        }
        for one in modules()
        if _batch(one.key) in batches
    ]


def foretold(profiles: Mapping[str, Profile]) -> dict[str, Foretold]:
    """Estimate every module that is read in full. `profiles`: by the runtime."""
    found: dict[str, Foretold] = {}
    for one in modules():
        graph = read(FOLDER, one.file, one.name, one.shape)
        guesses = {name: estimate(graph, each, "bf16") for name, each in profiles.items()}
        known = {name: guess for name, guess in guesses.items() if guess is not None}
        macs = graph.flow.macs if graph.flow is not None else None
        if len(known) == len(profiles) and macs is not None:
            seconds = {name: guess.seconds for name, guess in known.items()}
            kernels = {name: len(guess.kernels) for name, guess in known.items()}
            found[one.key] = Foretold(seconds, kernels, 2.0 * macs)
    return found


def runtimes(root: Path, device: str) -> dict[str, Profile]:
    """Return the profile of a GPU and those of other runtimes there, which are written below a
    folder."""
    known = available_profiles()[device]
    graph_us = known.dispatch.graph_kernel_us if known.dispatch is not None else None
    folder = root / ".hwlint" / "profiles"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in PROFILES.items():
        words = text.format(device=device, graph_us=graph_us or 0.0)
        (folder / f"{name}.toml").write_text(words)
    found = available_profiles(root)
    return {"compiled": found[device], **{name: found[name] for name in PROFILES}}


def judged(
    timed: Sequence[Mapping[str, object]],
    known: Mapping[str, Foretold],
    rate: float | None,
    clocks: Sequence[Clock],
) -> Iterator[dict[str, object]]:
    """Score the estimates of each batch, and of both, by both ways of timing, with FLOPs beside.
    `rate`: FLOPs in a second that the profile says are reached."""
    for clock in clocks:
        for batches in ((1,), (32,), (1, 32)):
            rows = [
                (known[str(t["key"])], seconds)
                for t in timed
                if (seconds := clock.taken(t)) is not None
                and t["key"] in known
                and _batch(str(t["key"])) in batches
            ]
            if len(rows) < 3:
                continue
            truth = [1e3 * seconds for _, seconds in rows]
            ours = [1e3 * k.seconds[clock.runtime] for k, _ in rows]
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
                    "clock": clock.name,
                    "batch": " and ".join(map(str, batches)),
                    "modules": len(rows),
                    "score": score._asdict(),
                    **row(what, Accuracy(*score)),
                }


def _batch(key: str) -> int:
    return 32 if key.endswith(" 32") else 1


def each(
    timed: Sequence[Mapping[str, Any]], known: Mapping[str, Foretold], clocks: Sequence[Clock]
) -> str:
    """Return the table of the modules."""
    rows: list[dict[str, object]] = []
    for found in timed:
        guess = known.get(str(found["key"]))
        times = {clock: clock.taken(found) for clock in clocks}
        if guess is None or not any(times.values()):
            continue
        row: dict[str, object] = {"module": found["key"]}
        for clock, seconds in times.items():
            row[f"{clock.name} ms"] = 1e3 * seconds if seconds is not None else None
            row[f"{clock.runtime} estimate ms"] = 1e3 * guess.seconds[clock.runtime]
        for runtime in ("compiled", "eager"):
            count = found.get(runtime, {}).get("kernels")
            if count is not None:
                row[f"{runtime} kernels, estimate"] = f"{count}, {guess.kernels[runtime]}"
        rows.append(row)
    return table(rows) if rows else "Nothing was timed."
