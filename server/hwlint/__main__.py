"""`python -m hwlint`."""

from hwlint.cli import main

main()
