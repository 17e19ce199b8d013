"""Small modules on Ethos-U, read from source, beside what Arm's compiler says of them."""

import json
from pathlib import Path

import pytest

from hwlint.cost import estimate
from hwlint.profile import discover_profiles
from hwlint.reader import ForwardOptions, InputSpec, Reader, ReadOptions

FIGURES = Path(__file__).parents[2] / "benchmarks" / "results" / "ethos_u" / "fit.json"
PROFILES = discover_profiles(("hwlint_profiles",))
CASES = {
    case["name"]: case
    for case in json.loads(FIGURES.read_text())["cases"]
    if case["kind"] in ("small module", "grouped", "pool", "activation", "addition")
}


OTHERWISE = {"avgpool1": 0.5}
"""Cut into other blocks on the U55 than the compiler does; there also the weights are taken to be
compressed as usual."""


@pytest.mark.parametrize("name", CASES)
def test_cycles_and_memory_are_the_compiler_s(name: str, tmp_path: Path):
    case = CASES[name]
    (tmp_path / "net.py").write_text(case["source"])
    inputs = tuple(InputSpec("", tuple(shape)) for shape, _ in case["inputs"])
    options = ReadOptions(tmp_path, (tmp_path,), forward=ForwardOptions(inputs))
    (graph,) = Reader(options).read_place(str(tmp_path / "net.py"), "Net").graphs
    for device, error in (("ethos-u55-128", OTHERWISE.get(name, 0.15)), ("ethos-u85-256", 0.02)):
        profile, told = PROFILES[device], case["results"][device]
        found = estimate(graph, profile, "int8")
        assert found is not None
        assert profile.core is not None
        cycles = found.seconds * (profile.core.clock_mhz or 0) * 1e6
        assert cycles == pytest.approx(told["cycles"], rel=error)
        assert (found.peak_bytes or 0) / 1024 == pytest.approx(told["sram_kib"], rel=0.1)
