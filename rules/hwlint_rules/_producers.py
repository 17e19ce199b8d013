"""Which operator takes up which, by the profile's fusion."""

from hwlint.api import Fusion, Reading, Step
from hwlint_rules._flow import stays

__all__ = ["fused_after", "one_by_one", "producer"]


def one_by_one(reading: Reading) -> Fusion | None:
    """Return the fusion of a runtime that makes no kernels of element-wise operators in a row,
    None where it does or that is not known."""
    fusion = reading.profile.fusion
    return fusion if fusion is not None and fusion.pointwise_chains is False else None


def fused_after(fusion: Fusion, dtype: str, op: str) -> frozenset[str]:
    """Return the activations that cost nothing after an operator (torch.nn's names)."""
    return frozenset(
        name
        for known in fusion.activations
        if op in known.producers and (not known.dtypes or dtype in known.dtypes)
        for name in known.activations
    )


def producer(fusion: Fusion, step: Step | None) -> Step | None:
    """Return what makes a value: of a batch norm that goes into the weights, what is before it."""
    if step is None or step.name != "batch_norm" or not stays(step):
        return step
    before = step.maker()
    folds = fusion.batch_norm_folds_into or ()
    if before is None or before.op not in folds or before.next is not step:
        return step
    return before
