import torch.nn as nn
import torch.nn.functional as F

from ..backbones import get_backbone
from . import heads as H


class Conv3x3GNReLU(nn.Module):
    def __init__(self, in_channels, out_channels, upsample=False):
        super().__init__()
        self.upsample = upsample
        self.block = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, (3, 3), stride=1, padding=1, bias=False),
            nn.GroupNorm(32, out_channels),
            nn.ReLU(inplace=True),
        )

    def forward(self, x):
        x = self.block(x)
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True) if self.upsample else x


class SegmentationBlock(nn.Module):
    def __init__(self, in_channels, out_channels, n_upsamples=0):
        super().__init__()
        blocks = [Conv3x3GNReLU(in_channels, out_channels, upsample=bool(n_upsamples))]
        if n_upsamples > 1:
            for _ in range(1, n_upsamples):
                blocks.append(Conv3x3GNReLU(out_channels, out_channels, upsample=True))
        self.block = nn.Sequential(*blocks)

    def forward(self, x):
        return self.block(x)


class FPN(nn.Module):
    def __init__(self, backbone_name="resnet34", in_channels=3, classes=1, pyramid_channels=256,
                 segmentation_channels=128, dropout=0.2, merge_policy="add", **unused):
        super().__init__()
        if merge_policy not in ("add", "cat"):
            raise ValueError(merge_policy)
        self.policy = merge_policy
        self.encoder = get_backbone(backbone_name, in_channels)
        c2, c3, c4, c5 = self.encoder.out_channels[-4:]
        self.p5 = nn.Conv2d(c5, pyramid_channels, kernel_size=1)
        self.laterals = nn.ModuleDict({k: nn.Conv2d(c, pyramid_channels, 1) for k, c in
                                       {"p4": c4, "p3": c3, "p2": c2}.items()})
        self.seg_blocks = nn.ModuleList(
            [SegmentationBlock(pyramid_channels, segmentation_channels, n_upsamples=n) for n in [3, 2, 1, 0]]
        )
        out = segmentation_channels if merge_policy == "add" else 4 * segmentation_channels
        self.dropout = nn.Dropout2d(p=dropout, inplace=True)
        self.head = H.SegmentationHead(out, classes, kernel_size=1, upsampling=4)

    def forward(self, x):
        *_, c2, c3, c4, c5 = self.encoder(x)
        p = self.p5(c5)
        pyramid = [p]
        for key, c in zip(("p4", "p3", "p2"), (c4, c3, c2)):
            p = F.interpolate(p, scale_factor=2.0, mode="nearest") + self.laterals[key](c)
            pyramid.append(p)
        x = sum(b(p) for b, p in zip(self.seg_blocks, pyramid))
        return self.head(self.dropout(x))
