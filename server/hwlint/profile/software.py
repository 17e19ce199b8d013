"""What the way onto a device does: exporter and runtime, operators, limits, fusion, sparsity."""

from collections.abc import Mapping
from typing import Literal

from attrs import field, frozen

from hwlint.profile.sourced import Dtype, Sourced

__all__ = [
    "Deploy",
    "FusedActivations",
    "FusedPattern",
    "Fusion",
    "Limit",
    "Operators",
    "Requirements",
    "Sparsity",
    "Support",
]

Support = Literal["native", "fused", "decomposed", "float", "none"]
"""How the deploy path runs an operator in one dtype: by a kernel of its own, inside the operator
before it, as several other operators, in floating point, or not at all."""


@frozen(kw_only=True)
class Deploy(Sourced):
    """How a model gets onto the device: what an operator costs belongs to this path."""

    exporter: str
    """What turns a torch module into a graph."""
    runtime: str
    """What compiles or runs that graph."""


@frozen(kw_only=True)
class Requirements(Sourced):
    """What the deploy path asks of the graph as a whole."""

    static_shapes: bool | None = None
    """All shapes must be known when the model is compiled."""
    control_flow: bool | None = None
    """Branches and loops may depend on data."""
    breaks: tuple[str, ...] = ()
    """Where the graph is cut in two and runs eagerly between: "bool" (a condition on a tensor),
    "item", "tolist", "print", "nonzero", "masked_select"."""
    integer_only: bool | None = None
    """The device has no floating point: the whole model must be quantised."""
    activations: tuple[Dtype, ...] = ()
    """Formats of activations that it takes."""
    weights: tuple[Dtype, ...] = ()
    """Formats of weights that it takes."""
    per_axis: tuple[str, ...] = ()
    """Operators whose weights may have one scale for each output channel."""
    unsupported: Literal["runs on the host", "fails"] | None = None
    """What becomes of an operator that the device cannot run."""
    partitions_max: int | None = None
    """Into how many pieces the device's part may fall; what comes after runs on the host."""
    batch_max: int | None = None
    """Largest batch."""
    dimension_max: int | None = None
    """Largest size of any dimension."""
    large_dimensions_max: int | None = None
    """How many dimensions of a tensor may be larger than one."""
    models_max: int | None = None
    """How many compiled pieces one core holds."""


@frozen(kw_only=True)
class Operators(Sourced):
    """How operators run in one dtype. What is not listed is not known."""

    support: Mapping[str, Support]
    """By torch.nn's class names."""
    why: Mapping[str, str] = field(factory=dict[str, str])
    """By operator: what it is decomposed into, what is missing."""
    functions: Mapping[str, Support] = field(factory=dict[str, Support])
    """By torch's function names, for what is called and not built."""
    int4_weights: tuple[str, ...] = ()
    """Operators (torch.nn's names) that also take weights of four bits."""


@frozen(kw_only=True)
class Limit(Sourced):
    """A bound on one property of some operators. Only what the words in `condition` say (where
    there are any) is bound."""

    operators: tuple[str, ...]
    """torch.nn's class names, or torch's function names in lower case."""
    property: str
    """"stride", "kernel_size", "kernel_height", "dilation", "groups", "rank", "channels", ..."""
    minimum: int | None = None
    """Least value."""
    maximum: int | None = None
    """Greatest value."""
    multiple: int | None = None
    """The value must be a multiple of this."""
    allowed: tuple[int, ...] = ()
    """All values that there may be."""
    dtypes: tuple[Dtype, ...] = ()
    """Empty: all."""
    applies: tuple[Literal["depthwise", "dilated", "padded", "two-sided"], ...] = ()
    """Only layers of which one of these is true are bound: one channel a group, a dilation or a
    padding, a kernel of more than one row and column. Empty: all."""
    condition: str = ""
    """When it holds, in words."""


@frozen(kw_only=True)
class FusedActivations(Sourced):
    """Activations that cost nothing after some producers."""

    producers: tuple[str, ...]
    """torch.nn's class names."""
    activations: tuple[str, ...]
    """torch.nn's class names."""
    dtypes: tuple[Dtype, ...] = ()
    """Empty: all."""
    complete: bool = True
    """False: others cost nothing at times too, and it is not known when."""
    condition: str = ""
    """Which, in words."""


@frozen(kw_only=True)
class FusedPattern(Sourced):
    """A sequence of operators that becomes one."""

    sequence: tuple[str, ...]
    """torch.nn's class names and torch's function names, in order."""
    condition: str = ""
    """When, in words."""


@frozen(kw_only=True)
class Fusion(Sourced):
    """What the runtime makes one operator of."""

    batch_norm_folds_into: tuple[str, ...] | None = None
    """Operators whose weights take up a batch norm that directly follows."""
    batch_norm_folds_shared: bool = False
    """They do so also where something else reads what they make."""
    pointwise_chains: bool | None = None
    """Element-wise operators in a row become one kernel by themselves."""
    reductions: bool | None = None
    """A norm, a softmax or a mean goes into such a kernel with what is before and after it."""
    attention: bool | None = None
    """Attention that is written out (product, softmax, product) becomes one kernel by itself."""
    attention_missed: tuple[str, ...] = ()
    """Forms of it that stay apart all the same, as torch's functions in a row:
    "mul matmul softmax matmul"."""
    constants: bool | None = None
    """What is computed from weights alone is computed once, before the model runs."""
    shared_input: bool | None = None
    """Products of one input with several weights become one product by themselves."""
    padding: bool | None = None
    """A padding layer goes into the convolution after it."""
    residual_add: bool | None = None
    """An addition goes into the convolution or product before it."""
    reorders: bool | None = None
    """Copies of a tensor into another order of its axes and back again are taken out."""
    drops_unused: bool | None = None
    """Operators whose results nobody uses are taken out."""
    written_out: tuple[str, ...] = ()
    """Activations that are one operator also where they are written out in a usual form: GELU as
    0.5 * x * (1 + tanh(...))."""
    tables: tuple[str, ...] = ()
    """Functions that are looked up in a table on the way out of the element-wise operator before
    them, at some shapes at least: torch's names."""
    condition: str = ""
    """When, in words."""
    activations: tuple[FusedActivations, ...] = ()
    """Which activations go into what comes before them."""
    patterns: tuple[FusedPattern, ...] = ()
    """Longer sequences."""


@frozen(kw_only=True)
class Sparsity(Sourced):
    """Which zeros in the weights save time."""

    two_four: bool | None = None
    """Two zeros among each four weights do."""
    two_four_speedup_max: float | None = None
    """By how much at most."""
    two_four_speedup_measured: tuple[float, ...] = ()
    """Least and greatest gain that was measured."""
    two_four_multiples: Mapping[Dtype, int] = field(factory=dict[Dtype, int])
    """Of what both dimensions of a weight have to be multiples, by dtype."""
    layouts: bool | None = None
    """Tensors in a sparse layout (COO, CSR) have kernels."""
    two_four_channels_above: int | None = None
    """Only with more input channels than this."""
    unstructured: bool | None = None
    """Single zeros anywhere do."""
    unstructured_dtypes: tuple[Dtype, ...] = ()
    """Where `unstructured` holds only for some dtypes; empty: all."""
    structured: bool | None = None
    """Whole channels that are taken out do."""
    weight_compression: bool | None = None
    """Zeros make the stored weights smaller."""
    condition: str = ""
    """When, in words."""
