"""HW108."""

from collections.abc import Iterable, Iterator

from hwlint.api import Finding, Place, Reading, Rule, Tile, product_of
from hwlint_rules._runs import Work, cost_words, run_of, steps
from hwlint_rules._text import count, percent

__all__ = ["MisalignedBatchOrSequence"]


class MisalignedBatchOrSequence(Rule):
    """A batch or sequence that leaves much of the last tile of rows empty.

    What it checks
    --------------
    The rows of linear layers and of products of two activations, which are batch times positions,
    against the profile's tile for rows, where filling it up takes a large part of the product.
    Only inputs that somebody has given are judged (in the configuration, in a comment): what
    hwlint assumes says nothing about the rows that come. One row alone is left alone, as runtimes
    have kernels of their own for it, and so are tiles that only make a kernel slower.

    Why it costs
    ------------
    Rows are computed in tiles like columns are. 17 rows in tiles of 16 cost what 32 cost, in every
    linear layer of the model.

    Example
    -------
        inputs = [[17, 1024]]

    Use instead
    -----------
        inputs = [[16, 1024]]       # or 32: the same time

    Fix safety
    ----------
    No fix: the batch and the sequence belong to whoever runs the model.

    Profile fields
    --------------
    `tiles` (layers "linear", "matmul"; operands "rows"), `reporting.rows_layer_share`,
    `reporting.time_model_share`.

    References
    ----------
    - https://docs.cloud.google.com/tpu/docs/performance-guide
    - https://github.com/google/XNNPACK (src/configs/gemm-config.c)
    """

    code = "HW108"
    name = "misaligned-batch-or-sequence"
    example_devices = ("tpu-v5e",)
    VALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(64, 1024)
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(1024, 1024)

            def forward(self, x):
                return self.fc(x)
        """,
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(1, 1024)
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(1024, 1024)

            def forward(self, x):
                return self.fc(x)
        """,
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(197, 1024)
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(1024, 1024)

            def forward(self, x):
                return self.fc(x)
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            # hwlint: input(9, 1024)
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(1024, 1024)

            def forward(self, x):
                return self.fc(x)
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each number of rows that misses its tile."""
        limits, flow = reading.profile.reporting, run_of(reading)
        if limits is None or flow is None or flow.assumed or reading.graph is None:
            return
        groups: dict[int, list[tuple[Work, Tile]]] = {}
        for work, rows, tile in _rows(reading):
            padded = -(-rows // tile.minimum) * tile.minimum
            if rows > 1 and 1 - rows / padded >= limits.rows_layer_share:
                groups.setdefault(rows, []).append((work, tile))
        for rows, found in groups.items():
            share = reading.share(operations=[work.number for work, _ in found])
            if share is not None and share >= limits.time_model_share:
                yield _finding(reading, rows, found, share)


def _rows(reading: Reading) -> Iterator[tuple[Work, int, Tile]]:
    flow, known = run_of(reading), reading.estimate
    if reading.graph is None or flow is None or known is None:
        return
    for work in steps(reading.graph):
        product = product_of(flow, work.operation)
        if product is None or known.operations[work.number].bound == "dispatch":
            continue
        tile = reading.profile.tile(reading.dtype, product.kind, "rows", product.kernel)
        if tile is not None and tile.effect == "padded":
            yield work, product.rows, tile


def _finding(reading: Reading, rows: int, found: list[tuple[Work, Tile]], share: float) -> Finding:
    assert reading.graph is not None
    tile = found[0][1]
    padded = -(-rows // tile.minimum) * tile.minimum
    waste = 1 - rows / padded
    numbers = [work.number for work, _ in found]
    places: list[Place] = [work.place for work, _ in found]
    return Finding(
        reading.graph.entry.place,
        f"{rows} rows cost as {padded} in {count(len(found), 'product')}: {percent(waste)} of "
        f"them is padding{cost_words(reading, (), numbers)}",
        f"rows are batch times positions, computed in steps of {tile.minimum} in "
        f"{reading.dtype} [{tile.evidence}]",
        f"give it {rows // tile.minimum * tile.minimum or padded} or {padded} rows",
        alternatives=tuple(dict.fromkeys(places)),
        share=waste,
        model_share=waste * share,
        saves=waste * share,
        data={"rows": rows, "padded": padded},
    )
