"""Fixes: edits that are coupled, made in memory, and proved by reading again."""

from hwlint.fix.bench import Bench, Interrupted
from hwlint.fix.working import fix_for

__all__ = ["Bench", "Interrupted", "fix_for"]
