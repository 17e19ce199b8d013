import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm = nn.BatchNorm2d(outputs)
        self.act = nn.SiLU()

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = Block(3, 16)
        self.body = Block(16, 32)
        self.head = nn.Linear(32, 10)

    def forward(self, x):
        x = self.body(self.stem(x))
        x = torch.sort(x, 1)[0]
        x = self.head(x.mean((2, 3)))
        return torch.softmax(x, 1)
