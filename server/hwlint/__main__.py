"""`python -m hwlint`."""

import sys

if not sys.flags.safe_path and sys.path:
    sys.path.pop(0)  # the current folder may hold a click.py: it is read, never run

from hwlint.cli import main

main()
