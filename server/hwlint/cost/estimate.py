"""What a model takes on a device, kernel by kernel."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from hwlint.graph import Layer

__all__ = ["Estimate", "Kernel", "OperationCost"]


class OperationCost(NamedTuple):
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


class Kernel(NamedTuple):
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
    """Of all kernels, and `constant`."""
    constant: float
    """Seconds that no kernel takes, of a fitted profile; may be negative."""
    joules: float | None
    """None where the profile has no energy."""
    peak_bytes: float | None
    """Most bytes of inputs and activations that are alive at one time."""
    weight_bytes: float
    """Bytes of all weights in the number format of the target."""
    unsupported: tuple[int, ...]
    """Operations that the deploy path does not run on the device: their time is counted as if it
    did, so that the total says little of what really happens."""
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


def _innermost(module: str, layers: Mapping[str, Layer]) -> Layer | None:
    """The layer that a module is or is inside of: composites run operations of their own."""
    while module:
        if module in layers:
            return layers[module]
        module = module.rpartition(".")[0]
    return layers.get("")
