"""What `tensor[index]` picks: a shape and the offsets of its items."""

from itertools import product
from typing import Any, TypeGuard, cast

from hwlint.reader.shapes import MAX_DATA, Shape, broadcast, is_sequence, size, spread
from hwlint.reader.values import ListValue, Tensor, Unknown, Value

__all__ = ["pick", "picks_view", "plain_index"]


class _Axis:
    """One dimension of the result: its length and how far each of its items lies from the first."""

    __slots__ = ("length", "moves")

    def __init__(self, length: int, moves: "range | list[int]") -> None:
        self.length = length
        self.moves = moves


class _Advanced:
    """Lists and tensors of indices, broadcast together."""

    def __init__(self) -> None:
        self.items: list[tuple[Shape, list[int], int]] = []
        self.position: int | None = None
        self.last: int | None = None
        self.split = False

    def add(self, shape: Shape, values: list[int], step: int, at: int, turn: int) -> None:
        if self.position is None:
            self.position = at
        elif self.last is not None and turn > self.last + 1:
            self.split = True
        self.last = turn
        self.items.append((shape, values, step))


def pick(value: Tensor, index: Value) -> "tuple[Shape, list[int] | None] | str | None":
    """Return (shape, offsets); a text for an IndexError; None where it is not known.

    Offsets are None where they are too many: the shape is known all the same.
    """
    assert value.shape is not None
    given = tuple(index) if is_sequence(index) and isinstance(index, tuple) else (index,)
    entries = _expand(given, len(value.shape))
    if entries is None:
        return None
    walk = _Walk(value.shape)
    turn = 0
    for entry in entries:
        problem = walk.take(entry, turn)
        if problem is not None:
            return problem or None
        turn += not isinstance(entry, int)
    if walk.advanced.items and value.kind == "ndarray" and turn < len(entries):
        return None  # numpy counts a number beside a list as a list
    return walk.result()


def _expand(index: tuple[Value, ...], rank: int) -> "list[Value] | None":
    """Replace `...` by full slices and add those that are left out."""
    used = 0
    for entry in index:
        if isinstance(entry, Tensor) and entry.dtype == "bool":
            if entry.shape is None:
                return None
            used += len(entry.shape)
        elif entry is not None and entry is not ...:
            used += 1
    if used > rank:
        return list(index) if ... not in _identities(index) else None
    full: list[Value] = [slice(None)] * (rank - used)
    out: list[Value] = []
    done = False
    for entry in index:
        if entry is ... and not done:
            out.extend(full)
            done = True
        elif entry is not ...:
            out.append(entry)
    return out if done else [*out, *full]


def _identities(index: tuple[Value, ...]) -> list[Any]:
    return [e for e in index if e is ...]


class _Walk:
    """Goes through an index, one dimension of the tensor after another."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.steps: list[int] = []
        step = 1
        for dim in reversed(shape):
            self.steps.insert(0, step)
            step *= dim
        self.dim = 0
        self.start = 0
        self.axes: list[_Axis] = []
        self.advanced = _Advanced()

    def take(self, entry: Value, turn: int) -> "str | None":
        """Use one entry. Returns None, "" for not known or the text of an IndexError."""
        if entry is None:
            self.axes.append(_Axis(1, [0]))
            return None
        if isinstance(entry, bool):
            return ""
        if self.dim >= len(self.shape):
            return "too many indices for tensor"
        if isinstance(entry, Tensor) and entry.shape == () and entry.dtype != "bool":
            if entry.data is None:
                return ""
            return self._number(int(entry.data[0]))
        if isinstance(entry, int):
            return self._number(int(entry))
        if _is_slice(entry):
            return self._slice([entry.start, entry.stop, entry.step])
        return self._many(entry, turn)

    def _number(self, index: int) -> "str | None":
        length = self.shape[self.dim]
        if not -length <= index < length:
            return f"index {index} is out of bounds for dimension {self.dim} with size {length}"
        self.start += index % length * self.steps[self.dim]
        self.dim += 1
        return None

    def _slice(self, given: list[Value]) -> "str | None":
        bounds = [_bound(b) for b in given]
        if any(b is not None and not isinstance(b, int) for b in bounds) or bounds[2] == 0:
            return ""
        length = self.shape[self.dim]
        start, stop, step = slice(*bounds).indices(length)
        chosen = range(start, stop, step)
        jump = self.steps[self.dim]
        moves = range(0, len(chosen) * step * jump, step * jump) if jump and chosen else range(0)
        self.start += start * jump if chosen else 0
        self.axes.append(_Axis(len(chosen), moves))
        self.dim += 1
        return None

    def _many(self, entry: Value, turn: int) -> "str | None":
        if isinstance(entry, Tensor) and entry.dtype == "bool":
            return self._mask(entry, turn)
        numbers = _numbers(entry)
        if numbers is None:
            return ""
        shape, values = numbers
        length = self.shape[self.dim]
        if any(not -length <= v < length for v in values):
            return f"index is out of bounds for dimension {self.dim} with size {length}"
        wrapped = [v % length for v in values]
        self.advanced.add(shape, wrapped, self.steps[self.dim], len(self.axes), turn)
        self.dim += 1
        return None

    def _mask(self, entry: Tensor, turn: int) -> "str | None":
        assert entry.shape is not None
        rank = len(entry.shape)
        if entry.data is None or self.shape[self.dim : self.dim + rank] != entry.shape or not rank:
            return ""
        step = self.steps[self.dim + rank - 1]
        chosen = [i for i, v in enumerate(entry.data) if v]
        self.advanced.add((len(chosen),), chosen, step, len(self.axes), turn)
        self.dim += rank
        return None

    def result(self) -> "tuple[Shape, list[int] | None] | None":
        """Return shape and offsets."""
        if self.advanced.items:
            axes = self._joined()
            if axes is None:
                return None
            self.axes, groups = axes
        else:
            groups = [(a.length,) for a in self.axes]
        shape = tuple([d for group in groups for d in group])
        total = 1
        for axis in self.axes:
            total *= len(axis.moves)
        if not 0 < total <= MAX_DATA:
            return shape, None if total else []
        start = self.start
        return shape, [start + sum(moves) for moves in product(*[a.moves for a in self.axes])]

    def _joined(self) -> "tuple[list[_Axis], list[Shape]] | None":
        items = self.advanced.items
        shape = broadcast(*[s for s, _, _ in items])
        if shape is None or size(shape) > MAX_DATA:
            return None
        moves = [0] * size(shape)
        for own, values, step in items:
            moves = [m + v * step for m, v in zip(moves, spread(values, own, shape), strict=True)]
        at = 0 if self.advanced.split else self.advanced.position or 0
        axes = [*self.axes[:at], _Axis(len(moves), moves), *self.axes[at:]]
        groups: list[Shape] = [(a.length,) for a in self.axes]
        return axes, [*groups[:at], shape, *groups[at:]]


def _is_slice(value: object) -> TypeGuard["slice[Any, Any, Any]"]:
    return isinstance(value, slice)


def _bound(value: Value) -> Any:
    if isinstance(value, Tensor) and value.data is not None and len(value.data) == 1:
        return value.data[0]
    return int(value) if isinstance(value, int) else value


def _numbers(entry: Value) -> "tuple[Shape, list[int]] | None":
    if isinstance(entry, Tensor):
        if entry.shape is None or entry.data is None or "int" not in entry.dtype:
            return None
        return entry.shape, [int(v) for v in entry.data]
    if not isinstance(entry, ListValue | range):
        return None
    values: list[int] = []
    for item in entry:
        item = _bound(item)
        if isinstance(item, Unknown | bool) or not isinstance(item, int):
            return None
        values.append(int(item))
    return (len(values),), values


def plain_index(index: Any) -> Value:
    """Return an index with numbers for the tensors of one known item in its slices."""
    if isinstance(index, tuple):
        entries = cast("tuple[Value, ...]", index)
        return tuple([plain_index(entry) for entry in entries])
    if isinstance(index, Tensor) and index.shape == () and index.dtype != "bool":
        return index.data[0] if index.data is not None else index
    if _is_slice(index):
        return slice(_bound(index.start), _bound(index.stop), _bound(index.step))
    return index


def picks_view(index: Any) -> bool:
    """Say whether `tensor[index]` is a view: no list and no tensor among what is given."""
    if not isinstance(index, tuple):
        return not isinstance(index, Tensor | ListValue)
    entries = cast("tuple[Value, ...]", index)
    return not any(isinstance(entry, Tensor | ListValue) for entry in entries)
