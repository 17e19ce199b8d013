"""What a model costs: numbers worked out from the graph."""

from hwlint.cost.deployed import Kept, kept
from hwlint.cost.estimate import Estimate, Kernel, OperationCost
from hwlint.cost.estimation import (
    amounts,
    estimate,
    memory_course,
    peak_on,
    plan_of,
    silent_for,
    unknown_of,
    weight_bytes,
)
from hwlint.cost.fit import (
    LEAST,
    Accuracy,
    Coefficients,
    Sample,
    accuracy,
    cross_validated,
    fit,
    fit_flops,
)
from hwlint.cost.memory import Moment, Peak, peak_memory, peak_of
from hwlint.cost.plan import Amounts, Plan
from hwlint.cost.rates import Roof, roof_of, wanting
from hwlint.cost.tensors import item_bytes
from hwlint.cost.work import Product, layer_op, product_of

__all__ = [
    "LEAST",
    "Accuracy",
    "Amounts",
    "Coefficients",
    "Estimate",
    "Kept",
    "Kernel",
    "Moment",
    "OperationCost",
    "Peak",
    "Plan",
    "Product",
    "Roof",
    "Sample",
    "accuracy",
    "amounts",
    "cross_validated",
    "estimate",
    "fit",
    "fit_flops",
    "item_bytes",
    "kept",
    "layer_op",
    "memory_course",
    "peak_memory",
    "peak_of",
    "peak_on",
    "plan_of",
    "product_of",
    "roof_of",
    "silent_for",
    "unknown_of",
    "wanting",
    "weight_bytes",
]
