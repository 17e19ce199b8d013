import torch
from torch import nn
from torch.nn import functional as F


class SubSpectralNorm(nn.Module):
    def __init__(self, channels, sub_bands, eps=1e-5):
        super().__init__()
        self.sub_bands = sub_bands
        self.bn = nn.BatchNorm2d(channels * sub_bands, eps=eps)

    def forward(self, x):
        n, c, h, w = x.size()
        x = x.view(n, c * self.sub_bands, h // self.sub_bands, w)
        return self.bn(x).view(n, c, h, w)


class BCBlock(nn.Module):
    def __init__(self, in_ch, out_ch, stride=1, dilation=1, dropout=0.1, sub_bands=5):
        super().__init__()
        self.transition = None
        if in_ch != out_ch or stride != 1:
            self.transition = nn.Sequential(nn.Conv2d(in_ch, out_ch, 1), nn.BatchNorm2d(out_ch), nn.ReLU())
        self.f2 = nn.Sequential(
            nn.Conv2d(out_ch, out_ch, (3, 1), stride=(stride, 1), padding=(1, 0), groups=out_ch),
            SubSpectralNorm(out_ch, sub_bands))
        self.f1 = nn.Sequential(
            nn.Conv2d(out_ch, out_ch, (1, 3), padding=(0, dilation), dilation=(1, dilation), groups=out_ch),
            nn.BatchNorm2d(out_ch), nn.SiLU(), nn.Conv2d(out_ch, out_ch, 1), nn.Dropout2d(dropout))

    def forward(self, x):
        residual = x
        if self.transition is not None:
            x = self.transition(x)
        aux = self.f2(x)
        x = self.f1(aux.mean(2, keepdim=True)) + aux
        return F.relu(x + residual if self.transition is None else x)


def build_bcresnet(n_mels, num_classes, tau=1.0, dropout=0.1):
    base = int(8 * tau)
    cfg = [(2 * base, 1, 1, 2), (int(1.5 * base) * 2, 2, 2, 2), (3 * base, 2, 4, 4), (int(2.5 * base), 1, 8, 4)]
    layers = [nn.Conv2d(1, 2 * base, 5, stride=(2, 1), padding=2), nn.BatchNorm2d(2 * base), nn.ReLU()]
    width = 2 * base
    for out, stride, dilation, repeat in cfg:
        for i in range(repeat):
            layers.append(BCBlock(width, out, stride if i == 0 else 1, dilation, dropout))
            width = out
    layers += [nn.Conv2d(width, width, 5, groups=width, padding=(0, 2)), nn.Conv2d(width, 4 * base, 1),
               nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * base, num_classes)]
    return nn.Sequential(*layers)


class SpecTransformer(nn.Module):
    def __init__(self, n_mels, num_classes, d_model=144, nhead=4, layers=4, ff_mult=2):
        super().__init__()
        self.proj = nn.Linear(n_mels, d_model)
        self.cls = nn.Parameter(torch.randn(1, 1, d_model) * 0.02)
        self.encoder = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(d_model=d_model, nhead=nhead, dim_feedforward=d_model * ff_mult,
                                       batch_first=True), num_layers=layers)
        self.head = nn.Linear(d_model, num_classes)

    def forward(self, x):
        x = self.proj(x.squeeze(1).transpose(1, 2))
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1)
        return self.head(self.encoder(x)[:, 0])
