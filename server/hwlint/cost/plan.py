"""What has to be done on a device to run a model: kernels, products, bytes. No rates yet."""

from math import ceil
from typing import NamedTuple

from hwlint.cost.fusion import group
from hwlint.cost.run import Run
from hwlint.cost.tensors import Deployed
from hwlint.cost.traffic import touched_by
from hwlint.cost.work import Product
from hwlint.graph import Flow, ModelGraph
from hwlint.profile import Profile

__all__ = ["Amounts", "Padded", "Plan", "padded"]


class Padded(NamedTuple):
    """A matrix product as the device computes it."""

    macs: float
    padding: float
    """Share of `macs` that fills up tiles, 0 to 1."""


class Amounts(NamedTuple):
    """What some operations come to."""

    operations: float
    """Two for each multiply-accumulate, tiles filled up."""
    bytes: float
    """That kernels load and store, wherever they come from."""
    kernels: int


class Plan:
    """The kernels of a run whose flow is complete, in the number format of the target."""

    def __init__(self, graph: ModelGraph, flow: Flow, profile: Profile, dtype: str) -> None:
        self.flow = flow
        self.profile = profile
        self.dtype = dtype
        fusion = profile.fusion
        drops = fusion is not None and bool(fusion.drops_unused)
        run = graph.derived(Run)
        self.tensors = Deployed(run, dtype, drops_unused=drops)
        self.layers = graph.named_layers
        self.ops = run.ops
        """torch.nn's name of each operation, "" where there is none."""
        self.groups = group(flow, self.tensors, profile, dtype, self.ops)
        self._products = run.products
        self._padding: dict[Product, float] = {}
        self._filled: dict[int, Padded] = {}
        self.touched = [
            touched_by(made, flow, self.tensors, self._products) for made in self.groups
        ]

    def product(self, number: int) -> tuple[Product, Padded] | None:
        """Return the matrix product that an operation is; None where it is none."""
        product = self._products[number]
        if product is None:
            return None
        if number not in self._filled:
            self._filled[number] = self._fill(product, self.flow.operations[number].macs or 0)
        return product, self._filled[number]

    def _fill(self, product: Product, macs: int) -> Padded:
        padding = self._padding.get(product)
        if padding is None:
            padding = padded(product, self.profile, self.dtype).padding
            self._padding[product] = padding
        return Padded(macs / (1 - padding), padding)

    def amounts(self, module: str = "") -> Amounts:
        """Return what a module does with all inside of it; "" is the model."""
        operations, moved, kernels = 0.0, 0.0, 0
        for made, touched in zip(self.groups, self.touched, strict=True):
            if not _inside(self.flow.operations[made.operations[0]].module, module):
                continue
            kernels += 1
            moved += touched.bytes + touched.repeated
            found = (self.product(n) for n in made.operations if n not in made.folded)
            operations += sum(2 * product[1].macs for product in found if product is not None)
        return Amounts(operations, moved, kernels)


def padded(product: Product, profile: Profile, dtype: str) -> Padded:
    """Return a product filled up to the tiles of the profile.

    Where missing a tile means a slower kernel, the unit that does the work takes whole tiles as
    well: that much is certain, how much slower the kernel is is not known.
    """

    def filled(operand: str, size: int) -> int:
        tile = profile.tile(dtype, product.kind, operand, product.kernel)
        if tile is None or tile.effect == "priced":
            return size
        return ceil(size / tile.minimum) * tile.minimum

    rows, columns, groups = filled("rows", product.rows), product.columns, product.groups
    depth = product.depth
    if product.kind == "depthwise":
        groups = filled("out", groups)
    else:
        columns = filled("out", columns)
        depth = depth // product.channels_in * filled("in", product.channels_in)
        depth = _row_filled(depth, product, profile, dtype)
    macs = rows * columns * depth * groups
    return Padded(macs, 1 - product.macs / macs if macs else 0.0)


def _row_filled(depth: int, product: Product, profile: Profile, dtype: str) -> int:
    """Fill up the row that a window of a convolution is copied to."""
    steps = [
        layout.elements
        for layout in profile.layouts
        if layout.axis == "im2col row" and dtype in layout.dtypes and product.kind == "conv"
    ]
    return ceil(depth / steps[0]) * steps[0] if steps else depth


def _inside(name: str, module: str) -> bool:
    return not module or name == module or name.startswith(f"{module}.")
