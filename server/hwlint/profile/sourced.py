"""What all groups of a profile share: they say where they come from, and how well it is known."""

from typing import Literal

from attrs import field, frozen

__all__ = ["Dtype", "Evidence", "LayerKind", "SourceMissing", "Sourced"]

Evidence = Literal[
    "vendor datasheet",
    "vendor guide",
    "vendor source code",
    "vendor compiler",
    "runtime source code",
    "measured",
    "third-party",
    "estimate",
    "editorial",
]
"""How a number is known, strongest origin first; "editorial" is a choice of hwlint's."""

LayerKind = Literal["conv", "depthwise", "grouped", "linear", "matmul"]
"""What a tile or a rate is about: convolutions with one group, one channel per group, or something
between; linear layers; products of two activations, which is what attention is made of."""

Dtype = str
"""A number format: "fp32", "tf32", "bf16", "fp16", "fp8", "int8", "int4", ..."""


class SourceMissing(ValueError):
    """A group that does not say where it comes from."""


def _not_empty(_group: object, _attribute: object, source: tuple[str, ...]) -> None:
    if not source or not all(text.strip() for text in source):
        raise SourceMissing("source is empty")


@frozen(kw_only=True)
class Sourced:
    """A group of values with one origin."""

    source: tuple[str, ...] = field(validator=_not_empty)
    """Where it can be read. In TOML one string or a list."""
    evidence: Evidence
    """How it is known."""
    note: str = ""
    """What a reader should know about the evidence: "secondary", "carried over from A100"."""
