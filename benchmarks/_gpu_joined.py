"""Records of a GPU as one: the raw results beside the profiles, and the report that is written from
them."""

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from _common import table
from _gpu_foretold import Clock, Foretold, judged

from hwlint.profile import available_profiles

LEFT_OUT = (
    "samples", "lines", "operators", "environment", "build", "host_lines", "findings",
    "rows", "pairs", "scores", "place",
)  # fmt: skip
"""What would make the file large, and what follows from the rest and stands in the report."""
MADE = ("command", "hwlint", "commit", "python", "cores", "machine")
LONGEST = 36
"""Letters of what a kernel is called that are kept."""
TITLE = """\
# One GPU

Written by `python benchmarks/gpu.py --join A B` from the records of two runs, which are kept in
profiles/hwlint_profiles/data/measured/. Each part has its command and commit."""
WORDS: Mapping[str, str] = {
    "tiles": """\
Single layers, eager. A layer alone is the first and the last of its model, where the rules leave
most widths alone; the part middle has them where models have them. Head sizes and vocabularies are
reported wherever they are.""",
    "estimates": "Eager: estimated with a profile that extends this one by `_eager`.",
    "middle": """\
The classes of `benchmarks/_gpu_middle.py`, as hwlint reads them. Times are those of the model
recorded as a CUDA graph, the cache overwritten before each run: the kernels and the gaps between
them, without the host. `per MAC`: divided by how the multiply-accumulates of the two compare; above
1.02 the first is slower than its work says.""",
    "compiled-32": """\
The estimate of the profile is meant for torch.compile in its default mode, where the host starts
kernels one by one: `dispatch.kernel_us` each. It is held against `compiled, waited` and `compiled,
in a row`. What is recorded as a CUDA graph is held against the same profile with
`dispatch.graph_kernel_us` in its place. `kernels`: those that torch's profiler saw, with copies and
memsets, and those of the estimate.""",
    "without the host": """\
The estimate as it stands, `dispatch.kernel_us` for each kernel, held against what the GPU takes for
what torch.compile makes where no host is in its way: recorded as a CUDA graph.""",
}
"""What one should know of a part."""


def joined(folders: Sequence[Path], device: str, kept: Path, out: Path) -> None:
    """Write the parts of all records into one file, each with its command and commit, and the
    report. Of a part that is in several the later one is kept, and none that failed or found
    nothing."""
    parts: dict[str, Any] = {}
    for folder in folders:
        record = json.loads((folder / "gpu.json").read_text())
        whole = {"command": record["command"], **record["environment"]}
        made = {key: whole[key] for key in MADE}
        for name, text in _sections((folder / "gpu.md").read_text()).items():
            part = record["parts"].get(name)
            if not part or "failed" in part or not part.get("timed", part.get("rows", True)):
                continue
            title = "gpu, the later run" if name == "gpu" and name in parts else name
            short = _short(part)
            parts[title] = {"made": made, **short, "report": list(map(_narrow, text.splitlines()))}
    if extra := _without_host(parts, device):
        parts["without the host"] = {"made": parts["compiled-1"]["made"], "report": extra}
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text("\n".join(_lines(parts)) + "\n")
    out.mkdir(parents=True, exist_ok=True)
    (out / "gpu.md").write_text(report(json.loads(kept.read_text())))


def report(parts: Mapping[str, Any]) -> str:
    """Return the report of what is kept."""
    texts = [TITLE]
    for title, part in parts.items():
        made = part["made"]
        ran = f"`{made['command']}`: commit {made['commit']}, Python {made['python']}, "
        ran += f"{made['cores']} cores."
        words = [WORDS[title]] if title in WORDS else []
        texts.append("\n\n".join([f"## {title}", ran, *words, "\n".join(_wide(part["report"]))]))
    return "\n\n".join(texts) + "\n"


def _lines(parts: Mapping[str, Any]) -> Iterator[str]:
    """Write JSON with a line for each entry of what a part has."""
    yield "{"
    for name, part in parts.items():
        yield f"{json.dumps(name)}: {{"
        for key, value in part.items():
            last = "" if key == list(part)[-1] else ","
            if isinstance(value, list) and value:
                yield f" {json.dumps(key)}: ["
                yield ",\n".join(f"  {json.dumps(each)}" for each in value)
                yield f" ]{last}"
            else:
                yield f" {json.dumps(key)}: {json.dumps(value)}{last}"
        yield "}" if name == list(parts)[-1] else "},"
    yield "}"


def _sections(text: str) -> dict[str, str]:
    parts = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def _without_host(parts: Mapping[str, Any], device: str) -> list[str]:
    both = [parts[name] for name in ("compiled-32", "compiled-1") if name in parts]
    timed = [one for part in both for one in part["timed"]]
    known = {key: Foretold(**one) for part in both for key, one in part["estimates"].items()}
    clock = Clock("compiled, a CUDA graph", ("compiled", "alone_us"), "compiled", 1e-6)
    rate = available_profiles()[device].achievable_ops("bf16")
    rows = [
        {key: value for key, value in row.items() if key != "score"}
        for row in judged(timed, known, rate, (clock,))
    ]
    return list(map(_narrow, table(rows).splitlines())) if rows else []


def _narrow(line: str) -> str:
    """Take out of a line of a table what pads it."""
    return re.sub("--+", "-", re.sub("  +", " ", line)) if line.startswith("|") else line


def _wide(lines: Sequence[str]) -> Iterator[str]:
    """Pad the tables again."""
    for is_table, group in itertools.groupby(lines, lambda line: line.startswith("|")):
        if not is_table:
            yield from group
            continue
        cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in group]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for row in cells:
            fill = "-" if set("".join(row)) == {"-"} else " "
            yield f"| {' | '.join(c.ljust(w, fill) for c, w in zip(row, widths, strict=True))} |"


def _short(value: Any) -> Any:
    """Leave entries out, wherever they are, and digits and letters that say nothing."""
    if isinstance(value, dict):
        return {
            k: [_kernel(name) for name in each]
            if k == "kernels" and isinstance(each, list)
            else _short(each)
            for k, each in value.items()
            if k not in LEFT_OUT
        }
    if isinstance(value, list):
        return [_short(each) for each in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def _kernel(text: str) -> str:
    """Shorten a name that is followed by microseconds."""
    name, _, taken = text.rpartition(" ")
    return f"{name[:LONGEST]} {taken}"
