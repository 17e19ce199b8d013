"""The command line. Start-up is part of every keystroke-fast check: only click is imported here."""

from hwlint.cli.main import hwlint, main

__all__ = ["hwlint", "main"]
