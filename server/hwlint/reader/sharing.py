"""Views: tensors that show the same memory, so that writing to one changes the others."""

from typing import Any

from hwlint.reader.values import Tensor

__all__ = ["forget_others", "share"]


class _Shared(list[Any]):
    """The values of a tensor of which there are views; `holders` are all that show the memory."""

    __slots__ = ("holders",)

    def __init__(self, values: list[Any], holders: list[Tensor]) -> None:
        super().__init__(values)
        self.holders = holders


def share(base: Tensor, view: Tensor) -> Tensor:
    """Note that `view` shows memory of `base`; return it."""
    if base is view or base.data is None or view.data is None:
        return view
    if not isinstance(base.data, _Shared):
        base.data = _Shared(base.data, [base])
    holders = base.data.holders
    view.data = _Shared(view.data, holders)
    holders.append(view)
    return view


def forget_others(value: Tensor) -> list[Tensor]:
    """Return the tensors that a write to `value` changes too, and end their sharing."""
    data = value.data
    if not isinstance(data, _Shared):
        return []
    others = [t for t in data.holders if t is not value and t.data is not None]
    # A copy out of a memo template has the memory of nobody else.
    if len(others) == len(data.holders):
        return []
    data.holders[:] = [value]
    return others
