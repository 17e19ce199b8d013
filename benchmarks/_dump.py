"""A rule that says nothing and writes down each model that it is shown.

A plug-in like anybody's: it lets `hwlint check` itself be timed, and examined by what the very same
run read.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from hwlint.api import Finding, Reading, Rule
from hwlint.report.inspect_jsonl import JsonLines

TARGET = "HWLINT_DUMP"
BASE = "HWLINT_DUMP_BASE"


class WriteDown(Rule):
    """Write each model's records to a file of this process."""

    code = "ZZ001"
    name = "write-down"

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Append the records of one model; find nothing."""
        if reading.graph is not None:
            path = Path(os.environ[TARGET], f"{os.getpid()}.jsonl")
            with path.open("a", encoding="utf-8") as file:
                file.write(JsonLines(Path(os.environ[BASE]))(reading.graph))
        return ()


def install(folder: Path) -> None:
    """Make the rule findable from a folder on the import path, as an installed package is."""
    info = folder / "hwlint_dump-0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hwlint-dump\nVersion: 0\n")
    (info / "entry_points.txt").write_text("[hwlint.rules]\ndump = _dump\n")
