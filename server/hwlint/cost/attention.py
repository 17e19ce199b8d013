"""Attention that is written out: a product, a softmax, and a product with what comes out."""

from collections.abc import Iterator, Mapping

from hwlint.cost.tensors import Deployed
from hwlint.graph import Flow, Operation

__all__ = ["fused_attention"]

_PRODUCTS = frozenset(("matmul", "bmm", "baddbmm", "einsum"))
_SCALES = frozenset(("mul", "div"))
_BETWEEN = frozenset(("mul", "div", "add", "masked_fill", "where"))


def _written_out(flow: Flow, tensors: Deployed) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield each attention: its form, functions in a row ("mul matmul softmax matmul"), and its
    operations. Nothing but the next step reads what a step makes."""
    steps = _Steps(flow, tensors)
    for number, operation in enumerate(flow.operations):
        if operation.name == "softmax" and number in tensors.running:
            before, after = steps.before(number), steps.sole_reader(number)
            if before and after is not None and steps.is_product(after):
                found = (*before, number, after)
                yield " ".join(flow.operations[n].name for n in found), found


class _Steps:
    def __init__(self, flow: Flow, tensors: Deployed) -> None:
        self.flow = flow
        self.tensors = tensors
        self.makers: dict[int, tuple[int | None, ...]] = {}
        """For each operation, which operation made each input."""
        written: dict[int, int] = {}
        for number in sorted(tensors.running):
            operation = flow.operations[number]
            if operation.effect in ("view", "same"):
                continue
            self.makers[number] = tuple(map(written.get, tensors.run.taken[number]))
            written |= dict.fromkeys(tensors.run.made[number], number)

    def before(self, softmax: int) -> tuple[int, ...]:
        """The product behind a softmax, what is between, and a scaling of the queries before it."""
        found: tuple[int, ...] = ()
        step = self._maker(softmax)
        while step is not None:
            if self.is_product(step):
                scale = self._maker(step)
                scaled = scale is not None and self._operation(scale).name in _SCALES
                return (*([scale] if scale is not None and scaled else []), step, *found)
            if self._operation(step).name not in _BETWEEN:
                return ()
            found = (step, *found)
            step = self._maker(step)
        return ()

    def sole_reader(self, number: int) -> int | None:
        """The only operation that reads what this one makes; None where there are others."""
        roots = {self.tensors.root(index) for index in self._operation(number).outputs}
        readers = {
            reader
            for root in roots
            for reader in self.tensors.readers.get(root, frozenset[int]())
            if reader > number
        }
        return readers.pop() if len(readers) == 1 else None

    def is_product(self, number: int) -> bool:
        """Whether it multiplies two tensors that the run makes."""
        if number >= len(self.flow.operations) or self._operation(number).name not in _PRODUCTS:
            return False
        return not any(map(self.tensors.is_constant, self._operation(number).inputs))

    def _operation(self, number: int) -> Operation:
        return self.flow.operations[number]

    def _maker(self, number: int) -> int | None:
        """What makes the first input, where nothing else reads it."""
        makers = self.makers[number]
        first = makers[0] if makers else None
        return first if first is not None and self.sole_reader(first) == number else None


def fused_attention(flow: Flow, tensors: Deployed, missed: tuple[str, ...]) -> Mapping[int, int]:
    """Return for each operation of an attention that becomes one kernel the first one of it;
    `missed`: forms that stay apart."""
    return {
        number: found[0]
        for form, found in _written_out(flow, tensors)
        if form not in missed
        for number in found
    }
