"""A monkey at the keyboard for a minute: see benchmarks/monkey.py for the ten."""

import importlib
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60 if os.environ.get("CI") else 10


async def test_a_monkey_finds_no_fault(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monkey = importlib.import_module("monkey")
    files = [*sorted((ROOT / "examples").rglob("*.py"))]
    files += sorted((ROOT / "tests" / "reader").rglob("models*.py"))
    outcome = await monkey.play(files, SECONDS, seed=1)
    assert outcome.faults == []
    asked = ("edit", "undo", "rename", "close", "configure", "cancelled", "report", "published")
    assert all(outcome.done[deed] for deed in asked), outcome.done
    # One request was waited for and one cancelled, and each had its answer.
    assert outcome.done["cancelled"] == outcome.done["cancel"]
