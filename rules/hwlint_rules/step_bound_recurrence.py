"""HW506."""

from collections.abc import Iterable, Iterator

from hwlint.api import Finding, Flow, Place, Reading, Rule
from hwlint_rules._runs import Work, given_run, steps
from hwlint_rules._text import count, related

__all__ = ["StepBoundRecurrence"]


class StepBoundRecurrence(Rule):
    """A recurrence whose steps do less than starting them takes.

    What it checks
    --------------
    LSTMs, GRUs and RNNs, and cells that are called step by step, on devices of which the profile
    says what starting a kernel takes: whether one step of one layer computes and moves for less
    time than that. How many steps there are does not matter for it, how many sequences run at a
    time does: only inputs that somebody has given are judged.

    Why it costs
    ------------
    Each step needs the result of the one before, so that steps cannot run side by side. A device
    that is made for large products waits for the next small one, and more units do not help.

    Example
    -------
        self.rnn = nn.LSTM(64, 64, num_layers=2)        # on a GPU, one sequence at a time

    Use instead
    -----------
        self.conv = nn.Conv1d(64, 64, 9, padding=4)     # or attention: all positions at once

    Fix safety
    ----------
    No fix: another layer computes something else.

    Profile fields
    --------------
    `dispatch.kernel_us`.

    References
    ----------
    - https://arxiv.org/abs/1604.01946 (recurrences on GPUs)
    - https://arxiv.org/abs/1709.02755 (recurrence that runs in parallel)
    """

    code = "HW506"
    name = "step-bound-recurrence"
    default_severity = "info"
    example_devices = ("h100-sxm",)
    VALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(128, 1, 64)
            def __init__(self):
                super().__init__()
                self.attn = nn.MultiheadAttention(64, 4)

            def forward(self, x):
                return self.attn(x, x, x)[0]
        """,
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(16, 4096, 4096)
            def __init__(self):
                super().__init__()
                self.rnn = nn.LSTM(4096, 4096)

            def forward(self, x):
                return self.rnn(x)[0]
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(128, 1, 64)
            def __init__(self):
                super().__init__()
                self.rnn = nn.LSTM(64, 64, num_layers=2)

            def forward(self, x):
                return self.rnn(x)[0]
        """,
        """
        import torch
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(20, 1, 64)
            def __init__(self):
                super().__init__()
                self.cell = nn.GRUCell(64, 64)

            def forward(self, x):
                state = torch.zeros(1, 64)
                for step in x:
                    state = self.cell(step, state)
                return state
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each call that builds such a recurrence."""
        dispatch, known = reading.profile.dispatch, reading.estimate
        if dispatch is None or dispatch.kernel_us is None or known is None:
            return
        start = dispatch.kernel_us / 1e6
        groups: dict[Place, list[tuple[Work, int]]] = {}
        for work, times in _recurrences(reading):
            groups.setdefault(work.place, []).append((work, times))
        for place, found in groups.items():
            total = sum(times for _, times in found)
            costs = [known.operations[work.number] for work, _ in found]
            each = sum(max(cost.compute, cost.memory) for cost in costs) / total
            if total > 1 and each < start:
                yield _finding(reading, place, found, each)


_CELLS = ("lstm_cell", "gru_cell", "rnn_cell")
_WHOLE = ("lstm", "gru", "rnn")


def _recurrences(reading: Reading) -> Iterator[tuple[Work, int]]:
    """Yield each recurrence with how many steps run one after the other in it."""
    flow = given_run(reading)
    if reading.graph is None or flow is None:
        return
    for work in steps(reading.graph):
        if work.operation.name in _CELLS:
            yield work, 1
        elif work.operation.name in _WHOLE and work.layer is not None:
            times = _steps(flow, work)
            if times is not None:
                yield work, times


def _steps(flow: Flow, work: Work) -> int | None:
    """Return positions times layers; directions run side by side."""
    assert work.layer is not None
    args = work.layer.args
    shape = flow.tensors[work.operation.inputs[0]].shape
    first, layers = args.get("batch_first"), args.get("num_layers")
    if not shape or first is None or layers is None or not isinstance(layers.value, int):
        return None
    batched = len(shape) > _ALONE
    axis = 1 if batched and first.value is True else 0
    positions = next(iter(shape[axis:]), None)
    return positions * layers.value if positions else None


_ALONE = 2
"""Dimensions of one sequence without a batch: positions and features."""


def _finding(reading: Reading, place: Place, found: list[tuple[Work, int]], each: float) -> Finding:
    dispatch, known = reading.profile.dispatch, reading.estimate
    assert dispatch is not None
    assert dispatch.kernel_us is not None
    assert known is not None
    total = sum(times for _, times in found)
    spent = total * dispatch.kernel_us / 1e6
    layers = [work.layer for work, _ in found if work.layer is not None]
    name = layers[0].op if layers else found[0][0].operation.name
    return Finding(
        place,
        f"{name} runs {count(total, 'step')} one after the other: each computes for "
        f"{each * 1e6:.2g} us and takes {dispatch.kernel_us:g} us to start",
        f"about {spent * 1000:.2g} ms that no faster unit shortens [{dispatch.evidence}]",
        "convolutions or attention work on all positions at once; or more sequences a call",
        related=related(layers, place, lambda layer: f"{layer.op} too"),
        model_share=spent / (spent + known.seconds),
        data={"steps": total},
    )
