"""Entry points: the ways in which a workspace builds its models. One file a kind."""

from hwlint.reader.contexts.asked import configured, hinted, hinted_inputs, spelled_out
from hwlint.reader.contexts.candidates import Candidate, is_listed, is_public
from hwlint.reader.contexts.defaults import classes_of
from hwlint.reader.contexts.factories import factories_of
from hwlint.reader.contexts.runs import Runs
from hwlint.reader.contexts.scripts import Built, follow, is_program
from hwlint.reader.contexts.shown import is_test_file, shown_runs, shown_source
from hwlint.reader.contexts.trials import trials_of
from hwlint.reader.contexts.unbuilt import unbuilt_of
from hwlint.reader.contexts.usual import Usual, built_forms, classes_in
from hwlint.reader.signatures import missing_name

__all__ = [
    "Built",
    "Candidate",
    "Runs",
    "Usual",
    "built_forms",
    "classes_in",
    "classes_of",
    "configured",
    "factories_of",
    "follow",
    "hinted",
    "hinted_inputs",
    "is_listed",
    "is_program",
    "is_public",
    "is_test_file",
    "missing_name",
    "shown_runs",
    "shown_source",
    "spelled_out",
    "trials_of",
    "unbuilt_of",
]
