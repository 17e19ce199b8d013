"""HW404."""

from collections.abc import Iterable

from hwlint.api import Finding, Reading, Rule

__all__ = ["SparseLayout"]

_CALLS = (
    "torch.sparse.mm",
    "torch.sparse.addmm",
    "torch.sparse.sampled_addmm",
    "torch.sparse.spdiags",
    "torch.sparse_coo_tensor",
    "torch.sparse_csr_tensor",
    "torch.sparse_csc_tensor",
    "torch.sparse_bsr_tensor",
    "torch.sparse_bsc_tensor",
    "torch.sparse_compressed_tensor",
    "torch.sparse.FloatTensor",
)


class SparseLayout(Rule):
    """A tensor in a sparse layout for a device that has no kernels for it.

    What it checks
    --------------
    Calls in a forward method that make or multiply tensors in one of torch's sparse layouts (COO,
    CSR and the like), on deploy paths of which the profile says that they have no kernels for them.

    Why it costs
    ------------
    The path from torch to the device takes dense tensors only: the export fails, or the operator
    stays with the host and its data go there and back.

    Example
    -------
        def forward(self, adjacency, x):
            return self.fc(torch.sparse.mm(adjacency, x))

    Use instead
    -----------
        def forward(self, neighbours, x):           # a fixed number for each node
            return self.fc(x[neighbours].sum(dim=1))

    Fix safety
    ----------
    No fix: which dense form pays depends on how sparse the data are.

    Profile fields
    --------------
    `sparsity.layouts`.

    References
    ----------
    - https://docs.pytorch.org/docs/stable/sparse.html
    - https://github.com/tensorflow/tflite-micro (micro_mutable_op_resolver.h: all operators)
    """

    code = "HW404"
    name = "sparse-layout"
    scope = "file"
    watches = _CALLS
    example_devices = ("ethos-u55-128", "stm32h743")
    VALID = (
        """
        import torch

        def load(indices, values):
            return torch.sparse_coo_tensor(indices, values).to_dense()
        """,
    )
    INVALID = (
        """
        import torch
        import torch.nn as nn

        class GraphConv(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(64, 64)

            def forward(self, adjacency, x):
                return self.fc(torch.sparse.mm(adjacency, x))
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each such call."""
        known = reading.profile.sparsity
        if reading.facts is None or known is None or known.layouts is not False:
            return
        for call in reading.facts.calls:
            if call.name in _CALLS and call.enclosing.endswith(".forward"):
                yield Finding(
                    call.place,
                    f"{call.name} in forward: the deploy path has no kernels for sparse layouts",
                    f"it takes dense tensors only [{known.evidence}]",
                    "gather what is not zero into a dense tensor",
                    data={"call": call.name},
                )
