"""HW103."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import prod

from hwlint.api import Change, Finding, Flow, Layer, Operation, Place, Reading, Rule, Step, Tile
from hwlint_rules._changes import number_for
from hwlint_rules._flow import left_factor
from hwlint_rules._origins import owner
from hwlint_rules._runs import run_of, share_words
from hwlint_rules._text import count, number, percent, widths

__all__ = ["MisalignedHeads"]


class MisalignedHeads(Rule):
    """Heads of attention whose width does not fill the device's tiles.

    What it checks
    --------------
    The width of one head in `scaled_dot_product_attention`, in attention that is written out
    (a product, softmax, a product) and in `nn.MultiheadAttention`, against the profile's tile for
    products of two activations. Where the width of the model can be cut into another number of
    heads that fills the tile, that number is named: 9600 in 96 heads is 100 each, in 100 heads it
    is 96. Attention whose shapes are not known is left alone.

    Why it costs
    ------------
    Both products of attention have the width of a head as a dimension: the first as its depth, the
    second as its columns. Kernels for it are written for multiples of the tile; others fill up
    each head or take narrower loads. It concerns every position of every head.

    Example
    -------
        nn.MultiheadAttention(embed_dim=800, num_heads=8)       # heads of 100

    Use instead
    -----------
        nn.MultiheadAttention(embed_dim=800, num_heads=10)      # heads of 80

    Fix safety
    ----------
    Unsafe: with another number of heads the weights keep their shapes and mean something else, so
    the model has to be trained again.

    Profile fields
    --------------
    `tiles` (layers "matmul"; operands "in"), `reporting.padding_layer_share`,
    `reporting.padding_model_share`, `reporting.slower_model_share`.

    References
    ----------
    - https://arxiv.org/abs/2401.14489
    - https://docs.nvidia.com/deeplearning/performance/dl-performance-matrix-multiplication/index.html
    """

    code = "HW103"
    name = "misaligned-heads"
    example_devices = ("h100-sxm",)
    VALID = (
        """
        import torch.nn as nn

        class Block(nn.Module):
            # hwlint: input(1, 64, 800)
            def __init__(self, dim=800, heads=10):
                super().__init__()
                self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)

            def forward(self, x):
                return self.attn(x, x, x)[0]
        """,
        """
        import torch.nn as nn

        class Gate(nn.Module):
            # hwlint: input(1, 64, 100)
            def __init__(self, dim=100):
                super().__init__()
                self.fc = nn.Linear(dim, dim)

            def forward(self, x):
                return x @ x.transpose(1, 2)
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Block(nn.Module):
            # hwlint: input(1, 64, 800)
            def __init__(self, dim=800, heads=8):
                super().__init__()
                self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)

            def forward(self, x):
                return self.attn(x, x, x)[0]
        """,
        """
        import torch.nn as nn
        import torch.nn.functional as F

        class Attention(nn.Module):
            # hwlint: input(1, 64, 9600)
            def __init__(self, dim=9600, heads=96):
                super().__init__()
                self.heads = heads
                self.qkv = nn.Linear(dim, 3 * dim)
                self.proj = nn.Linear(dim, dim)

            def forward(self, x):
                b, n, c = x.shape
                qkv = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads)
                q, k, v = qkv.permute(2, 0, 3, 1, 4)
                x = F.scaled_dot_product_attention(q, k, v)
                return self.proj(x.transpose(1, 2).reshape(b, n, c))
        """,
        """
        import torch.nn as nn

        class Attention(nn.Module):
            # hwlint: input(1, 64, 300)
            def __init__(self, dim=300, heads=12):
                super().__init__()
                self.heads = heads
                self.qkv = nn.Linear(dim, 3 * dim)

            def forward(self, x):
                b, n, c = x.shape
                qkv = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads)
                q, k, v = qkv.permute(2, 0, 3, 1, 4)
                scores = (q @ k.transpose(-2, -1)) * c ** -0.5
                return (scores.softmax(-1) @ v).transpose(1, 2).reshape(b, n, c)
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each literal or call that decides on such heads."""
        tile = reading.profile.tile(reading.dtype, "matmul", "in")
        flow = run_of(reading)
        links = reading.graph.links if reading.graph is not None else None
        if links is None or flow is None or tile is None:
            return
        groups: dict[tuple[Place, int], _Heads] = {}
        every: dict[int, set[int]] = {}
        for number_, width, heads in _attention(flow):
            operation = flow.operations[number_]
            if _made(links.by_number[number_]) not in (None, width * heads):
                continue  # heads that are folded into the batch: how many there are is not seen
            every.setdefault(heads, set()).add(width * heads)
            if not width % tile.minimum:
                continue
            place, layers, fewer = _decided(reading, operation, (width, heads), tile.minimum)
            # No layer of that width: what is multiplied is not queries with keys, but positions.
            if place is not None:
                group = groups.setdefault((place, width), _Heads(place, width, heads))
                group.operations.append(number_)
                group.layers.extend(layers)
                group.fewer.update(fewer)
        for group in groups.values():
            yield from _finding(reading, group, tile, every[group.heads])


@dataclass(slots=True)
class _Heads:
    """Attention whose heads are as wide for the same reason."""

    place: Place
    width: int
    heads: int
    operations: list[int] = field(default_factory=list[int])
    layers: list[Layer] = field(default_factory=list[Layer])
    fewer: set[int] = field(default_factory=set[int])
    """How many heads keys and values have where they have not as many as queries."""


def _attention(flow: Flow) -> Iterator[tuple[int, int, int]]:
    """Yield the operations that multiply queries with keys, the width of a head, and the heads."""
    makers = {i: n for n, operation in enumerate(flow.operations) for i in operation.outputs}
    for n, operation in enumerate(flow.operations):
        if operation.name == "scaled_dot_product_attention":
            found: int | None = n
        elif operation.name == "softmax":
            found = _product_before(flow, makers, operation)
        else:
            continue
        product = flow.operations[found] if found is not None else None
        shape = flow.tensors[product.inputs[left_factor(product.name)]].shape if product else None
        if found is None or shape is None or len(shape) <= _PLANE or None in shape:
            continue
        width, heads = shape[-1], shape[-3]
        if width and heads:
            yield found, width, heads


_PLANE = 2
"""Dimensions of one head's product: positions and width. Before them come the heads."""
_PASSES = frozenset(("mul", "div", "add", "sub", "masked_fill", "where", "dropout", "float", "to"))
"""What may stand between the product and softmax."""


_MOVES = frozenset(("reshape", "flatten", "contiguous", "clone", "mul", "div", "to", "float"))
"""What may stand between a projection and the product besides views."""


def _made(product: Step) -> int | None:
    """Return how wide the queries of all heads are that one position has, by the projection that
    they are views of; None where that is not seen."""
    left = left_factor(product.name)
    queries, maker = product.tensor(left), product.maker(left)
    while maker is not None:
        if maker.name == "linear" or maker.name.startswith("conv"):
            made = maker.result.shape if maker.result is not None else None
            channels = made[-1 if maker.name == "linear" else 1] if made and len(made) > 1 else None
            items, taken = _items(made), _items(queries.shape if queries is not None else None)
            return channels * taken // items if channels and items and taken else None
        passed = maker.operation.effect == "view" or maker.name in _MOVES
        maker = maker.maker() if passed else None
    return None


def _items(shape: Sequence[int | None] | None) -> int | None:
    """Return the product of all dimensions; None where one is not known."""
    if shape is None or None in shape:
        return None
    return prod(dim for dim in shape if dim is not None)


def _product_before(flow: Flow, makers: dict[int, int], operation: Operation) -> int | None:
    """Return the product of two activations that softmax works on."""
    for _ in range(len(_PASSES)):
        before = [makers[i] for i in operation.inputs if i in makers]
        products = [n for n in before if flow.operations[n].name in ("matmul", "bmm", "baddbmm")]
        if products:
            return products[0] if _is_of_activations(flow, products[0]) else None
        onward = [n for n in before if _is_passed(flow.operations[n])]
        if not onward:
            return None
        operation = flow.operations[onward[0]]
    return None


def _is_passed(operation: Operation) -> bool:
    return operation.name in _PASSES or operation.effect in ("view", "same")


def _is_of_activations(flow: Flow, number_: int) -> bool:
    return all(flow.tensors[i].kind != "parameter" for i in flow.operations[number_].inputs)


def _decided(
    reading: Reading, operation: Operation, heads: tuple[int, int], step: int
) -> tuple[Place | None, list[Layer], set[int]]:
    """Return the literal that decides the width of all heads, and the layers that have it: those
    of the module that runs the attention; and the numbers of heads of layers that have fewer."""
    width, whole = heads[0], heads[0] * heads[1]
    fewer: set[int] = set()
    assert reading.graph is not None
    layers: list[Layer] = []
    place: Place | None = None
    inside = f"{operation.module}." if operation.module else ""
    for name, layer in reading.graph.named_layers.items():
        if name != operation.module and not name.startswith(inside):
            continue
        if layer.op == "MultiheadAttention":
            argument = layer.args.get("embed_dim")
        else:
            ends = widths(layer)
            made = number(ends[1]) if ends is not None else None
            argument = ends[1] if ends is not None and made and made % whole == 0 else None
            if made and made < whole and made % width == 0:
                fewer.add(made // width)
        if argument is None or layer.maybe:
            continue
        layers.append(layer)
        literal = owner(argument.origin, step)
        place = place or (literal.place if literal is not None else None)
    return place or (layers[0].place if layers else None), layers, fewer


def _finding(
    reading: Reading, group: _Heads, tile: Tile, every: Collection[int]
) -> Iterator[Finding]:
    """`every`: how wide all heads are in each attention of the model with as many heads."""
    share = reading.share(group.layers, group.operations)
    padded = -(-group.width // tile.minimum) * tile.minimum
    waste = 1 - group.width / padded
    if not _worth_reading(reading, tile, share, waste):
        return
    whole, times = group.width * group.heads, len(group.operations)
    words = share_words(reading, share)
    if tile.effect == "slower":
        cost = f"less efficient in {reading.dtype} than multiples of {tile.minimum}"
    else:
        cost = f"computed in steps of {tile.minimum} in {reading.dtype}, as {padded}"
    places = [layer.place for layer in group.layers]
    places += (
        [reading.graph.flow.operations[n].place for n in group.operations]
        if (reading.graph is not None and reading.graph.flow is not None)
        else []
    )
    yield Finding(
        group.place,
        f"heads of {group.width} ({whole} in {group.heads}) miss the tile of {tile.minimum}, "
        f"{count(times, 'attention')}{f': {words}' if words else ''}",
        f"{cost} [{tile.evidence}]",
        _advice(whole, group, tile, every),
        alternatives=tuple(p for p in dict.fromkeys(places) if p is not None and p != group.place),
        share=waste,
        model_share=waste * share if share is not None else None,
        saves=waste * share if share is not None and reading.estimate is not None else None,
        data={"width": group.width, "heads": group.heads, "padded": padded},
        changes=_changes(whole, group, tile, every),
    )


def _changes(whole: int, group: _Heads, tile: Tile, every: Collection[int]) -> tuple[Change, ...]:
    """Return another number of heads, where all layers get theirs from one literal."""
    heads = _filling(whole, group, tile, every)
    built = [layer for layer in group.layers if "num_heads" in layer.args]
    if not built or len(built) < len(group.layers):
        return ()
    found = {change for layer in built for change in number_for(layer, "num_heads", heads)}
    return tuple(found) if len(found) == 1 else ()


def _worth_reading(reading: Reading, tile: Tile, share: float | None, waste: float) -> bool:
    limits = reading.profile.reporting
    if limits is None or share is None:
        return False
    if tile.effect == "slower":
        return share >= limits.slower_model_share
    return waste >= limits.padding_layer_share and waste * share >= limits.padding_model_share


def _advice(whole: int, group: _Heads, tile: Tile, every: Collection[int]) -> str:
    """Name the closest number of heads that fills the tile, else the closest width."""
    heads = _filling(whole, group, tile, every)
    if heads is not None:
        return f"{count(heads, 'head')} of {whole // heads} would fill it (train again)"
    padded = -(-group.width // tile.minimum) * tile.minimum
    grown = percent(padded / group.width - 1)
    return f"{group.heads} heads of {padded} would fill it (+{grown} width; changes parameters)"


def _filling(whole: int, group: _Heads, tile: Tile, every: Collection[int]) -> int | None:
    """Return the closest number of heads whose width fills the tile. Attentions of one model with
    as many heads mostly share the number, so it has to suit all of them."""
    fits = [
        n
        for n in range(1, whole + 1)
        if all(wide % n == 0 and wide // n % tile.minimum == 0 for wide in every)
        and all(n % shared == 0 for shared in group.fewer)
    ]
    if not fits:
        return None
    heads = min(fits, key=lambda n: (abs(n - group.heads), n))
    return heads if heads > 1 or group.heads == 1 else None
