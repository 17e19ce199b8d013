from collections import OrderedDict
from typing import List, Optional, Type, Union

import torch
import torch.nn as nn
from torch import Tensor

from ._mixin import EncoderMixin


def conv3x3(in_planes: int, out_planes: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(in_planes, out_planes, 3, stride, 1, groups=groups, bias=False)


class BasicBlock(nn.Module):
    expansion: int = 1

    def __init__(self, inplanes: int, planes: int, stride: int = 1, downsample: Optional[nn.Module] = None):
        super().__init__()
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class Bottleneck(nn.Module):
    expansion: int = 4

    def __init__(self, inplanes: int, planes: int, stride: int = 1, downsample: Optional[nn.Module] = None):
        super().__init__()
        self.conv1 = nn.Conv2d(inplanes, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = conv3x3(planes, planes, stride)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, planes * self.expansion, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


class ResNetEncoder(nn.Module, EncoderMixin):
    def __init__(self, block: Type[Union[BasicBlock, Bottleneck]], layers: List[int], out_channels, depth: int = 5):
        super().__init__()
        self._depth = depth
        self._out_channels = out_channels
        self.inplanes = 64
        self.stem = nn.Sequential(OrderedDict([
            ("conv1", nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)),
            ("bn1", nn.BatchNorm2d(64)),
            ("relu", nn.ReLU(inplace=True)),
        ]))
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        for i, (n, stride) in enumerate(zip(layers, (1, 2, 2, 2))):
            setattr(self, f"layer{i + 1}", self._make_layer(block, 64 * 2 ** i, n, stride))
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")

    def _make_layer(self, block, planes: int, blocks: int, stride: int = 1) -> nn.Sequential:
        downsample = None
        if stride != 1 or self.inplanes != planes * block.expansion:
            downsample = nn.Sequential(
                nn.Conv2d(self.inplanes, planes * block.expansion, 1, stride, bias=False),
                nn.BatchNorm2d(planes * block.expansion),
            )
        layers = [block(self.inplanes, planes, stride, downsample)]
        self.inplanes = planes * block.expansion
        layers.extend(block(self.inplanes, planes) for _ in range(1, blocks))
        return nn.Sequential(*layers)

    def get_stages(self):
        return [nn.Identity(), self.stem, nn.Sequential(self.maxpool, self.layer1), self.layer2, self.layer3,
                self.layer4]

    def forward(self, x: Tensor) -> List[Tensor]:
        features = []
        for stage in self.get_stages()[: self._depth + 1]:
            x = stage(x)
            features.append(x)
        return features


resnet_encoders = {
    "resnet18": {
        "encoder": ResNetEncoder,
        "params": {"out_channels": (3, 64, 64, 128, 256, 512), "block": BasicBlock, "layers": [2, 2, 2, 2]},
    },
    "resnet34": {
        "encoder": ResNetEncoder,
        "params": {"out_channels": (3, 64, 64, 128, 256, 512), "block": BasicBlock, "layers": [3, 4, 6, 3]},
    },
    "resnet50": {
        "encoder": ResNetEncoder,
        "params": {"out_channels": (3, 64, 256, 512, 1024, 2048), "block": Bottleneck, "layers": [3, 4, 6, 3]},
    },
}
