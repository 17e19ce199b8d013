import torch.nn as nn
import torch.nn.functional as F

from common import blocks as B


class Fuse(nn.Module):
    def __init__(self, widths):
        super().__init__()
        self.paths = nn.ModuleList()
        for i, out in enumerate(widths):
            row = nn.ModuleList()
            for j, inp in enumerate(widths):
                if j > i:
                    row.append(B.conv_bn(inp, out, 1, act=False))
                elif j == i:
                    row.append(nn.Identity())
                else:
                    steps = []
                    for k in range(i - j):
                        last = k == i - j - 1
                        steps.append(B.conv_bn(inp, out if last else inp, 3, 2, act=not last))
                    row.append(nn.Sequential(*steps))
            self.paths.append(row)

    def forward(self, xs):
        return [sum(F.interpolate(p(x), xs[i].shape[-2:]) for p, x in zip(row, xs)) for i, row in enumerate(self.paths)]


class Net(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        w = cfg.widths
        self.stem = nn.Sequential(B.conv_bn(3, 64, 3, 2), B.conv_bn(64, w[0], 3, 2))
        self.transitions = nn.ModuleList(B.conv_bn(a, b, 3, 2) for a, b in zip(w, w[1:]))
        for name, n in cfg.blocks.items():
            k = int(name[-1])
            branches = [nn.Sequential(*(B.Residual(c) for _ in range(n))) for c in w[:k]]
            setattr(self, name, nn.ModuleDict({"branches": nn.ModuleList(branches), "fuse": Fuse(w[:k])}))
        self.head = nn.Conv2d(sum(w), cfg.out, kernel_size=1)

    def forward(self, x):
        xs = [self.stem(x)]
        for k, t in enumerate(self.transitions, start=2):
            xs.append(t(xs[-1]))
            stage = getattr(self, f"stage{k}")
            xs = stage["fuse"]([b(x) for b, x in zip(stage["branches"], xs)])
        return self.head(xs[0])
