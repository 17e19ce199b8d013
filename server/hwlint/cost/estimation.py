"""From a graph and a profile to an estimate.

A kernel is what the runtime of the profile makes of one or several operations. Its time is
max(compute, memory) + overhead: operations over the rate that is reached for that kind of layer,
padded to the device's tiles; bytes from and to the outermost memory over its bandwidth; and what
it takes to start it. Where the profile was fitted to measured models it is a sum, see `Fitted`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from hwlint.cost.deployed import kept
from hwlint.cost.estimate import Estimate, Kernel, OperationCost
from hwlint.cost.fusion import Group
from hwlint.cost.memory import Moment, Peak, peak_of, planned_course, run_course
from hwlint.cost.plan import Amounts, Padded, Plan
from hwlint.cost.rates import calibrated_of, rates_of, wanting
from hwlint.cost.tensors import item_bytes
from hwlint.cost.traffic import dram_bytes, items_of
from hwlint.cost.work import Product
from hwlint.graph import ModelGraph
from hwlint.profile import Profile

if TYPE_CHECKING:
    from hwlint.cost.npu_run import BlockRun

__all__ = [
    "amounts",
    "estimate",
    "memory_course",
    "peak_on",
    "plan_of",
    "silent_for",
    "unknown_of",
    "weight_bytes",
]


def silent_for(graph: ModelGraph, profile: Profile, dtype: str) -> str | None:
    """Return why there is no estimate: the profile field that is wanting, or what is not known of
    the run; None where there is one."""
    field_name = wanting(profile, dtype)
    if field_name is not None:
        return f"the profile has no {field_name}"
    return unknown_of(graph)


def unknown_of(graph: ModelGraph) -> str | None:
    """Return what of a run is not known; None where all is."""
    if graph.flow is None:
        return "forward was not followed"
    if not graph.flow.complete:
        return graph.flow.missing[0].reason
    if any(tensor.items is None for tensor in graph.flow.tensors):
        return "the shape of a tensor is not known"
    return None


def plan_of(graph: ModelGraph, profile: Profile, dtype: str) -> Plan | None:
    """Return what has to be done on a device to run a model, whatever its rates; None where the
    run is not known in full."""
    if unknown_of(graph) is not None or graph.flow is None or item_bytes(dtype) is None:
        return None
    return Plan(graph, graph.flow, profile, dtype)


def estimate(
    graph: ModelGraph, profile: Profile, dtype: str, plan: Plan | None = None
) -> Estimate | None:
    """Return what one run of a model takes on a device; None where that is not known, see
    `silent_for`. `plan`: its `plan_of`, where somebody has it already."""
    if wanting(profile, dtype) is not None:
        return None
    plan = plan or plan_of(graph, profile, dtype)
    return None if plan is None else _Estimation(plan, graph.derived(kept).params).result()


def amounts(graph: ModelGraph, profile: Profile, dtype: str, module: str = "") -> Amounts | None:
    """Return what a model (or one module of it) has to do on a device, whatever its rates; None
    where the run is not known in full."""
    plan = plan_of(graph, profile, dtype)
    return None if plan is None else plan.amounts(module)


def peak_on(
    graph: ModelGraph, profile: Profile, dtype: str, plan: Plan | None = None
) -> Peak | None:
    """Return the most bytes of inputs and activations that are alive at one time on a device,
    whatever its rates; None where the run is not known in full. `plan`: its `plan_of`, where
    somebody has it already."""
    course = memory_course(graph, profile, dtype, plan)
    return None if course is None else peak_of(course)


def memory_course(
    graph: ModelGraph, profile: Profile, dtype: str, plan: Plan | None = None
) -> list[Moment] | None:
    """Return what is alive on a device while each kernel runs, of which `peak_on` is the highest;
    None where the run is not known in full."""
    plan = plan or plan_of(graph, profile, dtype)
    if plan is None:
        return None
    blocks = _blocks(plan)
    if blocks is not None:
        for made in plan.groups:
            blocks.kernel(made)  # what it copies ahead of its use takes memory as well
    return _course(plan, blocks)


def weight_bytes(graph: ModelGraph, dtype: str) -> float | None:
    """Return the bytes of all weights that are deployed (`kept`) in a number format; None where
    that is not known."""
    size, params = item_bytes(dtype), graph.derived(kept).params
    return None if params is None or size is None else params * size


class _Computed(NamedTuple):
    """Computing of one operation."""

    seconds: float
    padding: float
    at_peak: float | None
    """Seconds that its products, not padded, would take at the peak rate."""
    memory: float = 0.0
    """Of `seconds`, where single operations were timed: what grows with its bytes."""
    overhead: float = 0.0
    """Of `seconds`, where single operations were timed: what starting it takes."""


class _Estimation:
    def __init__(self, plan: Plan, params: int | None) -> None:
        self.plan = plan
        self.params = params
        self.timed = calibrated_of(plan.profile, plan.dtype)
        self.rates = rates_of(plan.profile, plan.dtype)
        self.cycle = _cycle(plan.profile)
        self.blocks = _blocks(plan)
        self._first = frozenset(made.operations[0] for made in plan.groups)

    def result(self) -> Estimate:
        plan = self.plan
        moved = dram_bytes(plan.touched, plan.tensors, self.rates.cache)
        costs: dict[int, OperationCost] = {}
        kernels: list[Kernel] = []
        for number, made in enumerate(plan.groups):
            kernel, of_each = self._kernel(number, made, moved[number])
            kernels.append(kernel)
            costs |= of_each
        seconds = sum(kernel.seconds for kernel in kernels) + self.rates.constant
        course = _course(plan, self.blocks)
        return Estimate(
            tuple(costs.get(n, _NOTHING) for n in range(len(plan.flow.operations))),
            tuple(kernels),
            max(0.0, seconds),
            self.rates.constant,
            self._joules(seconds, sum(self._operations(n) for n in costs), sum(moved)),
            peak_of(course).bytes if course is not None else None,
            (self.params or 0) * (item_bytes(plan.dtype) or 0),
            tuple(n for n in sorted(plan.tensors.running) if self._unsupported(n)),
            tuple(operation.module for operation in plan.flow.operations),
            plan.layers,
            self.blocks.resized if self.blocks is not None else None,
        )

    def _kernel(
        self, index: int, made: Group, moved: float
    ) -> tuple[Kernel, dict[int, OperationCost]]:
        parts = {n: self._compute(n) for n in made.operations if n not in made.folded}
        compute, memory, overhead, seconds = self._seconds(index, made, parts, moved)
        bound = _bound(compute, memory, overhead)
        costs: dict[int, OperationCost] = {}
        total = sum(part.seconds for part in parts.values())
        for number in made.operations:
            part, share = parts.get(number, _COMPUTED), _share(number, parts, total)
            spent = share * seconds
            costs[number] = OperationCost(
                seconds=spent,
                compute=part.seconds,
                memory=share * memory,
                overhead=share * overhead,
                bound=bound if share else "",
                moved=share * moved,
                padding=part.padding,
                kernel=index,
                joules=self._joules(spent, self._operations(number), share * moved),
                achieved=part.at_peak / spent if part.at_peak is not None and spent else None,
            )
        return Kernel(tuple(made.operations), seconds, bound), costs

    def _seconds(
        self, index: int, made: Group, parts: Mapping[int, _Computed], moved: float
    ) -> tuple[float, float, float, float]:
        """Seconds of computing, of moving bytes, of starting, and of the kernel as a whole."""
        if self.blocks is not None and self.cycle is not None:
            took = self.blocks.kernel(made)
            moving = max(took.maps, took.weights)
            computing, total = took.compute * self.cycle, took.total * self.cycle
            return computing, moving * self.cycle, self.rates.overhead, total
        if self.timed is not None:
            between = self.timed.between if index else 0.0
            memory = sum(part.memory for part in parts.values())
            overhead = sum(part.overhead for part in parts.values()) + between
            total = sum(part.seconds for part in parts.values()) + between
            return total - memory - overhead, memory, overhead, total
        touched = self.plan.touched[index]
        compute = sum(part.seconds for part in parts.values())
        memory = self.rates.memory(moved, touched.bytes + touched.repeated)
        overhead = self.rates.overhead
        return compute, memory, overhead, self.rates.together(compute, memory) + overhead

    def _compute(self, number: int) -> _Computed:
        found = self.plan.product(number)
        macs = self.plan.flow.operations[number].macs
        if found is None or not macs:
            return self._elementwise(number)
        product, padded = found
        if self.timed is not None:
            return self._timed_product(number, product, padded)
        peak = 2 * macs / self.rates.peak if self.rates.peak else None
        return _Computed(self.rates.compute(product, padded.macs), padded.padding, peak)

    def _timed_product(self, number: int, product: Product, padded: Padded) -> _Computed:
        assert self.timed is not None
        operation = self.plan.flow.operations[number]
        inputs = self.plan.flow.tensors[operation.inputs[0]].items or 0
        spent = self.timed.product(product, padded.macs, inputs, operation.name)
        if spent is None:
            return _COMPUTED
        return _Computed(spent.seconds, padded.padding, None, spent.memory, spent.overhead)

    def _elementwise(self, number: int) -> _Computed:
        """What is done item by item: nothing where it is part of another operation's kernel."""
        operation = self.plan.flow.operations[number]
        if number not in self._first:
            return _COMPUTED
        if self.timed is not None:
            spent = self.timed.passed(operation.name, items_of(operation, self.plan.flow))
            return _Computed(spent.seconds, 0.0, None, spent.memory, spent.overhead)
        outputs = sum(self.plan.flow.tensors[i].items or 0 for i in operation.outputs)
        loads = (operation.window - 1) * outputs
        return _Computed(self.rates.other(outputs, loads), 0.0, None)

    def _joules(self, seconds: float, operations: float, moved: float) -> float | None:
        """Power measured while models run, times time; else what operations and bytes cost. None
        where the profile has neither."""
        power, energy = self.plan.profile.power, self.plan.profile.energy
        if power is not None and power.active_w is not None:
            return power.active_w * seconds
        if energy is None:
            return None
        each, byte = energy.pj_per_op.get(self.plan.dtype), energy.pj_per_byte.get("dram")
        if each is None or byte is None:
            return None
        return (each * operations + byte * moved) * 1e-12

    def _operations(self, number: int) -> float:
        """Two for each multiply-accumulate, tiles filled up."""
        found = self.plan.product(number)
        return 2 * found[1].macs if found is not None else 0.0

    def _unsupported(self, number: int) -> bool:
        plan = self.plan
        op, name = plan.ops[number], plan.flow.operations[number].name
        support = plan.profile.support(plan.dtype, op) if op else None
        return (support or plan.profile.supports_function(plan.dtype, name)) == "none"


def _cycle(profile: Profile) -> float | None:
    """Seconds of one cycle."""
    core = profile.core
    return 1e-6 / core.clock_mhz if core is not None and core.clock_mhz else None


def _blocks(plan: Plan) -> "BlockRun | None":
    """How the device works layers off in blocks, where its profile says it and is not fitted to
    what was measured."""
    engine = plan.profile.blocks
    if engine is None or plan.dtype not in engine.dtypes or _cycle(plan.profile) is None:
        return None
    if plan.dtype in plan.profile.fits or plan.dtype in plan.profile.calibrated:
        return None
    from hwlint.cost.npu_run import BlockRun  # noqa: PLC0415 - few devices need it: start-up time

    return BlockRun(plan.flow, plan.tensors, engine, plan.layers)


def _course(plan: Plan, blocks: "BlockRun | None") -> list[Moment] | None:
    """As the compiler of an NPU, a runtime that plans, or Python itself has it."""
    if blocks is not None:
        alive = blocks.alive(plan.groups)
        first = [made.operations[0] for made in plan.groups]
        return [Moment(-1, 0.0), *map(Moment, first, alive)]
    fusion = plan.profile.fusion
    if fusion is not None and fusion.drops_unused is False:
        return run_course(plan.flow, item_bytes(plan.dtype))
    return planned_course(plan)


_NOTHING = OperationCost(0.0, 0.0, 0.0, 0.0, "", 0.0, 0.0, None, 0.0, None)
_COMPUTED = _Computed(0.0, 0.0, None)


def _share(number: int, parts: Mapping[int, _Computed], total: float) -> float:
    """What of a kernel's time is one operation's: by what it computes of the total, else in equal
    parts."""
    if number not in parts:
        return 0.0
    return parts[number].seconds / total if total else 1 / len(parts)


def _bound(compute: float, memory: float, overhead: float) -> str:
    if overhead > max(compute, memory):
        return "dispatch"
    return "compute" if compute >= memory else "memory"
