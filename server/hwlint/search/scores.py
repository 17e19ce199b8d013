"""Training-free scores of a candidate against the original: evidence, and no accuracy.

They rarely say more than the number of parameters does, and less where the hardware bounds the
choice (Li et al., "Zero-shot neural architecture search", arXiv:2307.01998): where they do not
agree on the direction, nothing is said.
"""

from collections.abc import Mapping
from typing import cast

from hwlint.measure.interpreters import Interpreter
from hwlint.measure.job import Failure, Job
from hwlint.measure.transports.base import Cancelled, Progress
from hwlint.search.evaluating import in_child

__all__ = ["Scores", "compared_scores", "said_of", "scores_of"]

Scores = Mapping[str, float | None]
_SAME = 0.01
"""Difference of logarithms within which a score counts as the same: a hundredth."""
_FEWEST = 2
"""Scores without which there is no agreement."""


def scores_of(
    job: Job, python: Interpreter, *, cancelled: Cancelled, progress: Progress
) -> Scores | str:
    """Return the scores' natural logarithms, or why there are none."""
    found = in_child(job, "score", {}, "scores.json", python, cancelled, progress)
    return found.message if isinstance(found, Failure) else cast("Scores", found)


def compared_scores(original: Scores, candidate: Scores) -> dict[str, float]:
    """Return by how much the logarithm of each score lies above the original's; those alone that
    both have."""
    pairs = {name: (original[name], candidate.get(name)) for name in original}
    return {n: new - old for n, (old, new) in pairs.items() if old is not None and new is not None}


def said_of(differences: Mapping[str, float]) -> str:
    """Say in words what scores come to together."""
    if len(differences) < _FEWEST:
        return ""
    listed = ", ".join(f"{name} {value:+.2f}" for name, value in differences.items())
    signs = {0 if abs(value) < _SAME else 1 if value > 0 else -1 for value in differences.values()}
    if len(signs) > 1:
        return f"training-free scores disagree, so nothing follows (log {listed})"
    word = {0: "the same as", 1: "more than", -1: "less than"}[signs.pop()]
    return f"training-free scores: {word} the original's (log {listed}); evidence, not accuracy"
