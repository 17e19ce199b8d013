"""HW206."""

from collections.abc import Iterable, Iterator

from hwlint.api import Finding, Flow, Reading, Rule
from hwlint_rules._operators import Use, uses
from hwlint_rules._runs import cost_words, run_of
from hwlint_rules._text import count, listed, related

__all__ = ["FloatIsland"]


class FloatIsland(Rule):
    """Operators that run in float in the middle of a quantised model.

    What it checks
    --------------
    Functions and layers (but activations and norms, see HW201 and HW202) of which the profile says
    that they run in float in the deployed integer type, where the run shows that integer operators
    come before and after them. Those that follow each other directly are one island. An operator
    at the very end, whose result is what the model returns, is left alone: that result is
    converted anyway.

    Why it costs
    ------------
    Before the island every number is converted to float, after it back: two passes over the tensor
    that compute nothing, and in between arithmetic that is slower than integer arithmetic.

    Example
    -------
        scores = scores / scores.amax(-1, keepdim=True)     # division has no integer kernel

    Use instead
    -----------
        scores = scores * (1 / 64)      # a constant scale needs no division

    Fix safety
    ----------
    No fix: what to use instead is a question of the model.

    Profile fields
    --------------
    `operators.<dtype>.functions`, `operators.<dtype>.support`, `deploy`.

    References
    ----------
    - https://github.com/google-ai-edge/LiteRT (tflite/delegates/xnnpack/README.md)
    - https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html
    """

    code = "HW206"
    name = "float-island"
    example_devices = ("raspberry-pi-5",)
    VALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 16, 8, 8)
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(16, 16, 3)

            def forward(self, x):
                y = self.conv(x) / 4
                return y.abs()
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 16, 8, 8)
            def __init__(self):
                super().__init__()
                self.first = nn.Conv2d(16, 16, 3)
                self.second = nn.Conv2d(16, 16, 3)

            def forward(self, x):
                y = self.first(x)
                y = (y * y).sqrt() / y.abs()
                return self.second(y)
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each island."""
        flow = run_of(reading)
        if flow is None or not reading.dtype.startswith("int"):
            return
        found = [use for use in uses(reading, ("float",)) if use.family not in _ELSEWHERE]
        inside = {number for use in found for number in _numbers(reading, use)}
        inside -= _repeated(flow)
        left = {number for number in inside if not _is_last(flow, number, inside)}
        for island in _islands(flow, found, left, reading):
            yield _finding(reading, island)


_ELSEWHERE = ("activation", "norm")


def _numbers(reading: Reading, use: Use) -> tuple[int, ...]:
    known = reading.estimate
    own = known.of_layers(use.layers) if known is not None else ()
    return (*use.operations, *own)


_OF_ONE = frozenset(
    (
        "abs", "acos", "asin", "atan", "ceil", "cos", "cosh", "erf", "exp", "exp2", "expm1",
        "floor", "log", "log10", "log1p", "log2", "neg", "reciprocal", "round", "rsqrt", "sign",
        "sin", "sinh", "sqrt", "square", "tan",
    )
)  # fmt: skip
"""Functions of a tensor and of nothing else."""


def _repeated(flow: Flow) -> frozenset[int]:
    """Return the operations that compute of one tensor what was computed of it before: exporters
    make one of both. What is written to in between, through any view of it, is another one."""
    known: set[tuple[str, int]] = set()
    found: set[int] = set()
    for number, operation in enumerate(flow.operations):
        if operation.effect == "inplace":
            written = {flow.tensors[i].storage for i in operation.inputs[:1]}
            known = {key for key in known if flow.tensors[key[1]].storage not in written}
        elif operation.name in _OF_ONE and len(operation.inputs) == 1:
            key = (operation.name, operation.inputs[0])
            if key in known:
                found.add(number)
            known.add(key)
    return frozenset(found)


def _is_last(flow: Flow, number: int, inside: set[int]) -> bool:
    """Whether all that is made of it is returned, or goes on in the same island to the end."""
    made = set(flow.operations[number].outputs)
    for later, operation in enumerate(flow.operations[number + 1 :], number + 1):
        if made.isdisjoint(operation.inputs):
            continue
        if operation.effect not in ("view", "same") and later not in inside:
            return False
        made.update(operation.outputs)
    return True


def _islands(flow: Flow, found: list[Use], left: set[int], reading: Reading) -> Iterator[list[Use]]:
    """Put together what hands its result on directly."""
    makers = {i: number for number in sorted(left) for i in flow.operations[number].outputs}
    islands: list[tuple[list[Use], set[int]]] = []
    for use in found:
        own = left.intersection(_numbers(reading, use))
        if not own:
            continue
        before = {makers[i] for n in own for i in flow.operations[n].inputs if i in makers}
        for members, numbers in islands:
            if numbers & before:
                members.append(use)
                numbers.update(own)
                break
        else:
            islands.append(([use], own))
    for members, _ in islands:
        yield members


def _finding(reading: Reading, island: list[Use]) -> Finding:
    first = island[0]
    layers = [layer for use in island for layer in use.layers]
    operations = [number for use in island for number in use.operations]
    number = sum(use.number for use in island)
    names = listed(dict.fromkeys(use.op for use in island))
    core, floats = reading.profile.core, ""
    if core is not None and core.floats is not None and not core.floats:
        floats = "; this core has no floating-point unit, each operation is emulated"
    operators, deploy = reading.profile.operators[reading.dtype], reading.profile.deploy
    path = f" ({deploy.runtime})" if deploy is not None else ""
    return Finding(
        first.place,
        f"{names}: {count(number, 'operation')} in float between {reading.dtype} ones, converted "
        f"to and fro{cost_words(reading, layers, operations)}",
        f"no {reading.dtype} kernel{path}{floats} [{operators.evidence}]",
        "keep to operators with a kernel, or move these to the end of the model",
        related=related(layers, first.place, lambda layer: f"{layer.op} in float"),
        model_share=reading.share(layers, operations),
        data={"operators": sorted({use.op for use in island}), "operations": number},
    )
