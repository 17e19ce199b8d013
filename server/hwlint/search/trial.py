"""What came of one candidate, as the storage keeps it."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Literal

from attrs import field, frozen
from cattrs import Converter

from hwlint.measure.job import Result
from hwlint.search.model import Candidate, Facts, Value

__all__ = ["Observation", "State", "Trial", "load_trial", "observed", "save_trial"]

State = Literal["measured", "failed", "refused", "bounds", "seen", "estimate"]
"""measured: there are numbers. failed: measuring or evaluating it failed. refused: the source does
not read as a module like the original. bounds: it breaks one. seen: another trial has the same
text. estimate: another one is at least as good, as far as the estimate goes. The device's time went
into the first two, and into what was found to break a bound by what was measured."""


@frozen
class Observation:
    """What measuring a candidate came to."""

    result: Result
    value: float | None = None
    """What the evaluate function returned."""
    problem: str = ""
    """Why the evaluate function returned nothing."""
    known: bool = False
    """It was measured before: this is out of the store."""

    @property
    def failure(self) -> str:
        """Why it does not count, in one line; "" where it does."""
        failure = self.result.failure
        if failure is not None:
            advice = f" ({failure.advice})" if failure.advice else ""
            return f"{failure.kind}: {failure.message}{advice}"
        return self.problem


@frozen
class Trial:
    """One candidate that was tried."""

    number: int
    """In its study; -1 where it was not measured."""
    state: State
    choices: Mapping[str, Value]
    """What differs from the original."""
    content: str = ""
    """Hash of the files that differ."""
    why: str = ""
    """Why it was not measured, or what failed."""
    facts: Facts | None = None
    key: str = ""
    """Of its job, as in the store of measurements."""
    median_s: float | None = None
    iqr_s: float | None = None
    peak_bytes: int | None = None
    """As it was measured."""
    energy_j: float | None = None
    value: float | None = None
    known: bool = False
    environment: Mapping[str, str] = field(factory=dict[str, str])

    @property
    def took_time(self) -> bool:
        """The device was asked, or would have been but for what the store had."""
        return self.state in ("measured", "failed") or self.median_s is not None


def observed(number: int, candidate: Candidate, content: str, seen: Observation) -> Trial:
    """Return the trial of a candidate that was measured, or could not be."""
    result = seen.result
    return Trial(
        number=number,
        state="failed" if seen.failure or result.median_s is None else "measured",
        choices=candidate.choices,
        content=content,
        why=seen.failure,
        facts=candidate.facts,
        key=result.key,
        median_s=result.median_s,
        iqr_s=result.iqr_s,
        peak_bytes=result.peak_bytes,
        energy_j=result.energy_j,
        value=seen.value,
        known=seen.known,
        environment=result.environment,
    )


@cache
def _converter() -> Converter:
    converter = Converter(omit_if_default=True, forbid_extra_keys=False)
    # Numbers and names are JSON's own.
    converter.register_structure_hook(Value, lambda value, _: value)
    return converter


def save_trial(trial: Trial) -> str:
    """Return the text that `load_trial` reads."""
    return json.dumps(_converter().unstructure(trial))


def load_trial(text: str) -> Trial:
    """Read a trial; raises `ValueError` or cattrs' errors where the text is none."""
    return _converter().structure(json.loads(text), Trial)
