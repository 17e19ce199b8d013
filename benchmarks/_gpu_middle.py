"""Pairs of models that differ in one width in the middle, and what hwlint says of each unrun."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from _common import hwlint, printed
from _estimated import read
from _gpu_said import class_at

from hwlint.cost import estimate
from hwlint.profile import Profile

CODES = ("HW101", "HW102", "HW103", "HW104", "HW303", "HW304")
TOLD = 0.02
"""A pair whose time per multiply-accumulate differs by less is alike."""
DTYPES = {"bfloat16": "bf16", "float16": "fp16"}
RUNTIMES = ("eager", "compiled")
BATCH, ROWS, WIDTH = 8, 1024, 1024
"""Of what a perceptron is called with."""
IMAGES, CHANNELS, SIDE = 32, 64, 56

PERCEPTRON = """\
class {key}(nn.Module):
    # hwlint: input({batch}, {rows}, {width})
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear({width}, {n})
        self.act = nn.GELU()
        self.fc2 = nn.Linear({n}, {width})

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))
"""
CONVOLUTIONS = """\
class {key}(nn.Module):
    # hwlint: input({images}, {channels}, {side}, {side})
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d({channels}, {n}, 3, padding=1)
        self.conv2 = nn.Conv2d({n}, {n}, 3, padding=1)
        self.conv3 = nn.Conv2d({n}, {channels}, 3, padding=1)
        self.act = nn.ReLU()

    def forward(self, x):
        return self.conv3(self.act(self.conv2(self.act(self.conv1(x)))))
"""
VOCABULARY = """\
class {key}(nn.Module):
    # hwlint: input({batch}, {rows})
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding({n}, 768)
        self.norm = nn.LayerNorm(768)
        self.head = nn.Linear(768, {n}, bias=False)

    def forward(self, x):
        return self.head(self.norm(self.embedding(x)))
"""


PROJECTIONS = {
    "separate": """\
class {key}(nn.Module):
    # hwlint: input({batch}, {rows}, {width})
    def __init__(self):
        super().__init__()
        self.q = nn.Linear({width}, {width})
        self.k = nn.Linear({width}, {width})
        self.v = nn.Linear({width}, {width})

    def forward(self, x):
        return self.q(x), self.k(x), self.v(x)
""",
    "one": """\
class {key}(nn.Module):
    # hwlint: input({batch}, {rows}, {width})
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear({width}, 3 * {width})

    def forward(self, x):
        return self.qkv(x).chunk(3, -1)
""",
}
ATTENTION = """\
class {key}(nn.Module):
    # hwlint: input({batch}, {rows}, {width})
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear({width}, 3 * {width})
        self.out = nn.Linear({width}, {width})

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, 16, d // 16).permute(2, 0, 3, 1, 4)
{how}
        return self.out(x.transpose(1, 2).reshape(b, n, d))
"""
HOW = {
    "written out": (
        "        weights = ((q @ k.transpose(-2, -1)) * (d // 16) ** -0.5).softmax(-1)\n"
        "        x = weights @ v"
    ),
    "fused": "        x = nn.functional.scaled_dot_product_attention(q, k, v)",
}
SPARSE = """\
class {key}(nn.Module):
    # hwlint: input({batch}, {rows}, 4096)
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4096, 4096)
        self.act = nn.ReLU()
        self.fc2 = nn.Linear(4096, 4096)

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))
"""


class Variant(NamedTuple):
    """One model."""

    what: str
    n: int | str
    shape: tuple[int, ...]
    macs: float
    source: str
    """The class: what is timed, and what hwlint reads."""
    code: str = ""
    """Of the rule that may report it; "" where there is none."""
    high: int = 0
    """Below which number its input is; 0 where that is no index."""
    nhwc: bool = False
    two_four: bool = False

    @property
    def name(self) -> str:
        """Return how people call it."""
        return f"{self.what} {self.n}"

    @property
    def key(self) -> str:
        """Return the name of its class."""
        return _key(self.what, self.n)


def _key(what: str, n: int | str) -> str:
    return "".join(c for c in f"{what} {n}".title() if c.isalnum())


def _source(text: str, what: str, n: int | str, **more: object) -> str:
    return text.format(
        key=_key(what, n), n=n, batch=BATCH, rows=ROWS, width=WIDTH,
        images=IMAGES, channels=CHANNELS, side=SIDE, **more,
    )  # fmt: skip


def hidden(n: int) -> Variant:
    """Return a perceptron with a hidden layer of n."""
    macs = 2.0 * BATCH * ROWS * WIDTH * n
    source = _source(PERCEPTRON, "hidden", n)
    return Variant("hidden", n, (BATCH, ROWS, WIDTH), macs, source, "HW102")


def channels(n: int, *, nhwc: bool) -> Variant:
    """Return three convolutions, n channels between them."""
    what = f"channels {'NHWC' if nhwc else 'NCHW'}"
    macs = IMAGES * SIDE * SIDE * 9.0 * (2 * CHANNELS * n + n * n)
    shape = (IMAGES, CHANNELS, SIDE, SIDE)
    return Variant(what, n, shape, macs, _source(CONVOLUTIONS, what, n), "HW101", nhwc=nhwc)


def vocabulary(n: int) -> Variant:
    """Return an embedding of n words and the layer that scores them."""
    source, macs = _source(VOCABULARY, "vocabulary", n), 768.0 * BATCH * ROWS * n
    return Variant("vocabulary", n, (BATCH, ROWS), macs, source, "HW104", high=n)


def projections(how: str) -> Variant:
    """Return three linear layers of one input, or one that is three times as wide."""
    macs, source = 3.0 * BATCH * ROWS * WIDTH**2, _source(PROJECTIONS[how], "q, k, v", how)
    return Variant("q, k, v", how, (BATCH, ROWS, WIDTH), macs, source, "HW304")


def attention(how: str) -> Variant:
    """Return a layer of attention."""
    macs = BATCH * ROWS * (4.0 * WIDTH**2 + 2.0 * ROWS * WIDTH)
    source = _source(ATTENTION, "attention", how, how=HOW[how])
    return Variant("attention", how, (BATCH, ROWS, WIDTH), macs, source, "HW303")


def pruned(how: str) -> Variant:
    """Return a perceptron, its weights dense or two of four of them zeros that are left out."""
    macs, source = 2.0 * BATCH * ROWS * 4096**2, _source(SPARSE, "weights", how)
    shape = (BATCH, ROWS, 4096)
    return Variant("weights", how, shape, macs, source, two_four=how == "2 to 4")


def pairs() -> list[tuple[Variant, Variant]]:
    """Return one that does not fit beside one that does: the next that fits the smallest tile, as
    the rule advises, and the round number nearby; then other choices, the slower one first."""
    found = [
        (hidden(a), hidden(b))
        for a, b in (
            (4095, 4096), (4098, 4104), (4098, 4096), (4100, 4104), (4100, 4096), (4104, 4096),
            (1001, 1008), (1001, 1024), (1000, 1024), (1008, 1024),
        )
    ]  # fmt: skip
    for nhwc in (True, False):
        found += [(channels(n, nhwc=nhwc), channels(64, nhwc=nhwc)) for n in (60, 62, 63)]
    nchw, last = (channels(64, nhwc=nhwc)._replace(code="") for nhwc in (False, True))
    found += [
        (nchw, last),
        (vocabulary(50257), vocabulary(50304)),
        *(
            (channels(a, nhwc=True), channels(b, nhwc=True))
            for a, b in ((100, 104), (100, 128), (104, 128))
        ),
        (projections("separate"), projections("one")),
        (attention("written out"), attention("fused")),
        (pruned("dense"), pruned("2 to 4")),
    ]
    return found


SHORT = {"hidden 4095", "channels NHWC 63", "vocabulary 50257"}
"""The pairs that are also timed in fp16."""


def variants() -> list[Variant]:
    """Return each model once."""
    return list({v.name: v for pair in pairs() for v in pair}.values())


def jobs(file: Path) -> list[dict[str, object]]:
    """Return what `_gpu_runtimes.py` is asked for. `file`: where `write` has put the classes."""
    short = [v for a, b in pairs() if a.name in SHORT for v in (a, b)]
    asked = [(v, "bfloat16") for v in variants()] + [(v, "float16") for v in short]
    return [
        {
            "key": v.name,
            "file": str(file),
            "build": f"{v.key}()",
            "inputs": [(v.shape, v.high)],
            "dtype": dtype,
            "nhwc": v.nhwc,
            "two_four": v.two_four,
            "flush": True,
        }
        for v, dtype in asked
    ]


def write(folder: Path) -> Path:
    """Write all classes into a file and return it."""
    (folder / "pyproject.toml").write_text("[tool.hwlint]\n")
    classes = {v.key: v.source for v in variants()}
    file = folder / "middle.py"
    file.write_text("\n\n".join(["from torch import nn\n", *classes.values()]))
    return file


def said(file: Path, device: str, profiles: Mapping[str, Profile]) -> dict[str, dict[str, object]]:
    """Return the rules that report each model, and its estimated seconds. `profiles`: those of the
    two runtimes."""
    words = ("check", file, "--device", device, "--dtype", "bf16", "--output-format", "json")
    options = ("--no-cache", "--exit-zero", "--root", file.parent)
    found = json.loads(printed(hwlint(*words, *options)))["findings"]
    lines = file.read_text().splitlines()
    codes: dict[str, set[str]] = {}
    for finding in found:
        if finding["code"] in CODES:
            codes.setdefault(class_at(lines, finding["line"]), set()).add(finding["code"])
    told: dict[str, dict[str, object]] = {}
    for one in variants():
        graph = read(file.parent, file.stem, one.key, one.shape)
        guesses = {name: estimate(graph, profile, "bf16") for name, profile in profiles.items()}
        told[one.name] = {
            "codes": sorted(codes.get(one.key, ())),
            "estimate_s": {name: g.seconds if g else None for name, g in guesses.items()},
        }
    return told


def compared(
    timed: Sequence[Mapping[str, object]], told: Mapping[str, Mapping[str, object]]
) -> Iterator[dict[str, object]]:
    """Hold what was measured of each pair against what was said of it."""
    taken = {(t["key"], t["dtype"]): t for t in timed}
    for beside, fits in pairs():
        for dtype, short in DTYPES.items():
            for runtime in RUNTIMES:
                sides = [_side(taken.get((v.name, dtype)), runtime) for v in (beside, fits)]
                if sides[0] and sides[1]:
                    start = {"pair": f"{beside.name} / {_other(beside, fits)}", "dtype": short}
                    yield start | _compared(beside, fits, runtime, sides, told)


def _other(beside: Variant, fits: Variant) -> str:
    return f"{fits.n}" if fits.what == beside.what else fits.name


def _side(found: Mapping[str, object] | None, runtime: str) -> Mapping[str, Any] | None:
    side = found.get(runtime) if found else None
    return side if isinstance(side, dict) and "alone_us" in side else None


def _compared(
    beside: Variant,
    fits: Variant,
    runtime: str,
    sides: Sequence[Mapping[str, Any] | None],
    told: Mapping[str, Mapping[str, object]],
) -> dict[str, object]:
    share = beside.macs / fits.macs
    times = [side["alone_us"] for side in sides if side]
    ratio = times[0] / times[1]
    guesses = [told[v.name]["estimate_s"] for v in (beside, fits)]
    seconds = [one.get(runtime) if isinstance(one, dict) else None for one in guesses]
    codes = [told[v.name]["codes"] for v in (beside, fits)]
    words = [" ".join(map(str, each)) if isinstance(each, list) else "" for each in codes]
    return {
        "runtime": runtime,
        "us": f"{times[0]:.1f} / {times[1]:.1f}",
        "kernels": " / ".join(f"{len(side.get('kernels', ()))}" for side in sides if side),
        "time": ratio,
        "per MAC": ratio / share,
        "estimate, time": seconds[0] / seconds[1] if seconds[0] and seconds[1] else None,
        "reported": words[0],
        "reported, other": words[1],
        "verdict": _verdict(bool(words[0]), ratio / share) if beside.code else "no rule",
    }


def _verdict(reported: bool, per_mac: float) -> str:
    """Say whether what is reported is slower by its work, and what is not is not."""
    slower = per_mac > 1 + TOLD
    if reported:
        return "agrees" if slower else "contradicts"
    return "silent, slower" if slower else "agrees"
