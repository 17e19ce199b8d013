import torch.nn as nn

BN_MOMENTUM = 0.1


def conv_bn(inp, oup, k, s=1, act=True, bn_momentum=None):
    mods = [nn.Conv2d(inp, oup, k, s, k // 2, bias=False), nn.BatchNorm2d(oup, momentum=bn_momentum or BN_MOMENTUM)]
    if act:
        mods.append(nn.ReLU(inplace=True))
    return nn.Sequential(*mods)


class Residual(nn.Module):
    def __init__(self, ch, bottleneck=2):
        super().__init__()
        mid = ch // bottleneck
        self.body = nn.Sequential(conv_bn(ch, mid, 1), conv_bn(mid, mid, 3), conv_bn(mid, ch, 1, act=False))

    def forward(self, x):
        return (self.body(x) + x).relu()
