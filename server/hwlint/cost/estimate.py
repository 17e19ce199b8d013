"""What a model takes on a device: time by a roofline for each kernel, memory and energy.

A kernel is what the runtime of the profile makes of one or several operations. Its time is
max(compute, memory) + overhead: operations over the rate that is reached for that kind of layer,
padded to the device's tiles; bytes from and to the outermost memory over its bandwidth; and what
it takes to start it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from hwlint.cost.fusion import Group, group
from hwlint.cost.memory import peak_memory
from hwlint.cost.npu_run import BlockRun
from hwlint.cost.rates import Rates, wanting
from hwlint.cost.tensors import Deployed, item_bytes
from hwlint.cost.traffic import dram_bytes, touched_by
from hwlint.cost.work import layer_op, product_of
from hwlint.graph import Flow, Layer, ModelGraph, Operation
from hwlint.profile import Profile

__all__ = ["Estimate", "Kernel", "OperationCost", "estimate", "silent_for"]


@dataclass(frozen=True, slots=True)
class OperationCost:
    """What one operation takes. Seconds of a kernel are shared out among its operations."""

    seconds: float
    compute: float
    """Seconds that computing takes by itself."""
    memory: float
    """Seconds that moving its bytes takes by itself."""
    overhead: float
    """Seconds for starting it."""
    bound: str
    """What decides the time of its kernel: "compute", "memory" or "dispatch"; "" where it takes
    none."""
    moved: float
    """Bytes from and to the outermost memory, after what stays on the chip."""
    padding: float
    """Share (0 to 1) of what is computed that only fills up tiles."""
    kernel: int | None
    """Index into `Estimate.kernels`; None: a view, which no kernel has to make."""
    joules: float | None
    achieved: float | None
    """Share (0 to 1) of the device's peak rate; None where it computes no products or the peak is
    not known."""

    @property
    def wasted(self) -> float:
        """Seconds that filling up tiles adds, where computing decides the time."""
        needed = max(self.compute * (1 - self.padding), self.memory)
        return max(0.0, self.compute - needed)


@dataclass(frozen=True, slots=True)
class Kernel:
    """What the runtime makes one kernel of."""

    operations: tuple[int, ...]
    """Indices into `Flow.operations`."""
    seconds: float
    bound: str
    """"compute", "memory" or "dispatch"."""


@dataclass(frozen=True)
class Estimate:
    """What one run of a model takes on a device."""

    operations: tuple[OperationCost, ...]
    """In the order of `graph.flow.operations`."""
    kernels: tuple[Kernel, ...]
    """In the order in which they run."""
    seconds: float
    joules: float | None
    """None where the profile has no energy."""
    peak_bytes: float | None
    """Most bytes of inputs and activations that are alive at one time."""
    weight_bytes: float
    """Bytes of all weights in the number format of the target."""
    _modules: tuple[str, ...] = field(repr=False)
    _layers: Mapping[str, Layer] = field(repr=False)
    _resized: Callable[[int, int | None, int | None], float | None] | None = field(
        default=None, repr=False
    )

    def share_of_operations(self, numbers: Iterable[int]) -> float:
        """Return the share (0 to 1) of the time that these operations take."""
        taken = sum(self.operations[number].seconds for number in set(numbers))
        return taken / self.seconds if self.seconds else 0.0

    def share_of_layers(self, layers: Iterable[Layer]) -> float:
        """Return the share (0 to 1) of the time that all instances of these layers take."""
        return self.share_of_operations(self.of_layers(layers))

    def share_of_module(self, name: str) -> float:
        """Return the share (0 to 1) of the time that a module takes with all inside of it."""
        return self.share_of_operations(self.of_module(name))

    def wasted_share(self, layers: Iterable[Layer]) -> float:
        """Return the share (0 to 1) of the time that filling up tiles adds in these layers."""
        wasted = sum(self.operations[number].wasted for number in self.of_layers(layers))
        return wasted / self.seconds if self.seconds else 0.0

    def resized(self, layer: Layer, ins: int | None, outs: int | None) -> float | None:
        """Return the time of a layer with other numbers of input and output channels (None: as
        many as it has), by its time now. None where the profile does not say how time steps with
        channels, or where the layer does not run."""
        numbers = self.of_layers([layer])
        if self._resized is None or not numbers:
            return None
        return self._resized(numbers[0], ins, outs)

    def of_layers(self, layers: Iterable[Layer]) -> tuple[int, ...]:
        """Return the operations that all instances of these layers run."""
        numbers = {n for layer in layers for n in self._by_layer.get(layer, ())}
        return tuple(sorted(numbers))

    def of_module(self, name: str) -> tuple[int, ...]:
        """Return the operations that a module runs, with all inside of it; "" is the model."""
        inside = f"{name}." if name else ""
        return tuple(n for n, at in enumerate(self._modules) if at == name or at.startswith(inside))

    @cached_property
    def _by_layer(self) -> Mapping[Layer, tuple[int, ...]]:
        found: dict[Layer, list[int]] = {}
        for number, module in enumerate(self._modules):
            layer = _innermost(module, self._layers)
            if layer is not None:
                found.setdefault(layer, []).append(number)
        return {layer: tuple(numbers) for layer, numbers in found.items()}


def silent_for(graph: ModelGraph, profile: Profile, dtype: str) -> str | None:
    """Return why there is no estimate: the profile field that is wanting, or what is not known of
    the run; None where there is one."""
    field_name = wanting(profile, dtype)
    if field_name is not None:
        return f"the profile has no {field_name}"
    if graph.flow is None:
        return "forward was not followed"
    if not graph.flow.complete:
        return graph.flow.missing[0].reason
    if any(tensor.items is None for tensor in graph.flow.tensors):
        return "the shape of a tensor is not known"
    return None


def estimate(graph: ModelGraph, profile: Profile, dtype: str) -> Estimate | None:
    """Return what one run of a model takes on a device; None where that is not known, see
    `silent_for`."""
    if silent_for(graph, profile, dtype) is not None or graph.flow is None:
        return None
    return _Estimation(graph, graph.flow, profile, dtype).result()


class _Estimation:
    def __init__(self, graph: ModelGraph, flow: Flow, profile: Profile, dtype: str) -> None:
        self.flow = flow
        self.profile = profile
        self.dtype = dtype
        self.rates = Rates(profile, dtype)
        fusion = profile.fusion
        self.tensors = Deployed(
            flow, dtype, drops_unused=bool(fusion is not None and fusion.drops_unused)
        )
        self.layers = {n: node.layer for n, node in graph.walk() if node.layer is not None}
        self.params = graph.params
        core = profile.core
        self.cycle = 1e-6 / core.clock_mhz if core is not None and core.clock_mhz else None
        self.blocks = self._blocks()

    def _blocks(self) -> BlockRun | None:
        """How the device works layers off in blocks, where its profile says it."""
        engine = self.profile.blocks
        if engine is None or self.dtype not in engine.dtypes or self.cycle is None:
            return None
        return BlockRun(self.flow, self.tensors, engine, self.layers)

    def result(self) -> Estimate:
        groups = group(self.flow, self.tensors, self.profile, self.dtype, self._ops())
        touched = [touched_by(g, self.flow, self.tensors) for g in groups]
        moved = dram_bytes(touched, self.tensors, self.rates.cache)
        costs: dict[int, OperationCost] = {}
        kernels: list[Kernel] = []
        for number, (made, bytes_) in enumerate(zip(groups, moved, strict=True)):
            kernel, of_each = self._kernel(number, made, bytes_)
            kernels.append(kernel)
            costs |= of_each
        operations = tuple(costs.get(n, _NOTHING) for n in range(len(self.flow.operations)))
        seconds = sum(kernel.seconds for kernel in kernels)
        peak = peak_memory(self.flow)
        most = peak.bytes if peak is not None else None
        return Estimate(
            operations,
            tuple(kernels),
            seconds,
            self._joules(seconds),
            self.blocks.peak(groups) if self.blocks is not None else most,
            (self.params or 0) * (item_bytes(self.dtype) or 0),
            tuple(operation.module for operation in self.flow.operations),
            self.layers,
            self.blocks.resized if self.blocks is not None else None,
        )

    def _ops(self) -> list[str]:
        return [self._op(operation) for operation in self.flow.operations]

    def _op(self, operation: Operation) -> str:
        layer = self.layers.get(operation.module)
        return layer_op(operation, layer.op if layer is not None else None)

    def _kernel(
        self, index: int, made: Group, moved: float
    ) -> tuple[Kernel, dict[int, OperationCost]]:
        parts = {n: self._compute(n) for n in made.operations if n not in made.folded}
        compute, memory, seconds = self._seconds(made, parts, moved)
        bound = _bound(compute, memory, self.rates.overhead)
        weights = {n: part[0] for n, part in parts.items()}
        costs: dict[int, OperationCost] = {}
        for number in made.operations:
            share = self._share(number, weights)
            alone, padding, peak_seconds = parts.get(number, (0.0, 0.0, None))
            spent = share * seconds
            costs[number] = OperationCost(
                seconds=spent,
                compute=alone,
                memory=share * memory,
                overhead=share * self.rates.overhead,
                bound=bound if share else "",
                moved=share * moved,
                padding=padding,
                kernel=index,
                joules=self._joules(spent),
                achieved=peak_seconds / spent if peak_seconds is not None and spent else None,
            )
        return Kernel(tuple(made.operations), seconds, bound), costs

    def _seconds(
        self, made: Group, parts: dict[int, tuple[float, float, float | None]], moved: float
    ) -> tuple[float, float, float]:
        """Seconds of computing, of moving bytes, and of the kernel as a whole."""
        if self.blocks is not None and self.cycle is not None:
            took = self.blocks.kernel(made)
            moving = max(took.maps, took.weights)
            return took.compute * self.cycle, moving * self.cycle, took.total * self.cycle
        compute = sum(seconds for seconds, _, _ in parts.values())
        memory = moved / self.rates.bandwidth if self.rates.bandwidth else 0.0
        return compute, memory, max(compute, memory) + self.rates.overhead

    @staticmethod
    def _share(number: int, weights: Mapping[int, float]) -> float:
        """What of a kernel's time is one operation's: by what it computes, else in equal parts."""
        if number not in weights:
            return 0.0
        total = sum(weights.values())
        return weights[number] / total if total else 1 / len(weights)

    def _compute(self, number: int) -> tuple[float, float, float | None]:
        """Seconds of computing, share of padding, and seconds at the peak rate."""
        operation = self.flow.operations[number]
        product = product_of(self.flow, operation)
        if product is None or operation.macs is None:
            return 0.0, 0.0, None
        padded = self.rates.padded(product)
        macs = operation.macs / (1 - padded.padding)
        seconds = 2 * macs / self.rates.operations(product)
        peak = 2 * operation.macs / self.rates.peak if self.rates.peak else None
        return seconds, padded.padding, peak

    def _joules(self, seconds: float) -> float | None:
        power = self.profile.power
        active = power.active_w if power is not None else None
        return active * seconds if active is not None else None


_NOTHING = OperationCost(0.0, 0.0, 0.0, 0.0, "", 0.0, 0.0, None, 0.0, None)


def _bound(compute: float, memory: float, overhead: float) -> str:
    if overhead > max(compute, memory):
        return "dispatch"
    return "compute" if compute >= memory else "memory"


def _innermost(module: str, layers: Mapping[str, Layer]) -> Layer | None:
    """The layer that a module is or is inside of: composites run operations of their own."""
    while module:
        if module in layers:
            return layers[module]
        module = module.rpartition(".")[0]
    return layers.get("")
