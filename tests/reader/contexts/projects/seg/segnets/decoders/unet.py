import torch
import torch.nn as nn
import torch.nn.functional as F

from ..backbones import get_backbone
from . import heads as H


class SCSE(nn.Module):
    def __init__(self, in_channels, reduction=16):
        super().__init__()
        self.cSE = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(in_channels, in_channels // reduction, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(in_channels // reduction, in_channels, 1),
            nn.Sigmoid(),
        )
        self.sSE = nn.Sequential(nn.Conv2d(in_channels, 1, 1), nn.Sigmoid())

    def forward(self, x):
        return x * self.cSE(x) + x * self.sSE(x)


class DecoderBlock(nn.Module):
    def __init__(self, in_channels, skip_channels, out_channels, use_batchnorm=True, attention_type=None):
        super().__init__()
        self.conv1 = self._conv(in_channels + skip_channels, out_channels, use_batchnorm)
        self.attention1 = SCSE(in_channels + skip_channels) if attention_type == "scse" else nn.Identity()
        self.conv2 = self._conv(out_channels, out_channels, use_batchnorm)

    @staticmethod
    def _conv(i, o, bn):
        layers = [nn.Conv2d(i, o, kernel_size=3, padding=1, bias=not bn)]
        if bn:
            layers.append(nn.BatchNorm2d(o))
        return nn.Sequential(*layers, nn.ReLU(inplace=True))

    def forward(self, x, skip=None):
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        if skip is not None:
            x = self.attention1(torch.cat([x, skip], dim=1))
        return self.conv2(self.conv1(x))


class Unet(nn.Module):
    def __init__(self, backbone_name="resnet34", encoder_depth=5, decoder_channels=(256, 128, 64, 32, 16),
                 in_channels=3, classes=1, attention=None, **unused):
        super().__init__()
        self.encoder = get_backbone(backbone_name, in_channels=in_channels, depth=encoder_depth)
        encoder_channels = self.encoder.out_channels[1:][::-1]
        head_channels = encoder_channels[0]
        ins = [head_channels] + list(decoder_channels[:-1])
        skips = list(encoder_channels[1:]) + [0]
        self.blocks = nn.ModuleList(
            DecoderBlock(i, s, o, attention_type=attention) for i, s, o in zip(ins, skips, decoder_channels)
        )
        self.head = H.SegmentationHead(decoder_channels[-1], classes)
        H.initialize_decoder(self.blocks)

    def forward(self, x):
        x, *skips = self.encoder(x)[1:][::-1]
        for i, block in enumerate(self.blocks):
            x = block(x, skips[i] if i < len(skips) else None)
        return self.head(x)
