"""HW104."""

from collections.abc import Iterable, Iterator

from hwlint.api import Finding, Layer, Origin, Place, Reading, Rule, Tile
from hwlint_rules._changes import padded as padded_literal
from hwlint_rules._origins import describe, owner
from hwlint_rules._runs import share_words
from hwlint_rules._text import number, percent, related
from hwlint_rules._vocabulary import vocabulary_layers

__all__ = ["MisalignedVocabulary"]


class MisalignedVocabulary(Rule):
    """A vocabulary whose output layer does not fill the device's tiles.

    What it checks
    --------------
    Linear layers that are as wide as an embedding of the same model has rows: they score every
    entry of the vocabulary. Their width is held against the tile of the profile, and the next
    multiple of what the profile recommends is named (50257 becomes 50304). A vocabulary without
    such a layer is left alone, because looking rows up costs the same whatever their number, and
    so is one of which the tile's rest is not worth a line.

    Why it costs
    ------------
    The output layer is often the largest product of a language model. With an odd number of
    columns its rows do not start at addresses that are multiples of 16 bytes, so that wide loads
    and the fastest kernels are out. The entries that fill it up are never predicted.

    Example
    -------
        vocab_size: int = 50257

    Use instead
    -----------
        vocab_size: int = 50304     # the next multiple of 64

    Fix safety
    ----------
    Unsafe: the embedding and the output layer get more rows, so a checkpoint has to be filled up.

    Profile fields
    --------------
    `tiles` (layers "linear"; operands "out"), `reporting.padding_layer_share`,
    `reporting.padding_model_share`, `reporting.slower_model_share`.

    References
    ----------
    - https://docs.nvidia.com/deeplearning/performance/dl-performance-matrix-multiplication/index.html
    - https://arxiv.org/abs/2401.14489
    - https://pytorch.org/blog/accelerating-large-language-models/
    """

    code = "HW104"
    name = "misaligned-vocabulary"
    example_devices = ("h100-sxm",)
    VALID = (
        """
        import torch.nn as nn

        class Gpt(nn.Module):
            def __init__(self, vocab_size=50304, dim=768):
                super().__init__()
                self.wte = nn.Embedding(vocab_size, dim)
                self.head = nn.Linear(dim, vocab_size, bias=False)
        """,
        """
        import torch.nn as nn

        class Encoder(nn.Module):
            def __init__(self, vocab_size=30522, dim=768):
                super().__init__()
                self.embed = nn.Embedding(vocab_size, dim)
                self.fc = nn.Linear(dim, dim)
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Gpt(nn.Module):
            def __init__(self, vocab_size=50257, dim=768):
                super().__init__()
                self.wte = nn.Embedding(vocab_size, dim)
                self.head = nn.Linear(dim, vocab_size, bias=False)

            def forward(self, ids):
                return self.head(self.wte(ids))
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each literal or call that gives such a vocabulary."""
        tile = reading.profile.tile(reading.dtype, "linear", "out")
        if reading.graph is None or tile is None:
            return
        groups: dict[Place, list[Layer]] = {}
        for layer in reading.graph.derived(vocabulary_layers):
            rows = number(layer.args["out_features"]) or 0
            # What is less than one tile is a handful of classes, which nobody fills up.
            if rows % tile.minimum and rows > (tile.recommended or tile.minimum):
                literal = owner(layer.args["out_features"].origin, tile.minimum)
                if literal is not None and literal.value != rows:
                    continue  # several tables side by side: one more word is more than one row
                place = literal.place if literal is not None else None
                groups.setdefault(place or layer.place, []).append(layer)
        for place, layers in groups.items():
            yield from _finding(reading, place, layers, tile)


def _finding(reading: Reading, place: Place, layers: list[Layer], tile: Tile) -> Iterator[Finding]:
    rows = number(layers[0].args["out_features"]) or 0
    least = -(-rows // tile.minimum) * tile.minimum
    best = tile.recommended or tile.minimum
    padded = -(-rows // best) * best
    share, waste = reading.share(layers), 1 - rows / least
    if not _worth_reading(reading, tile, share, waste):
        return
    words = share_words(reading, share)
    origin = layers[0].args["out_features"].origin
    literal = owner(origin, tile.minimum)
    places = [leaf.place for leaf in origin.leaves()] if origin is not None else []
    calls = [layer.place for layer in layers]
    yield Finding(
        place,
        f"{rows} -> {padded} would align the output layer{f': {words}' if words else ''}",
        _why(reading, tile, describe(origin, place)),
        f"fill the vocabulary up (+{percent(padded / rows - 1)} rows that are never predicted; "
        "changes the checkpoint)",
        alternatives=tuple(p for p in dict.fromkeys([*places, *calls]) if p and p != place),
        related=related(layers, place, lambda layer: f"{layer.op} with {rows} outputs"),
        share=waste,
        model_share=waste * share if share is not None else None,
        saves=waste * share if share is not None and reading.estimate is not None else None,
        severity="warning",
        data={"value": rows, "padded": padded, "layers": len(layers)},
        changes=padded_literal(literal, _solved(literal, rows, padded), outputs=True),
    )


def _solved(literal: Origin | None, rows: int, padded: int) -> int | None:
    """Return what the literal would be; None where it is not the number of rows itself."""
    return padded if literal is not None and literal.value == rows else None


def _worth_reading(reading: Reading, tile: Tile, share: float | None, waste: float) -> bool:
    limits = reading.profile.reporting
    if limits is None or share is None:
        return False
    if tile.effect == "slower":
        return share >= limits.slower_model_share
    return waste >= limits.padding_layer_share and waste * share >= limits.padding_model_share


def _why(reading: Reading, tile: Tile, told: str) -> str:
    best = f", {tile.recommended} is best" if tile.recommended else ""
    if tile.effect == "slower":
        cost = f"less efficient in {reading.dtype} than multiples of {tile.minimum}{best}"
    else:
        cost = f"computed in steps of {tile.minimum} in {reading.dtype}{best}"
    return f"{'; '.join(part for part in (told, cost) if part)} [{tile.evidence}]"
