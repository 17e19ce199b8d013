"""Whether a model still fits together when one literal of its source becomes another number."""

from dataclasses import dataclass

from hwlint.api import POINTWISE, Argument, Layer, Links, Place, Step
from hwlint_rules._origins import evaluate, is_whole
from hwlint_rules._text import number, widths

__all__ = ["agrees"]

_MOVED = frozenset(
    ("permute", "transpose", "flatten", "squeeze", "unsqueeze", "mean", "sum", "amax", "contiguous")
)
"""Functions after which an axis may stand elsewhere, and is as wide as before."""
_KEPT = frozenset(
    (
        *("max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d"),
        *("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"),
        *("adaptive_max_pool1d", "adaptive_max_pool2d", "interpolate", "pad", "softmax"),
    )
)
"""Functions that leave the number of channels alone."""
_NORMS = {
    "batch_norm": ("num_features", 1),
    "instance_norm": ("num_features", 1),
    "group_norm": ("num_channels", 1),
}
"""Norms by their function: what says how wide they are, and on which axis."""


@dataclass(frozen=True, slots=True)
class _Width:
    """An axis of a tensor that is another number then; `then` None: not known how wide."""

    axis: int
    then: int | None


_LOST = _Width(0, None)


def agrees(links: Links | None, place: Place, value: int) -> bool:
    """Return whether all that runs still fits together with `value` at `place`, and every sum adds
    up what it does now. False where that is not known: the model was not followed to its end, a
    width went through what mixes axes, or another layer is as wide by chance."""
    if links is None:
        return False
    try:
        _Following(links, place, value).run()
    except _Doubtful:
        return False
    return True


class _Doubtful(Exception):
    """The model is not known to fit together."""


class _Following:
    """Follows the axes that change through a run."""

    def __init__(self, links: Links, place: Place, value: int) -> None:
        self._links = links
        self._place = place
        self._value = value
        self._known: dict[int, _Width] = {}
        self._args: dict[int, int | None] = {}

    def run(self) -> None:
        """Go through the run; raise where something does not fit, or is not known to."""
        for step in self._links.by_number.values():
            made = self._made(step)
            if made is None:
                continue
            for value in step.made:
                self._known[value] = made

    def _made(self, step: Step) -> _Width | None:
        layer = step.layer
        if layer is not None and (ends := widths(layer)) is not None:
            return self._product(step, layer, ends)
        if layer is not None and step.name in _NORMS:
            return self._norm(step, *_NORMS[step.name], layer)
        if layer is not None and self._changes(layer):
            raise _Doubtful
        given = [self._known.get(value) for value in step.taken]
        changed = [width for width in given if width is not None]
        if not changed:
            return None
        if step.name == "cat":
            return self._joined(step, given)
        if any(width.then is None for width in changed):
            return _LOST
        if step.name in POINTWISE and not _has_slopes(step):
            return self._alike(step, given, changed)
        if step.name in _KEPT or step.name in _MOVED:
            return _moved(step, changed[0], keep=step.name in _KEPT)
        if step.layer is not None or _has_weights(step):
            raise _Doubtful
        return _LOST

    def _product(self, step: Step, layer: Layer, ends: tuple[Argument, Argument]) -> _Width | None:
        """A convolution or a linear layer takes what its own argument says."""
        into, out = (self._then(argument) for argument in ends)
        axis = _last(step) if step.name == "linear" else 1
        self._fits(step, axis, into, number(ends[0]))
        groups = layer.args.get("groups")
        split = self._then(groups) if groups is not None else 1
        if into is None or out is None or not split or into % split or out % split:
            raise _Doubtful
        return _Width(axis, out) if out != number(ends[1]) else None

    def _norm(self, step: Step, name: str, axis: int, layer: Layer) -> _Width | None:
        features = layer.args.get(name)
        wide = self._then(features) if features is not None else None
        self._fits(step, axis, wide, number(features))
        groups = layer.args.get("num_groups")
        split = self._then(groups) if groups is not None else 1
        if wide is None or not split or wide % split:
            raise _Doubtful
        return _Width(axis, wide) if wide != number(features) else None

    def _fits(self, step: Step, axis: int, wanted: int | None, now: int | None) -> None:
        """Raise unless the first input is as wide as what takes it."""
        given = self._known.get(step.taken[0]) if step.taken else None
        comes = now if given is None else given.then
        if wanted is None or comes != wanted or (given is not None and given.axis != axis):
            raise _Doubtful

    def _then(self, argument: Argument) -> int | None:
        """What an argument is then."""
        key = id(argument)
        if key not in self._args:
            self._args[key] = self._worked_out(argument)
        return self._args[key]

    def _worked_out(self, argument: Argument) -> int | None:
        """Return what an argument is then; None where what it is made of is not known to the end:
        the literal may be in it."""
        origin = argument.origin
        if origin is None:
            return number(argument) if argument.default else None
        if not is_whole(origin):
            return None
        if all(leaf.place != self._place for leaf in origin.leaves()):
            return number(argument)
        return evaluate(origin, {self._place}, self._value)

    def _changes(self, layer: Layer) -> bool:
        """Whether any argument of a layer is made of the literal."""
        return any(
            leaf.place == self._place
            for argument in layer.args.values()
            if argument.origin is not None
            for leaf in argument.origin.leaves()
        )

    def _alike(self, step: Step, given: list[_Width | None], changed: list[_Width]) -> _Width:
        """What is worked on item by item: all of one width, or one that is spread out."""
        first = changed[0]
        made = _shape(step)
        if any(width != first for width in changed) or made is None:
            raise _Doubtful
        from_end = len(made) - first.axis
        for index, width in enumerate(given):
            if width is not None:
                continue
            tensor = step.tensor(index)
            shape = tensor.shape if tensor is not None else None
            if shape is None or (len(shape) >= from_end and shape[-from_end] != 1):
                raise _Doubtful  # a sum of what gets wider and what does not
        return first

    def _joined(self, step: Step, given: list[_Width | None]) -> _Width:
        """Tensors put together: along the axis that changes the widths add up."""
        made = _shape(step)
        axes = {width.axis for width in given if width is not None}
        if made is None or len(axes) != 1 or any(w is not None and w.then is None for w in given):
            return _LOST
        axis = axes.pop()
        now = [_side(step, index, axis) for index in range(len(given))]
        then = [w.then if w is not None else n for w, n in zip(given, now, strict=True)]
        known = [side for side in then if side is not None]
        if None in now or len(known) != len(then):
            return _LOST
        if sum(side or 0 for side in now) == made[axis]:
            return _Width(axis, sum(known))
        if len(set(known)) != 1:
            raise _Doubtful
        return _Width(axis, known[0])


def _shape(step: Step) -> tuple[int | None, ...] | None:
    made = step.result
    return made.shape if made is not None else None


def _side(step: Step, index: int, axis: int) -> int | None:
    tensor = step.tensor(index)
    shape = tensor.shape if tensor is not None else None
    return shape[axis] if shape is not None and axis < len(shape) else None


def _last(step: Step) -> int:
    made = _shape(step)
    return len(made) - 1 if made is not None else 0


def _has_weights(step: Step) -> bool:
    """Whether it works on a parameter: how wide that is then is not known."""
    inputs = (step.tensor(index) for index in range(len(step.operation.inputs)))
    return any(tensor is not None and tensor.kind == "parameter" for tensor in inputs)


def _has_slopes(step: Step) -> bool:
    """Whether it is a PReLU with a slope for each channel."""
    slopes = step.tensor(1) if step.name == "prelu" else None
    return slopes is not None and slopes.items != 1


def _moved(step: Step, width: _Width, *, keep: bool) -> _Width:
    """Return where an axis stands afterwards: it is told by its size, if nothing else has it."""
    made, taken = _shape(step), step.tensor()
    before = taken.shape if taken is not None else None
    if made is None or before is None or width.axis >= len(before):
        return _LOST
    size = before[width.axis]
    if keep:
        same = len(made) == len(before) and made[width.axis] == size
        return width if same else _LOST
    if size is None or before.count(size) != 1 or made.count(size) != 1:
        return _LOST
    return _Width(made.index(size), width.then)
