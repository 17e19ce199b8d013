"""Channel and feature counts, what causes them, and what filling their tiles would add."""

from dataclasses import dataclass, field

from hwlint.api import Argument, Layer, Origin, Place, Tile

__all__ = ["Cause", "Dimension", "Waste"]


@dataclass(frozen=True, slots=True)
class Dimension:
    """One channel or feature count of one layer, with the tile that it should fill."""

    layer: Layer
    operand: str
    """"in" or "out"."""
    argument: Argument
    value: int
    """What the tile counts: channels, of a grouped convolution those of one group."""
    tile: Tile
    groups: int = 1
    thin: bool = False
    """Whether less than one tile is what is looked for, and not more."""
    step: int | None = None
    """Channels from step to step of the layer's time, where the estimate says that these are more
    than the tile has."""

    @property
    def multiple(self) -> int:
        """What the number of channels should be a multiple of."""
        return self.step or self.tile.minimum

    @property
    def padded(self) -> int:
        """The next multiple."""
        return -(-self.value // self.multiple) * self.multiple

    @property
    def misses(self) -> bool:
        """Whether the last tile is not filled. Less than one tile is thin, not misaligned."""
        if self.thin:
            return self.value < self.multiple
        return self.value != self.padded and self.value > self.multiple


@dataclass(slots=True)
class Cause:
    """All dimensions that one literal decides, or the same literals together, or one call."""

    literal: Origin | None
    anchor: Place
    dims: list[Dimension] = field(default_factory=list[Dimension])
    exempt: list[Dimension] = field(default_factory=list[Dimension])
    alike: tuple[Place, ...] = ()
    """Further literals on the line of the first one that are the same number: whoever looks at the
    line sees them as one."""

    @property
    def places(self) -> frozenset[Place]:
        """Where the number would have to be changed."""
        return frozenset((self.anchor, *self.alike))

    def concerned(self) -> list[Dimension]:
        """Dimensions that miss their tile; those that the task gives only if there is no other."""
        missing = [dim for dim in self.dims if dim.misses]
        return missing or [dim for dim in self.exempt if dim.misses]

    def to_fill(self) -> list[Dimension]:
        """Dimensions that fill their tiles and are to do so still, and those that are to do so."""
        given = [dim for dim in self.exempt if not dim.misses]
        return [dim for dim in (*self.dims, *given) if dim.value >= dim.multiple]

    def by_task(self) -> bool:
        """Whether only the task decides what is concerned."""
        return not any(dim.misses for dim in self.dims)


@dataclass(frozen=True, slots=True)
class Waste:
    """What filling the tiles would add, in parameters."""

    layers: tuple[Layer, ...]
    number: int
    """How many instances of these layers the model has."""
    params: int
    padding: float
    model: int
    """Parameters of the model, or of all layers that are known where the model is not."""
    whole: bool
    """Whether `model` is the whole model."""
    time: float | None = None
    """Share (0 to 1) of the model's estimated time that the layers take; None without estimate."""
    saved: float | None = None
    """Share (0 to 1) of the model's estimated time that the padding takes."""

    @property
    def taken(self) -> float:
        """What the layers are of the model: of its time, else of its parameters."""
        if self.time is not None:
            return self.time
        return min(1.0, self.params / self.model) if self.model else 0.0

    @property
    def lost(self) -> float:
        """What the padding is of the model: of its time, else of its parameters."""
        if self.saved is not None:
            return self.saved
        return self.padding / self.model if self.model else 0.0

    @property
    def share(self) -> float:
        """Padding as a share of the padded layers."""
        return self.padding / (self.params + self.padding)
