"""Where the time of a layer steps with its channels, on devices whose profile says how."""

from dataclasses import dataclass, replace

from hwlint.api import Layer, Reading
from hwlint_rules._dimensions import Dimension

__all__ = ["Step", "Steps"]

_BACK = 4
"""Tiles below a number of channels in which a cheaper one is looked for."""


@dataclass(frozen=True, slots=True)
class Step:
    """A number of channels and a smaller one, between which the time jumps."""

    value: int
    before: int
    """The last full tile below the step."""
    times: float
    """The layer's time by its time with `before` channels."""

    @property
    def waste(self) -> float:
        """Share of the time beyond what the channels would take at the price of those before."""
        return 1 - self.value / self.before / self.times


class Steps:
    """The steps below the dimensions of one reading."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        limits = reading.profile.reporting
        self._least = limits.step_layer_share if limits is not None else None
        self._found: dict[tuple[Layer, str], Step | None] = {}

    def passes(self, dim: Dimension) -> bool:
        """Whether a dimension is to be looked at: it fills its tile, or what it misses costs
        something. A tile that only the estimate can judge counts only where there is one."""
        if not dim.misses or not self._priced(dim):
            return dim.tile.effect != "priced"
        return self.of(dim) is not None

    def of(self, dim: Dimension) -> Step | None:
        """Return the nearest step below a dimension that is worth a line; None where there is
        none, or where that is not known."""
        key = dim.layer, dim.operand
        if key not in self._found:
            self._found[key] = self._search(dim) if self._priced(dim) else None
        return self._found[key]

    def stepped(self, dim: Dimension) -> Dimension:
        """Return a dimension with the channels from step to step of its layer's time, where only
        the estimate can judge its tile and these are more than the tile has."""
        step = self.of(dim) if dim.tile.effect == "priced" and dim.misses else None
        if step is None:
            return dim
        last = self._last(dim, step)
        between = last - step.before
        return replace(dim, step=between) if last % between == 0 else dim

    def _last(self, dim: Dimension, step: Step) -> int:
        """The next full tile with which a channel costs no more than before the step. Where there
        is none, up to which the time hardly grows."""
        size, limit = dim.tile.minimum, self._least or 0.0
        for last in range(dim.padded, dim.padded + _BACK * size, size):
            time = self._time(dim, last)
            if time and time * step.times / last <= (1 + limit) / step.before:
                return last
        return self._level(dim)

    def _level(self, dim: Dimension) -> int:
        """The last full tile before the next step: up to there the time hardly grows."""
        size, last, limit = dim.tile.minimum, dim.padded, self._least or 0.0
        while last < dim.padded + _BACK * size:
            now, then = self._time(dim, last), self._time(dim, last + size)
            if not now or not then or then / now - 1 > limit * size / last:
                break
            last += size
        return last

    def _priced(self, dim: Dimension) -> bool:
        return self._least is not None and self._time(dim, dim.value) is not None

    def _search(self, dim: Dimension) -> Step | None:
        size = dim.tile.minimum
        last = dim.value // size
        for tiles in range(last, max(0, last - _BACK), -1):
            time = self._time(dim, tiles * size)
            step = Step(dim.value, tiles * size, 1 / time) if time else None
            if step is not None and self._least is not None and step.waste >= self._least:
                return step
        return None

    def _time(self, dim: Dimension, channels: int) -> float | None:
        """The time with so many channels by the time now."""
        known = self._reading.estimate
        if known is None or dim.groups > 1:
            return None
        ins, outs = (channels, None) if dim.operand == "in" else (None, channels)
        return known.resized(dim.layer, ins, outs)
