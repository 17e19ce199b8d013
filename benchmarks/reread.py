"""Time how a model is read again after an edit, against plainly parsing the same file.

    python benchmarks/reread.py [--site DIR] [--rounds 10]

One reader stays, as it does behind an editor. For each case one digit is changed inside a class and
changed back; the time is that of taking over the new text and reading one context anew, forward
included. Times are of the processor, in one process; the parse is `libcst.parse_module` of the
same text, timed in the same run.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import libcst
from _common import fetch, record, table

from hwlint.reader import Reader, ReadOptions
from hwlint.reader.forward.inputs import ForwardOptions
from hwlint.source import lay_over

CASES = (
    ("torchvision", "models/resnet.py", "resnet50", "self.inplanes = 64", "6"),
    ("timm", "models/resnet.py", "resnet50", "inplanes, kernel_size=7", "9"),
    ("timm", "models/vision_transformer.py", "vit_base_patch16_224", "num_prefix_tokens = 1", "2"),
    ("transformers", "models/bert/modeling_bert.py", "BertModel", "attention_head_size**-0.5", "6"),
)
"""Library, file, entry point, a stretch of a constructor, what its last digit is changed to."""


def time_one(site: Path, case: tuple[str, ...], rounds: int) -> dict[str, object]:
    """Measure one case; ends the program where the edit does not fit the file."""
    library, name, entry, stretch, digit = case
    path = str(site / library / name)
    text = Path(path).read_text(encoding="utf-8")
    if stretch not in text:
        sys.exit(f"{name} has no {stretch!r}")
    texts = (text.replace(stretch, stretch[:-1] + digit, 1).encode(), text.encode())
    reader = Reader(ReadOptions(site, (site,), forward=ForwardOptions()))
    first = _seconds(lambda: reader.read_place(path, entry))
    again: list[float] = []
    kept: list[bool] = []
    for number in range(2 * rounds):
        lay_over(path, texts[number % 2])
        start = time.process_time()
        kept.append(reader.update(path))
        found = reader.read_place(path, entry)
        again.append(time.process_time() - start)
        if not kept[-1] or not found.graphs:
            sys.exit(f"{name}: the edit could not be taken over")
    lay_over(path, None)
    parse = statistics.median(_seconds(lambda: libcst.parse_module(text)) for _ in range(5))
    ordered = sorted(again)
    return {
        "file": f"{library}/{name}",
        "entry point": entry,
        "parse ms": 1000 * parse,
        "cold ms": 1000 * first,
        "re-read p50 ms": 1000 * statistics.median(again),
        "re-read p95 ms": 1000 * ordered[int(0.95 * (len(ordered) - 1))],
        "p50 / parse": statistics.median(again) / parse,
    }


def _seconds(what: Callable[[], object]) -> float:
    start = time.process_time()
    what()
    return time.process_time() - start


def main() -> None:
    """Measure all cases and write the record."""
    parser = argparse.ArgumentParser(description="Time how a model is read again after an edit.")
    parser.add_argument("--site", type=Path, help="unpacked packages; else they are downloaded")
    parser.add_argument("--rounds", type=int, default=10, help="edits there and back")
    given = parser.parse_args()
    site = fetch(sorted({case[0] for case in CASES}), given.site)
    rows = [time_one(site, case, given.rounds) for case in CASES]
    text = table(rows)
    print(text)
    record("reread", {"rows": rows}, "Reading a model again after an edit", text)


if __name__ == "__main__":
    main()
