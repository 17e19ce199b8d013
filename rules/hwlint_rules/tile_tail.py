"""HW107."""

from collections.abc import Iterable, Iterator
from math import ceil

from hwlint.api import Finding, Place, Product, Reading, Rule, product_of
from hwlint_rules._runs import Work, cost_words, run_of, steps
from hwlint_rules._text import count, percent

__all__ = ["TileTail"]


class TileTail(Rule):
    """A matrix product that fills its last wave of blocks badly.

    What it checks
    --------------
    How many blocks of the output the products of a model have (convolutions and linear layers
    count as the products that they come to), against the cores that work on them at a time:
    where whole waves of blocks are followed by one that leaves most cores idle. Only products that
    computing decides, with inputs that somebody has given: an assumed batch says nothing about
    rows. A product with fewer blocks than cores is left alone, as libraries cut it smaller.

    Why it costs
    ------------
    All blocks take equally long, so that a last wave of one block takes as long as one of a
    hundred. 133 blocks on 132 cores take twice as long as 132.

    Example
    -------
        # batch 17 of 2048 rows each, 2048 columns: 2176 blocks, 17 waves of 132 cores, half empty

    Use instead
    -----------
        # a batch or a width with which the blocks are a multiple of the cores, or just below one

    Fix safety
    ----------
    No fix: the batch belongs to whoever runs the model.

    Profile fields
    --------------
    `wave`, `core.count`, `reporting.tail_layer_share`, `reporting.time_model_share`.

    References
    ----------
    - https://docs.nvidia.com/deeplearning/performance/dl-performance-matrix-multiplication/index.html
      (wave quantization)
    """

    code = "HW107"
    name = "tile-tail"
    default_severity = "info"
    example_devices = ("h100-sxm",)
    VALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(8448, 4096)
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4096, 4096)

            def forward(self, x):
                return self.fc(x)
        """,
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(64, 4096)
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4096, 4096)

            def forward(self, x):
                return self.fc(x)
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1152, 4096)
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4096, 4096)

            def forward(self, x):
                return self.fc(x)
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each call that runs such products."""
        limits, flow = reading.profile.reporting, run_of(reading)
        if limits is None or flow is None or flow.assumed:
            return
        groups: dict[Place, list[tuple[Work, int, float]]] = {}
        for work, blocks, idle in _tails(reading):
            if idle >= limits.tail_layer_share:
                groups.setdefault(work.place, []).append((work, blocks, idle))
        for place, found in groups.items():
            numbers = [work.number for work, _, _ in found]
            share = reading.share(operations=numbers)
            if share is not None and share >= limits.time_model_share:
                yield _finding(reading, place, found, share)


def _tails(reading: Reading) -> Iterator[tuple[Work, int, float]]:
    """Yield each product that computing decides, its blocks, and the share of idle cores."""
    wave, core = reading.profile.wave, reading.profile.core
    flow, known = run_of(reading), reading.estimate
    if wave is None or core is None or not core.count or flow is None or known is None:
        return
    assert reading.graph is not None
    for work in steps(reading.graph):
        product = product_of(flow, work.operation)
        if product is None or known.operations[work.number].bound != "compute":
            continue
        blocks = min(
            _blocks(product, wave.rows, wave.columns), _blocks(product, wave.columns, wave.rows)
        )
        if blocks > core.count:
            waves = ceil(blocks / core.count)
            yield work, blocks, 1 - blocks / (waves * core.count)


def _blocks(product: Product, rows: int, columns: int) -> int:
    return ceil(product.rows / rows) * ceil(product.columns / columns) * product.groups


def _finding(
    reading: Reading, place: Place, found: list[tuple[Work, int, float]], share: float
) -> Finding:
    work, blocks, idle = max(found, key=lambda item: item[2])
    wave, core = reading.profile.wave, reading.profile.core
    assert wave is not None
    assert core is not None
    assert core.count is not None
    waves = ceil(blocks / core.count)
    numbers = [each.number for each, _, _ in found]
    return Finding(
        place,
        f"{count(blocks, 'block')} in {count(waves, 'wave')} of {core.count} cores: "
        f"{percent(idle)} of them idle{cost_words(reading, (), numbers)}",
        f"typical blocks of {wave.rows} x {wave.columns}, other ones may be chosen "
        f"[{wave.evidence}]",
        f"a batch or width with at most {(waves - 1) * core.count} blocks, "
        f"or with {waves * core.count}",
        share=idle,
        model_share=idle * share,
        saves=idle * share,
        data={"blocks": blocks, "waves": waves, "operation": work.operation.name},
    )
