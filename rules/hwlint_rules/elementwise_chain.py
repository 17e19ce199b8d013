"""HW311."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from hwlint.api import POINTWISE, Finding, Links, Reading, Rule, Step
from hwlint_rules._flow import (
    by_anchor,
    costly,
    instances,
    most_alike,
    places,
    said_share,
    shape,
    share_of,
)
from hwlint_rules._producers import fused_after, one_by_one
from hwlint_rules._text import counts, listed

__all__ = ["ElementwiseChain"]

_WRITTEN_OUT: Mapping[str, Sequence[str]] = {
    "GELU": (
        "add erf mul mul mul",
        "add add mul mul mul mul pow tanh",
        "add add mul mul mul mul mul mul tanh",
    ),
    "Hardswish": ("add mul mul relu6",),
    "Hardsigmoid": ("add mul relu6",),
    "Mish": ("mul softplus tanh",),
}
"""The functions that an activation is written out with, sorted, divisions taken as products.
What a clamp goes from and to is not known, so no form has one."""


class ElementwiseChain(Rule):
    """Element-wise operators in a row, each of which passes over the whole tensor.

    What it checks
    --------------
    Element-wise operators that come from one tensor and lead to one, all other operands being
    numbers or weights, with nothing else reading what is between. Reported where there are many of
    them, or where they write out an activation that has one kernel in the deployed data type.
    What is computed from constants alone, runtimes that make one kernel of such a row, and
    activations that the converter knows in this form are left alone.

    Why it costs
    ------------
    Each operator reads the tensor and writes it: n operators move 2 x n x items x bytes where one
    moves 2 x items x bytes.

    Example
    -------
        return x * F.relu6(x + 3) / 6

    Use instead
    -----------
        return F.hardswish(x)

    Fix safety
    ----------
    The result is the same but for rounding.

    Profile fields
    --------------
    `fusion.pointwise_chains`, `fusion.written_out`, `fusion.tables`, `operators.<dtype>.support`,
    `reporting.elementwise_chain`, `reporting.pass_model_share`.

    References
    ----------
    - https://docs.pytorch.org/docs/stable/nn.functional.html (activations as one function)
    - https://ai.google.dev/edge/litert/conversion/tensorflow/operation_fusion
    """

    code = "HW311"
    name = "elementwise-chain"
    example_devices = ("ethos-u55-128", "stm32h743")
    VALID = (
        """
        import torch.nn as nn
        import torch.nn.functional as F

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 32, 3)

            def forward(self, x):
                return F.hardswish(self.conv(x)) * 2
        """,
        """
        import torch.nn as nn

        class Sums(nn.Module):
            def __init__(self):
                super().__init__()
                self.a = nn.Conv2d(3, 32, 3)
                self.b = nn.Conv2d(3, 32, 3)

            def forward(self, x):
                a, b = self.a(x), self.b(x)
                return (a + b) * (a - b)
        """,
    )
    INVALID = (
        """
        import torch.nn as nn
        import torch.nn.functional as F

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 32, 3)
                self.last = nn.Conv2d(32, 32, 3)

            def forward(self, x):
                x = self.conv(x)
                return self.last(x * F.relu6(x + 3) / 6)
        """,
        """
        import torch
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 32, 3)

            def forward(self, x):
                return torch.abs(torch.sqrt(torch.exp(self.conv(x) * 0.5) + 1) - 1)
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each place that ends such a row."""
        limits = reading.profile.reporting
        links = reading.graph.links if reading.graph is not None else None
        if one_by_one(reading) is None or links is None or limits is None:
            return
        driven = frozenset(reading.graph.driven) if reading.graph is not None else ()
        taken = reading.profile.fusion.written_out if reading.profile.fusion is not None else ()
        whole = (
            _unfused(reading, row)
            for row in _rows(links, driven)
            if not any(_forms(row, op) for op in taken)
        )
        rows = ((row[-1], row) for row in whole if len(row) > 1)
        for place, every in by_anchor(rows, reading.graph).items():
            known = [(_written_out(reading, row), row) for _, row in every]
            least = limits.elementwise_chain
            long = [
                (op, row) for op, row in known if len(_passes(reading, row)) >= (2 if op else least)
            ]
            alike = most_alike(long, lambda one: one[0])
            instead = alike[0][0] if alike else None
            found = [_passes(reading, row) for _, row in alike]
            steps = [step for row in found for step in row]
            share = share_of(links, reading, steps)
            if not costly(reading, share):
                continue
            row = most_alike(found, lambda row: tuple(step.name for step in row))[0]
            yield Finding(
                place,
                f"{counts(map(len, found), 'element-wise operator')} in a row pass over "
                f"{shape(row[-1])}{instances(len(found))}{said_share(reading, steps, share)}",
                f"{listed(step.name for step in row)}: each reads and writes all of it",
                _advice(instead, [step for _, whole in alike for step in whole]),
                related=places(((s, f"{s.name} of the same row") for s in row), place),
                model_share=share,
                data={"operators": [step.name for step in row], "instead": instead},
            )


def _unfused(reading: Reading, row: list[Step]) -> list[Step]:
    """Return a row without an activation at its beginning that what is before it takes up."""
    before, fusion = row[0].maker(), reading.profile.fusion
    if before is None or fusion is None:
        return row
    taken = fused_after(fusion, reading.dtype, before.op)
    return row[1:] if row[0].op in taken else row


def _passes(reading: Reading, row: list[Step]) -> list[Step]:
    """Return a row without what is looked up on the way out of another operator."""
    fusion = reading.profile.fusion
    return [step for step in row if fusion is None or step.name not in fusion.tables]


def _advice(instead: str | None, row: Sequence[Step]) -> str:
    if instead is None:
        return ""
    approximated = instead == "GELU" and any(step.name == "tanh" for step in row)
    name = 'GELU(approximate="tanh")' if approximated else instead
    return f"{name} is one operator here (same result)"


def _rows(links: Links, driven: Collection[int]) -> Iterator[list[Step]]:
    """Yield the longest rows of what depends on the model's inputs, each in order: exporters
    compute the others once."""
    source: dict[int, int] = {}
    """By value made in a row: the value that the row comes from."""
    for step in links.by_number.values():
        if step.number not in driven:
            continue
        root = _root(step, source)
        if root is not None and step.made:
            source[step.made[0]] = root
    for step in links.by_number.values():
        if step.made and step.made[0] in source and not _goes_on(step, source):
            row = _row(step, source)
            if len(row) > 1:
                yield row


def _root(step: Step, source: Mapping[int, int]) -> int | None:
    """Return the one value that an element-wise operator comes from, numbers and weights aside."""
    if step.name not in POINTWISE or len(step.made) != 1:
        return None
    roots = {
        source.get(value, value)
        for number, value in enumerate(step.taken)
        if not _is_constant(step, number)
    }
    return roots.pop() if len(roots) == 1 else None


def _is_constant(step: Step, number: int) -> bool:
    tensor = step.tensor(number)
    return step.maker(number) is None and tensor is not None and tensor.kind != "input"


def _goes_on(step: Step, source: Mapping[int, int]) -> bool:
    """Whether all that reads it belongs to the row that it belongs to."""
    if step.is_returned or not step.readers:
        return False
    root = source[step.made[0]]
    return all(reader.made and source.get(reader.made[0]) == root for reader in step.readers)


def _row(last: Step, source: Mapping[int, int]) -> list[Step]:
    """Return the operators that lead to one and to nothing else, in order."""
    row = {last.number: last}
    waiting = [last]
    while waiting:
        step = waiting.pop()
        for number in range(len(step.taken)):
            maker = step.maker(number)
            if maker is None or maker.number in row or maker.made[0] not in source:
                continue
            inside = all(reader.number in row for reader in maker.readers)
            if inside and not maker.is_returned and source[maker.made[0]] == source[last.made[0]]:
                row[maker.number] = maker
                waiting.append(maker)
    return [row[number] for number in sorted(row)]


def _written_out(reading: Reading, row: Sequence[Step]) -> str | None:
    """Return the activation that a row writes out, where it has one kernel on this device."""
    for op in _WRITTEN_OUT:
        known = reading.profile.support(reading.dtype, op)
        if known in ("native", "fused") and _forms(row, op):
            return op
    return None


def _forms(row: Sequence[Step], op: str) -> bool:
    """Whether a row writes out an activation."""
    names = " ".join(sorted("mul" if step.name == "div" else step.name for step in row))
    return names in _WRITTEN_OUT.get(op, ())
