"""What a search came to, for programs."""

import json
from collections.abc import Iterator

from hwlint.measure.compare import Comparison
from hwlint.search.outcome import How, Outcome, Row
from hwlint.search.trial import Trial

__all__ = ["outcome_document", "outcome_json", "trial_document"]

_SCHEMA = 1


def outcome_json(outcome: Outcome) -> str:
    """Return the document as text."""
    return json.dumps(outcome_document(outcome), indent=2) + "\n"


def outcome_document(outcome: Outcome) -> dict[str, object]:
    """Return a search as what becomes JSON; seconds, bytes and joules throughout."""
    return {
        "schema": _SCHEMA,
        "place": outcome.place,
        "device": outcome.device,
        "profile": outcome.profile,
        "runner": outcome.runner,
        "dtype": outcome.dtype,
        "study": outcome.study,
        "how": outcome.how,
        "says": outcome.label,
        "inputs": [list(shape) for shape in outcome.inputs],
        "inputs_assumed": outcome.assumed,
        "bounds": list(outcome.bounds),
        "ended": outcome.ended,
        "points": [
            {
                "name": point.name,
                "kind": point.kind,
                "present": point.present,
                "values": list(point.values),
                "says": point.says,
            }
            for point in outcome.points
        ],
        "original": trial_document(outcome.original, outcome.how),
        "suggestions": [_row(row) for row in outcome.rows],
        "trials": [trial_document(trial, outcome.how) for trial in outcome.trials],
    }


def _row(row: Row) -> dict[str, object]:
    edits = [
        {
            "path": edit.place.path,
            "line": edit.place.line + 1,
            "column": edit.place.col + 1,
            "end_line": edit.place.end_line + 1,
            "end_column": edit.place.end_col + 1,
            "text": edit.text,
        }
        for edit in row.candidate.edits
    ]
    return {
        **trial_document(row.trial, row.how),
        "confidence": row.confidence,
        "again": _again(row.comparison),
        "scores": dict(row.scores),
        "scores_say": row.scored,
        "edits": edits,
    }


def _again(comparison: Comparison | None) -> dict[str, object] | None:
    if comparison is None:
        return None
    return {
        "ratio": comparison.ratio,
        "refused": comparison.refused,
        **dict(_side("original", comparison)),
        **dict(_side("candidate", comparison)),
    }


def _side(name: str, comparison: Comparison) -> Iterator[tuple[str, object]]:
    one = comparison.first if name == "original" else comparison.second
    yield name, {"median_s": one.median_s, "iqr_s": one.iqr_s, "samples": len(one.samples)}


def trial_document(trial: Trial, how: How) -> dict[str, object]:
    """Return one trial as what becomes JSON; `how` its numbers were come by."""
    facts = trial.facts
    return {
        "trial": trial.number,
        "state": how if trial.state == "measured" else trial.state,
        "why": trial.why,
        "choices": dict(trial.choices),
        "median_s": trial.median_s,
        "iqr_s": trial.iqr_s,
        "peak_bytes": trial.peak_bytes,
        "energy_j": trial.energy_j,
        "value": trial.value,
        "from_store": trial.known,
        "params": facts.params if facts is not None else None,
        "macs": facts.macs if facts is not None else None,
        "estimate_s": facts.estimate_s if facts is not None else None,
        "estimated_peak_bytes": facts.peak_bytes if facts is not None else None,
    }
