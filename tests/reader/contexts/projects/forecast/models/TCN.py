import torch.nn as nn
from torch.nn.utils.parametrizations import weight_norm


class Chomp1d(nn.Module):
    def __init__(self, chomp_size):
        super(Chomp1d, self).__init__()
        self.chomp_size = chomp_size

    def forward(self, x):
        return x[:, :, :-self.chomp_size].contiguous()


class TemporalBlock(nn.Module):
    def __init__(self, n_inputs, n_outputs, kernel_size, stride, dilation, padding, dropout=0.2):
        super(TemporalBlock, self).__init__()
        self.conv1 = weight_norm(nn.Conv1d(n_inputs, n_outputs, kernel_size,
                                           stride=stride, padding=padding, dilation=dilation))
        self.net = nn.Sequential(self.conv1, Chomp1d(padding), nn.ReLU(), nn.Dropout(dropout))
        self.downsample = nn.Conv1d(n_inputs, n_outputs, 1) if n_inputs != n_outputs else None
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.net(x) + (x if self.downsample is None else self.downsample(x)))


class Model(nn.Module):
    def __init__(self, configs, kernel_size=3):
        super(Model, self).__init__()
        layers = []
        num_channels = [configs.d_model // 4] * configs.e_layers
        for i in range(len(num_channels)):
            dilation_size = 2 ** i
            in_channels = configs.enc_in if i == 0 else num_channels[i-1]
            layers += [TemporalBlock(in_channels, num_channels[i], kernel_size, stride=1, dilation=dilation_size,
                                     padding=(kernel_size-1) * dilation_size, dropout=configs.dropout)]
        self.network = nn.Sequential(*layers)
        self.projection = nn.Linear(num_channels[-1], configs.enc_in)

    def forward(self, x):
        return self.projection(self.network(x.transpose(1, 2)).transpose(1, 2))
