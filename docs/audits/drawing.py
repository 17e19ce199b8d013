"""What the audits share: run a check once and keep it, draw findings, show them to a judge."""

import json
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

Found = dict[str, Any]


def checked(root: Path, kept: Path, arguments: Sequence[str]) -> dict[str, Any]:
    """Return what `hwlint check` says of a folder; run it unless its result was kept."""
    if not kept.exists():
        command = [sys.executable, "-m", "hwlint", "check", str(root), "--root", str(root)]
        command += ["--output-format", "json", "--no-cache", "--exit-zero", *arguments]
        kept.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([*command, "--output-file", str(kept)], check=False)
        # 2: something could not be read; what was read is whole.
        if done.returncode not in (0, 2) or not kept.exists():
            kept.unlink(missing_ok=True)
            sys.exit(f"the check of {root} did not end well")
    return json.loads(kept.read_text())


def relative(path: str, site: Path) -> str:
    """Return a path below the folder that holds the libraries."""
    full, site = Path(path).resolve(), site.resolve()
    return full.relative_to(site).as_posix() if full.is_relative_to(site) else path


def drawn(findings: list[Found], seed: int, count: int) -> list[Found]:
    """Draw `count` findings; all where there are fewer."""
    if len(findings) <= count:
        return findings
    return random.Random(seed).sample(findings, count)


def drawn_evenly(findings: Iterable[Found], seed: int, count: int) -> list[Found]:
    """Draw `count` findings, from each rule as many as from any other while it has some."""
    chance = random.Random(seed)
    piles: dict[str, list[Found]] = defaultdict(list)
    for found in findings:
        piles[found["code"]].append(found)
    for code in sorted(piles):
        chance.shuffle(piles[code])
    chosen: list[Found] = []
    while len(chosen) < count and any(piles.values()):
        for code in sorted(piles):
            if piles[code] and len(chosen) < count:
                chosen.append(piles[code].pop())
    return sorted(chosen, key=lambda found: (found["code"], found["file"], found["line"]))


def excerpt(site: Path, file: str, line: int, around: int = 2) -> str:
    """Return the lines about a place, its own marked."""
    lines = (site / file).read_text(encoding="utf-8").splitlines()
    first = max(1, line - around)
    numbered = enumerate(lines[first - 1 : line + around], first)
    return "\n".join(f"  {'>' if at == line else ' '} {at:5} {text}" for at, text in numbered)
