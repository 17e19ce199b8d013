import torch
from torch import nn

from zoo.settings import SpecConfig


class Conformer(nn.Module):
    def __init__(self, *, dim, depth, heads, conv_kernel=31, ff_mult=4):
        super().__init__()
        self.layers = nn.ModuleList([])
        for _ in range(depth):
            self.layers.append(
                nn.ModuleList(
                    [
                        nn.Linear(dim, dim * ff_mult),
                        nn.MultiheadAttention(dim, heads),
                        nn.Conv1d(dim, dim, conv_kernel, groups=dim),
                    ]
                )
            )


class KeywordSpotter(nn.Module):
    def __init__(self, spec: SpecConfig, width):
        super().__init__()
        self.frontend = nn.Conv2d(1, width, (spec.n_mels // 8, 8), stride=(1, spec.hop))
        self.out = nn.Linear(width, spec.classes)


class Tower(nn.Module):
    """Widths by position, as many as there are."""

    def __init__(self, *widths, act=nn.ReLU):
        super().__init__()
        layers = []
        for a, b in zip(widths, widths[1:]):
            layers += [nn.Linear(a, b), act()]
        self.body = nn.Sequential(*layers)
        self.gate = nn.Linear(widths[-1], 1)


class Codec(nn.Module):
    """Nested dicts, as yaml.safe_load gives them; a block takes what its part has."""

    def __init__(self, cfg, sample_rate: int):
        super().__init__()
        enc = cfg["encoder"]
        self.stem = nn.Conv1d(1, enc["width"], enc["kernel"])
        self.down = nn.ModuleList(nn.Conv1d(enc["width"], enc["width"], 2 * s, s) for s in enc["strides"])
        self.quantizer = Quantizer(**cfg["quantizer"])
        self.frames = sample_rate // cfg.get("hop", 320)


class Quantizer(nn.Module):
    def __init__(self, dim, codebooks, bins=1024):
        super().__init__()
        self.codebooks = nn.ModuleList(nn.Embedding(bins, dim) for _ in range(codebooks))


class Denoiser(nn.Module):
    """Settings as OmegaConf has them: attributes and items at once."""

    def __init__(self, cfg):
        super().__init__()
        dim = cfg.model.dim
        self.time = nn.Sequential(nn.Linear(cfg["steps"], dim), nn.SiLU(), nn.Linear(dim, dim))
        self.blocks = nn.ModuleList(nn.Conv1d(dim, dim, 3, padding=2**i, dilation=2**i) for i in range(cfg.model.depth))


class LowRank(nn.Module):
    def __init__(self, in_features, out_features, rank, device, dtype: torch.dtype):
        super().__init__()
        factory_kwargs = {"device": device, "dtype": dtype}
        self.a = nn.Linear(in_features, rank, bias=False, **factory_kwargs)
        self.b = nn.Linear(rank, out_features, **factory_kwargs)
