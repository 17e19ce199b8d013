import torch
from torch import nn
from torch.nn import functional as F

from ..backbones import get_backbone
from .heads import SegmentationHead, initialize_decoder


class SeparableConv2d(nn.Sequential):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, bias=True):
        super().__init__(
            nn.Conv2d(in_channels, in_channels, kernel_size, stride=stride, padding=padding, dilation=dilation,
                      groups=in_channels, bias=False),
            nn.Conv2d(in_channels, out_channels, kernel_size=1, bias=bias),
        )


class ASPPConv(nn.Sequential):
    def __init__(self, in_channels, out_channels, dilation, separable):
        conv = SeparableConv2d if separable else nn.Conv2d
        super().__init__(
            conv(in_channels, out_channels, kernel_size=3, padding=dilation, dilation=dilation, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
        )


class ASPPPooling(nn.Sequential):
    def __init__(self, in_channels, out_channels):
        super().__init__(nn.AdaptiveAvgPool2d(1), nn.Conv2d(in_channels, out_channels, 1, bias=False),
                         nn.BatchNorm2d(out_channels), nn.ReLU())

    def forward(self, x):
        size = x.shape[-2:]
        for mod in self:
            x = mod(x)
        return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


class ASPP(nn.Module):
    def __init__(self, in_channels, out_channels, atrous_rates, separable=False):
        super().__init__()
        modules = [nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels),
                                 nn.ReLU())]
        rate1, rate2, rate3 = tuple(atrous_rates)
        for r in (rate1, rate2, rate3):
            modules.append(ASPPConv(in_channels, out_channels, r, separable))
        modules.append(ASPPPooling(in_channels, out_channels))
        self.convs = nn.ModuleList(modules)
        self.project = nn.Sequential(
            nn.Conv2d(len(self.convs) * out_channels, out_channels, kernel_size=1, bias=False),
            nn.BatchNorm2d(out_channels), nn.ReLU(), nn.Dropout(0.5))

    def forward(self, x):
        return self.project(torch.cat([conv(x) for conv in self.convs], dim=1))


class DeepLabV3Plus(nn.Module):
    def __init__(self, backbone_name="resnet34", in_channels=3, classes=1, output_stride=16, decoder_channels=256,
                 atrous_rates=(12, 24, 36)):
        super().__init__()
        self.encoder = get_backbone(backbone_name, in_channels, output_stride=output_stride)
        channels = self.encoder.out_channels
        self.aspp = nn.Sequential(
            ASPP(channels[-1], decoder_channels, [r * 16 // output_stride for r in atrous_rates], separable=True),
            SeparableConv2d(decoder_channels, decoder_channels, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(decoder_channels),
            nn.ReLU(),
        )
        high = 48
        self.block1 = nn.Sequential(nn.Conv2d(channels[-4], high, 1, bias=False), nn.BatchNorm2d(high), nn.ReLU())
        self.block2 = nn.Sequential(
            SeparableConv2d(high + decoder_channels, decoder_channels, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(decoder_channels), nn.ReLU())
        self.head = SegmentationHead(decoder_channels, classes, kernel_size=1, upsampling=4)
        initialize_decoder(self.aspp)

    def forward(self, x):
        features = self.encoder(x)
        high = self.block1(features[-4])
        low = F.interpolate(self.aspp(features[-1]), size=high.shape[-2:], mode="bilinear")
        return self.head(self.block2(torch.cat([low, high], dim=1)))
