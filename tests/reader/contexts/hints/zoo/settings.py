"""What the models are configured with."""

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple


@dataclass
class StemConfig:
    patch: int
    channels: int = 3


@dataclass
class EncoderConfig:
    width: int
    depth: int
    stem: StemConfig
    heads: int = 4
    ratios: list = field(default_factory=lambda: [4, 4])


class SpecConfig(NamedTuple):
    n_mels: int
    hop: int
    classes: int = 35


class Pooling(Enum):
    MEAN = "mean"
    ATTENTION = "attention"
