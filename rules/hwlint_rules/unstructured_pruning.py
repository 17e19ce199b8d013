"""HW401."""

from collections.abc import Iterable

from hwlint.api import CallFact, Change, Finding, Profile, Reading, Rename, Rule
from hwlint_rules._text import percent

__all__ = ["UnstructuredPruning"]

_PREFIX = "torch.nn.utils.prune."
_AMOUNT = {
    "random_unstructured": 2,
    "l1_unstructured": 2,
    "global_unstructured": None,
    "RandomUnstructured": 0,
    "L1Unstructured": 0,
    "RandomUnstructured.apply": 2,
    "L1Unstructured.apply": 2,
}
"""What prunes single weights, with the position of `amount`; None: by keyword only."""


class UnstructuredPruning(Rule):
    """Single weights set to zero for a device that computes them all the same.

    What it checks
    --------------
    Calls of `torch.nn.utils.prune` that zero single weights: `l1_unstructured`,
    `random_unstructured`, `global_unstructured` and the classes behind them, on devices of which
    the profile says that such zeros save no time in the deployed data type.

    Why it costs
    ------------
    A dense kernel multiplies a zero like any other number: n weights of which a share s is zero
    take as long as n weights. The accuracy that pruning costs is spent, and no latency is gained.

    Example
    -------
        prune.l1_unstructured(module, name="weight", amount=0.5)

    Use instead
    -----------
        prune.ln_structured(module, name="weight", amount=0.5, n=2, dim=0)
        # then build the layer with the channels that are left; or 2:4 sparsity where the
        # device has it

    Fix safety
    ----------
    Unsafe: other weights go. `l1_unstructured` and `random_unstructured` have a counterpart that
    removes whole channels by the same measure.

    Profile fields
    --------------
    `sparsity.unstructured`, `sparsity.unstructured_dtypes`, `sparsity.two_four`,
    `sparsity.condition`.

    References
    ----------
    - https://docs.pytorch.org/docs/stable/nn.html#utilities (torch.nn.utils.prune)
    - https://developer.nvidia.com/blog/accelerating-inference-with-sparsity-using-ampere-and-tensorrt
    - https://arxiv.org/abs/1902.09574
    """

    code = "HW401"
    name = "unstructured-pruning"
    scope = "file"
    watches = (_PREFIX,)
    example_devices = ("h100-sxm", "ethos-u55-128", "stm32h743", "raspberry-pi-5")
    VALID = (
        """
        from torch.nn.utils import prune

        def shrink(module):
            prune.ln_structured(module, name="weight", amount=0.5, n=2, dim=0)
        """,
        """
        def l1_unstructured(module, name, amount):
            return module

        l1_unstructured(None, "weight", 0.5)
        """,
    )
    INVALID = (
        """
        from torch.nn.utils import prune

        def shrink(module):
            prune.l1_unstructured(module, name="weight", amount=0.5)
        """,
        """
        import torch.nn.utils.prune as p

        def shrink(parameters):
            p.global_unstructured(parameters, pruning_method=p.L1Unstructured, amount=0.3)
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each such call."""
        if reading.facts is None:
            return
        if reading.profile.speeds_up_unstructured(reading.dtype) is not False:
            return
        for call in reading.facts.calls:
            what = call.name.removeprefix(_PREFIX)
            if call.name.startswith(_PREFIX) and what in _AMOUNT:
                yield _finding(call, what, reading.profile)


def _finding(call: CallFact, what: str, profile: Profile) -> Finding:
    known = profile.sparsity
    evidence = f" [{known.evidence}]" if known is not None else ""
    condition = known.condition if known is not None else ""
    reason = condition or "its kernels compute zeros like all other weights"
    return Finding(
        call.place,
        f"{what.removesuffix('.apply')} zeroes {_amount(call, what)}: no time is saved",
        f"{reason}{evidence}",
        _advice(profile),
        changes=_changes(call, what),
    )


_STRUCTURED = {
    "l1_unstructured": ("ln_structured", "n=1, dim=0"),
    "random_unstructured": ("random_structured", "dim=0"),
}
"""What removes whole output channels by the same measure, with what it takes besides."""


def _changes(call: CallFact, what: str) -> tuple[Change, ...]:
    """Return the call that removes channels, where `amount` is a share and means the same there."""
    position = _AMOUNT[what]
    amount = call.keywords.get("amount")
    if amount is None and position is not None and position < len(call.args):
        amount = call.args[position]
    if what not in _STRUCTURED or not isinstance(amount, float) or "**" in call.keywords:
        return ()
    after, extra = _STRUCTURED[what]
    step = Rename(call.place, what, after, extra=extra)
    return (Change(f"Prune whole channels: {after}", (step,), "numerics"),)


def _amount(call: CallFact, what: str) -> str:
    position = _AMOUNT[what]
    value = call.keywords.get("amount")
    if value is None and position is not None and position < len(call.args):
        value = call.args[position]
    if isinstance(value, float) and 0 < value <= 1:
        return f"{percent(value)} of the weights, one by one"
    return "weights one by one"


def _advice(profile: Profile) -> str:
    known = profile.sparsity
    structured = "remove whole channels (smaller layers are faster everywhere)"
    if known is None or not known.two_four:
        return structured
    gain = known.two_four_speedup_max
    upto = f", at most {gain:g} times as fast" if gain is not None else ""
    return f"{structured}, or use 2:4 sparsity{upto}"
