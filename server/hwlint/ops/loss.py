"""Losses."""

from collections.abc import Callable
from typing import cast

from hwlint.ops._rows import is_real, layer, parameters, stored
from hwlint.ops.spec import Child, LayerSpec, Values

__all__ = ["ROWS"]

_LEGACY = "size_average=None, reduce=None"
_END = f"{_LEGACY}, reduction='mean'"
_NOT_STORED = frozenset({"size_average", "reduce", "device", "dtype"})


def _legacy_reduction(values: Values) -> Values:
    """The reduction that two older arguments stand for; they win where they are given."""
    average, reduce = values.get("size_average"), values.get("reduce")
    if average is None and reduce is None:
        return {}
    if not isinstance(average, bool | None) or not isinstance(reduce, bool | None):
        return {"reduction": average if reduce is None else reduce}
    if reduce is False:
        return {"reduction": "none"}
    return {"reduction": "sum" if average is False else "mean"}


def _row(
    op: str,
    bases: str,
    signature: str,
    *,
    check: Callable[[Values], None] = lambda _: None,
) -> LayerSpec:
    names = (p.name for p in parameters(signature) if p.name not in _NOT_STORED)
    return layer(
        op,
        "loss",
        bases,
        signature,
        attributes=stored(" ".join(names)),
        normalise=_legacy_reduction,
        check=check,
    )


def _check_delta(values: Values) -> None:
    delta = values["delta"]
    if delta is None or isinstance(delta, str | tuple | list):
        raise TypeError(f"delta must be a float or int, got: {type(cast(object, delta))}")


def _check_multi_margin(values: Values) -> None:
    if is_real(values["p"]) and values["p"] not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")


def _check_triplet(op: str) -> Callable[[Values], None]:
    def check(values: Values) -> None:
        margin = values["margin"]
        if is_real(margin) and margin <= 0:
            raise ValueError(f"{op}: expected margin to be greater than 0, got {margin} instead")

    return check


def _distance(values: Values) -> tuple[Child, ...]:
    given = values["distance_function"]
    return (Child("distance_function", "PairwiseDistance"),) if given is None else ()


def _triplet_attributes(values: Values) -> Values:
    found = stored("margin swap reduction")(values)
    given = values["distance_function"]
    return found if given is None else {**found, "distance_function": given}


_WEIGHTED = f"weight=None, {_END}"
_CLASSES = "weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean'"

ROWS = (
    *(
        _row(op, "_Loss", _END)
        for op in ("L1Loss", "MSELoss", "MultiLabelMarginLoss", "SoftMarginLoss")
    ),
    *(_row(op, "_WeightedLoss _Loss", _WEIGHTED) for op in ("BCELoss", "MultiLabelSoftMarginLoss")),
    *(
        _row(op, "_Loss", f"margin={margin}, {_END}")
        for op, margin in (
            ("CosineEmbeddingLoss", 0.0),
            ("HingeEmbeddingLoss", 1.0),
            ("MarginRankingLoss", 0.0),
        )
    ),
    _row("BCEWithLogitsLoss", "_Loss", f"{_WEIGHTED}, pos_weight=None"),
    _row("CTCLoss", "_Loss", "blank=0, reduction='mean', zero_infinity=False"),
    _row("CrossEntropyLoss", "_WeightedLoss _Loss", f"{_CLASSES}, label_smoothing=0.0"),
    _row("GaussianNLLLoss", "_Loss", "*, full=False, eps=1e-6, reduction='mean'"),
    _row("HuberLoss", "_Loss", "reduction='mean', delta=1.0", check=_check_delta),
    _row("KLDivLoss", "_Loss", f"{_END}, log_target=False"),
    _row(
        "MultiMarginLoss",
        "_WeightedLoss _Loss",
        f"p=1, margin=1.0, {_WEIGHTED}",
        check=_check_multi_margin,
    ),
    _row("NLLLoss", "_WeightedLoss _Loss", _CLASSES),
    _row("NLLLoss2d", "NLLLoss _WeightedLoss _Loss", _CLASSES),
    _row(
        "PoissonNLLLoss",
        "_Loss",
        "log_input=True, full=False, size_average=None, eps=1e-8, reduce=None, reduction='mean'",
    ),
    _row("SmoothL1Loss", "_Loss", f"{_END}, beta=1.0"),
    _row(
        "TripletMarginLoss",
        "_Loss",
        f"margin=1.0, p=2.0, eps=1e-6, swap=False, {_END}",
        check=_check_triplet("TripletMarginLoss"),
    ),
    layer(
        "TripletMarginWithDistanceLoss",
        "loss",
        "_Loss",
        "*, distance_function=None, margin=1.0, swap=False, reduction='mean'",
        attributes=_triplet_attributes,
        check=_check_triplet("TripletMarginWithDistanceLoss"),
        children=_distance,
    ),
)
