import numpy as np
import torch
import torch.nn as nn


def layer_init(layer, std=np.sqrt(2), bias_const=0.0):
    torch.nn.init.orthogonal_(layer.weight, std)
    torch.nn.init.constant_(layer.bias, bias_const)
    return layer


def mlp(sizes, activation, output_activation=nn.Identity):
    layers = []
    for j in range(len(sizes) - 1):
        act = activation if j < len(sizes) - 2 else output_activation
        layers += [nn.Linear(sizes[j], sizes[j + 1]), act()]
    return nn.Sequential(*layers)


class ConvBase(nn.Module):
    def __init__(self, obs_shape, channels=(32, 64)):
        super().__init__()
        c, h, w = obs_shape
        convs = []
        for out in channels:
            convs += [layer_init(nn.Conv2d(c, out, 3, stride=2, padding=1)), nn.ReLU()]
            c, h, w = out, (h + 1) // 2, (w + 1) // 2
        self.convs = nn.Sequential(*convs, nn.Flatten())
        self.out_dim = c * h * w

    def forward(self, x):
        return self.convs(x)


class NoisyLinear(nn.Linear):
    def __init__(self, in_features, out_features, sigma=0.5):
        super().__init__(in_features, out_features)
        self.sigma_w = nn.Parameter(torch.full((out_features, in_features), sigma / in_features ** 0.5))

    def forward(self, x):
        return nn.functional.linear(x, self.weight + self.sigma_w * torch.randn_like(self.sigma_w), self.bias)
