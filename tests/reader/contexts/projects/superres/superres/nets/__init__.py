"""Networks by name, each in two sizes."""

from enum import Enum, auto

from torch import nn

from .edsr import EDSR
from .espcn import ESPCN
from .rcan import RCAN


class Arch(str, Enum):
    espcn = "espcn"
    edsr = "edsr"
    rcan = "rcan"


class Preset(str, Enum):
    base = "base"
    large = "large"


class Family(Enum):
    PLAIN = auto()
    RESIDUAL = auto()


_NETS = {Arch.espcn: ESPCN, Arch.edsr: EDSR, Arch.rcan: RCAN}
_SIZES = {
    (Arch.espcn, Preset.base): dict(width=64),
    (Arch.espcn, Preset.large): dict(width=96),
    (Arch.edsr, Preset.base): dict(width=64, blocks=16),
    (Arch.edsr, Preset.large): dict(width=256, blocks=32, residual_scale=0.1),
    (Arch.rcan, Preset.base): dict(width=56, groups=5, blocks=6),
    (Arch.rcan, Preset.large): dict(width=64, groups=10, blocks=20),
}
_FAMILY = {Arch.espcn: Family.PLAIN}


def build(arch: Arch, preset: Preset, scale: int, *, width: int | None = None, mean_shift: bool = True) -> nn.Module:
    size = _SIZES[arch, preset]
    if width is not None:
        size = size | {"width": width}
    if _FAMILY.get(arch, Family.RESIDUAL) is Family.RESIDUAL:
        size = {**size, "mean_shift": mean_shift}
    return _NETS[arch](scale, **size)
