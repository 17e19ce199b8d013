"""Pairs of operations around the tiles of a GPU, and what hwlint says of each unrun."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from _common import hwlint, printed
from _estimated import read

from hwlint.cost import estimate
from hwlint.profile import Profile

CODES = ("HW101", "HW102", "HW103", "HW104")
TOLD = 0.02
"""A pair whose time per multiply-accumulate differs by less is alike."""
DTYPES = {"bfloat16": "bf16", "float16": "fp16"}
ROWS = 8192
BACKENDS = ("", "flash", "cudnn")
"""Of attention: what torch chooses, and two that are asked for."""


class Variant(NamedTuple):
    """One operation as it is timed, and as source."""

    name: str
    operation: Mapping[str, object]
    inputs: tuple[tuple[int, ...], ...]
    body: str
    """Of the class that has it alone, for the estimate."""
    forward: str
    macs: float
    hint: str = ""
    """The class that rules see, where it is another one."""

    @property
    def key(self) -> str:
        """Return the name of its class."""
        return "P" + "".join(c if c.isalnum() else "_" for c in self.name)


class Pair(NamedTuple):
    """One that does not fit a tile beside one that does."""

    what: str
    beside: Variant
    fits: Variant


def linear(name: str, rows: int, ins: int, outs: int, *, vocabulary: bool = False) -> Variant:
    """Return a linear layer."""
    whole = (
        f"# hwlint: input(8, {rows // 8})\n"
        "    def __init__(self):\n        super().__init__()\n"
        f"        self.embedding = nn.Embedding({outs}, {ins})\n"
        f"        self.op = nn.Linear({ins}, {outs})\n\n"
        "    def forward(self, x):\n        return self.op(self.embedding(x))\n"
    )
    return Variant(
        name,
        {"kind": "linear", "rows": rows, "in": ins, "out": outs},
        ((rows, ins),),
        f"nn.Linear({ins}, {outs})",
        "x",
        float(rows) * ins * outs,
        whole if vocabulary else "",
    )


def heads(size: int) -> Variant:
    """Return attention with heads of one size; rules see the layer that it is part of."""
    batch, count, length = 8, 16, 2048
    width = count * size
    whole = (
        f"# hwlint: input({batch}, {length}, {width})\n"
        "    def __init__(self):\n        super().__init__()\n"
        f"        self.op = nn.MultiheadAttention({width}, {count}, batch_first=True)\n\n"
        "    def forward(self, x):\n        return self.op(x, x, x, need_weights=False)[0]\n"
    )
    return Variant(
        f"heads of {size}",
        {"kind": "attention", "shape": (batch, count, length, size)},
        ((batch, count, length, size),) * 3,
        "",
        "q, k, v",
        2.0 * batch * count * length * length * size,
        whole,
    )


def conv(ins: int, outs: int, size: int, kernel: int, stride: int, *, nhwc: bool) -> Variant:
    """Return a convolution of 32 images."""
    layout = "NHWC" if nhwc else "NCHW"
    shape = (32, ins, size, size)
    return Variant(
        f"conv {ins}->{outs} {layout}",
        {
            "kind": "conv",
            "shape": shape,
            "out": outs,
            "kernel": kernel,
            "stride": stride,
            "nhwc": nhwc,
        },
        (shape,),
        f"nn.Conv2d({ins}, {outs}, {kernel}, {stride}, {kernel // 2})",
        "x",
        32.0 * ins * outs * kernel**2 * (size // stride) ** 2,
    )


def pairs() -> list[Pair]:
    """Return all pairs."""
    vocabulary = [linear(f"vocabulary {n}", ROWS, 768, n, vocabulary=True) for n in (50257, 50304)]
    square = {n: linear(f"linear {n}", 4096, n, n) for n in (4095, 4096, 4104)}
    features = {n: linear(f"linear {n}", ROWS, n, n) for n in (1000, 1001, 1024)}
    size = {n: heads(n) for n in (96, 100, 104, 128)}
    found = [
        Pair("vocabulary", *vocabulary),
        Pair("features", features[1000], features[1024]),
        Pair("features, odd", features[1001], features[1024]),
        Pair("features, odd", square[4095], square[4096]),
        Pair("features, multiple of 8", square[4104], square[4096]),
        Pair("heads", size[100], size[96]),
        Pair("heads", size[100], size[104]),
        Pair("heads", size[100], size[128]),
        Pair("heads", size[96], size[128]),
    ]
    for nhwc in (False, True):
        few, many = (conv(n, n, 56, 3, 1, nhwc=nhwc) for n in (60, 64))
        found.append(Pair("channels", few, many))
        few, many = (conv(n, 64, 224, 7, 2, nhwc=nhwc) for n in (3, 8))
        found.append(Pair("first channels", few, many))
    odd, even = (conv(n, n, 56, 3, 1, nhwc=True) for n in (63, 64))
    found.append(Pair("channels, odd", odd, even))
    return found


def variants() -> list[Variant]:
    """Return each operation of the pairs once."""
    return list({v.key: v for pair in pairs() for v in (pair.beside, pair.fits)}.values())


def jobs() -> list[dict[str, object]]:
    """Return what `_gpu_pairs.py` is asked for."""
    return [
        {"key": v.key, "dtype": dtype, "operation": v.operation, "backend": backend}
        for v in variants()
        for dtype in DTYPES
        for backend in (BACKENDS if v.operation["kind"] == "attention" else ("",))
    ]


def said(folder: Path, device: str, profile: Profile) -> dict[str, dict[str, object]]:
    """Return the rules that report each operation, and its estimated seconds in each format."""
    (folder / "pyproject.toml").write_text("[tool.hwlint]\n")
    (folder / "alone.py").write_text(_source(variants(), alone=True))
    (folder / "seen.py").write_text(_source(variants(), alone=False))
    words = ("check", folder / "seen.py", "--device", device, "--dtype", "bf16")
    options = ("--output-format", "json", "--no-cache", "--exit-zero", "--root", folder)
    found = json.loads(printed(hwlint(*words, *options)))["findings"]
    lines = (folder / "seen.py").read_text().splitlines()
    codes: dict[str, set[str]] = {}
    for finding in found:
        if finding["code"] in CODES:
            codes.setdefault(class_at(lines, finding["line"]), set()).add(finding["code"])
    told: dict[str, dict[str, object]] = {}
    for variant in variants():
        graph = read(folder, "alone", variant.key, *variant.inputs)
        seconds = {dtype: estimate(graph, profile, short) for dtype, short in DTYPES.items()}
        told[variant.key] = {
            "codes": sorted(codes.get(variant.key, ())),
            "estimate_s": {d: one.seconds if one else None for d, one in seconds.items()},
        }
    return told


def _source(every: Sequence[Variant], *, alone: bool) -> str:
    parts = ["from torch import nn\n"]
    for variant in every:
        if variant.hint and not alone:
            parts.append(f"\n\nclass {variant.key}(nn.Module):\n    {variant.hint}")
            continue
        if variant.body:
            hint = ", ".join(map(str, variant.inputs[0]))
            text = (
                f"    # hwlint: input({hint})\n"
                "    def __init__(self):\n        super().__init__()\n"
                f"        self.op = {variant.body}\n\n"
                f"    def forward(self, {variant.forward}):\n"
                f"        return self.op({variant.forward})\n"
            )
        else:
            text = (
                f"    def forward(self, {variant.forward}):\n"
                f"        return nn.functional.scaled_dot_product_attention({variant.forward})\n"
            )
        parts.append(f"\n\nclass {variant.key}(nn.Module):\n{text}")
    return "".join(parts)


def class_at(lines: Sequence[str], number: int) -> str:
    """Return the name of the class that a line, from 1, stands in."""
    above = (line for line in reversed(lines[:number]) if line.startswith("class "))
    return next(above).split()[1].partition("(")[0]


def compared(
    timed: Sequence[Mapping[str, object]], told: Mapping[str, Mapping[str, object]]
) -> Iterator[dict[str, object]]:
    """Hold what was measured of each pair against what was said of it."""
    taken = {(t["key"], t["dtype"], t["backend"]): t for t in timed if "median_us" in t}
    for pair in pairs():
        for dtype in DTYPES:
            for backend in BACKENDS:
                sides = [taken.get((v.key, dtype, backend)) for v in (pair.beside, pair.fits)]
                if sides[0] is not None and sides[1] is not None:
                    yield _compared(pair, dtype, backend, sides[0], sides[1], told)


def _compared(
    pair: Pair,
    dtype: str,
    backend: str,
    beside: Mapping[str, object],
    fits: Mapping[str, object],
    told: Mapping[str, Mapping[str, object]],
) -> dict[str, object]:
    share = pair.beside.macs / pair.fits.macs
    ratio = float(str(beside["median_us"])) / float(str(fits["median_us"]))
    guess = [told[v.key]["estimate_s"] for v in (pair.beside, pair.fits)]
    seconds = [one.get(dtype) if isinstance(one, dict) else None for one in guess]
    foretold = seconds[0] / seconds[1] if seconds[0] and seconds[1] else None
    codes = [told[v.key]["codes"] for v in (pair.beside, pair.fits)]
    return {
        "pair": f"{pair.what}: {pair.beside.name} / {pair.fits.name}",
        "dtype": DTYPES[dtype],
        "backend": backend,
        "us": f"{beside['median_us']:.1f} / {fits['median_us']:.1f}",
        "time": ratio,
        "per MAC": ratio / share,
        "estimate, time": foretold,
        "estimate, per MAC": foretold / share if foretold else None,
        "reported": " ".join(str(c) for c in codes[0]) if isinstance(codes[0], list) else "",
        "reported, fitting": " ".join(codes[1]) if isinstance(codes[1], list) else "",
        "verdict": _verdict(bool(codes[0]), ratio / share),
        "kernels": [beside["kernel"], fits["kernel"]],
    }


def _verdict(reported: bool, per_mac: float) -> str:
    """Say whether what is reported is slower by its work, and what is not is not."""
    slower = per_mac > 1 + TOLD
    if reported:
        return "agrees" if slower else "contradicts"
    return "silent, slower" if slower else "agrees"
