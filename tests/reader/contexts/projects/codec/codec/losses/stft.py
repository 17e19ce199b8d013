import torch
from torch import nn


class PatchDiscriminator(nn.Module):
    def __init__(self, channels=32, n_layers=3):
        super().__init__()
        layers = [nn.Conv2d(2, channels, (3, 9), padding=(1, 4)), nn.LeakyReLU(0.2)]
        for i in range(n_layers):
            layers += [nn.Conv2d(channels, channels, (3, 9), stride=(1, 2), dilation=(2 ** i, 1), padding=(2 ** i, 4)),
                       nn.LeakyReLU(0.2)]
        self.net = nn.Sequential(*layers, nn.Conv2d(channels, 1, (3, 3), padding=1))

    def forward(self, x):
        return self.net(x)


class MultiSTFTLoss(nn.Module):
    def __init__(self, windows=(256, 512), kl_weight=1e-6):
        super().__init__()
        self.windows = windows
        self.kl_weight = kl_weight
        self.discriminators = nn.ModuleDict({str(w): PatchDiscriminator(channels=w // 32) for w in windows})

    def forward(self, x, y, mean, logvar):
        kl = 0.5 * (mean.pow(2) + logvar.exp() - 1.0 - logvar).mean()
        return (x - y).abs().mean() + self.kl_weight * kl
