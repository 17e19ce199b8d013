"""What a search came to, as plain data for those who show it."""

from collections.abc import Mapping, Sequence
from typing import Literal

from attrs import field, frozen

from hwlint.measure.compare import Comparison
from hwlint.measure.job import RunnerName
from hwlint.search.loop import Ended
from hwlint.search.model import Candidate, Point
from hwlint.search.trial import Trial

__all__ = ["Confidence", "How", "Outcome", "Row", "how_by"]

Confidence = Literal["confirmed", "not confirmed", "measured once", "compiled"]
"""confirmed: measured again in turns with the original it is faster, and the middle halves of the
samples do not overlap. not confirmed: they do, or one of the two was unsteady, or it is slower.
compiled: the vendor's compiler estimates that it is faster, and nothing was run."""
How = Literal["measured", "compiled"]
"""Where the numbers of a candidate come from: a device, or the estimate of a vendor's compiler."""


def how_by(runner: RunnerName) -> How:
    """Say where a runner's numbers come from."""
    return "compiled" if runner == "vela" else "measured"


@frozen
class Row:
    """One candidate that is worth having."""

    trial: Trial
    candidate: Candidate
    comparison: Comparison | None = None
    """Measured again, in turns with the original; None: it was not."""
    scores: Mapping[str, float] = field(factory=dict[str, float])
    """Training-free ones: by how much the logarithm of each lies above the original's."""
    scored: str = ""
    """What the scores say together."""
    how: How = "measured"

    @property
    def confidence(self) -> Confidence:
        """What is known of whether it is faster."""
        if self.comparison is None:
            return "compiled" if self.how == "compiled" else "measured once"
        faster = not self.comparison.refused and self.comparison.ratio < 1
        return "confirmed" if faster else "not confirmed"


@frozen
class Outcome:
    """A search so far."""

    place: str
    device: str
    """The target's name."""
    profile: str
    """What its estimates were for."""
    runner: RunnerName
    dtype: str
    study: str
    points: Sequence[Point]
    original: Trial
    rows: Sequence[Row]
    """Candidates that are faster than the original and that no other one dominates, the fastest
    first."""
    trials: Sequence[Trial]
    ended: Ended
    evaluated: str = ""
    """The user's function; "" where nothing says what a candidate is worth."""
    bounds: Sequence[str] = ()
    inputs: Sequence[tuple[int | None, ...]] = ()
    """Shapes that the module is called with."""
    assumed: bool = False
    """Nobody gave these: they are hwlint's own default."""

    @property
    def how(self) -> How:
        """Where its numbers come from."""
        return how_by(self.runner)

    @property
    def found(self) -> bool:
        """Something is faster: confirmed, or, where nothing was measured again, measured once."""
        again = [row for row in self.rows if row.comparison is not None]
        return any(row.confidence == "confirmed" for row in again) if again else bool(self.rows)

    @property
    def label(self) -> str:
        """What a row's numbers are, and what they are not."""
        accuracy = f"evaluated by {self.evaluated}" if self.evaluated else "accuracy not evaluated"
        if self.how == "compiled":
            return f"latency is the vendor compiler's estimate, {accuracy}"
        return f"latency measured (median, IQR), {accuracy}"
