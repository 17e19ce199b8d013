"""Entry points: the ways in which a workspace builds its models. One file a kind."""

from hwlint.reader.contexts.asked import configured, hinted
from hwlint.reader.contexts.candidates import Candidate, is_listed, is_public
from hwlint.reader.contexts.defaults import classes_of
from hwlint.reader.contexts.factories import factories_of
from hwlint.reader.contexts.runs import Runs
from hwlint.reader.contexts.scripts import Built, follow, is_program

__all__ = [
    "Built",
    "Candidate",
    "Runs",
    "classes_of",
    "configured",
    "factories_of",
    "follow",
    "hinted",
    "is_listed",
    "is_program",
    "is_public",
]
