import torch.nn as nn

from common.blocks import Residual, conv_bn
import config


class Net(nn.Module):
    def __init__(self, stem=config.stem, feat=config.feat, depth=config.depth, joints=None):
        super().__init__()
        joints = joints or config.num_joints
        self.stem = nn.Sequential(conv_bn(3, stem, 7, 2), nn.MaxPool2d(2), conv_bn(stem, feat, 3, 2))
        self.body = nn.Sequential(*[Residual(feat) for _ in range(depth)])
        self.deconv = nn.Sequential()
        for i in range(2):
            self.deconv.add_module("up%d" % i, nn.ConvTranspose2d(feat, feat // 2, 4, 2, 1, bias=False))
            self.deconv.add_module("bn%d" % i, nn.BatchNorm2d(feat // 2))
            self.deconv.add_module("act%d" % i, nn.ReLU(inplace=True))
            feat //= 2
        self.head = nn.Conv2d(feat, joints, 1)

    def forward(self, x):
        return self.head(self.deconv(self.body(self.stem(x))))
