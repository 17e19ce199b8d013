"""Models in which shapes do not fit together. The line that torch refuses ends in `# here`."""

HEAD = """
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
"""


def net(layers: str, *body: str) -> str:
    lines = [f"        {line}" for line in layers.split("; ")]
    steps = [f"        {line}" for line in body]
    return HEAD + "\n".join([*lines, "", "    def forward(self, x):", *steps]) + "\n"


IMAGE, TEXT, ROW = ["1x3x64x64"], ["2x16:int64"], ["4x20"]
TOKENS = ["2x10x32"]

CASES = [
    (
        IMAGE,
        net(
            "self.a = nn.Conv2d(3, 8, 3); self.b = nn.Conv2d(16, 8, 3)",
            "x = self.a(x)",
            "return self.b(x)  # here",
        ),
    ),
    (IMAGE, net("self.a = nn.Conv2d(4, 8, 3)", "return self.a(x)  # here")),
    (
        IMAGE,
        net(
            "self.a = nn.Conv2d(3, 8, 3); self.n = nn.BatchNorm2d(16)",
            "return self.n(self.a(x))  # here",
        ),
    ),
    (
        IMAGE,
        net(
            "self.a = nn.Conv2d(3, 8, 3); self.n = nn.GroupNorm(4, 12)",
            "x = self.a(x)",
            "return self.n(x)  # here",
        ),
    ),
    (
        IMAGE,
        net(
            "self.a = nn.Conv2d(3, 8, 3); self.n = nn.LayerNorm(8)",
            "x = self.a(x)",
            "return self.n(x)  # here",
        ),
    ),
    (
        IMAGE,
        net(
            "self.a = nn.Conv2d(3, 8, 3); self.f = nn.Linear(8, 10)",
            "x = self.a(x).mean((2, 3)).unsqueeze(1).squeeze(2)",
            "return self.f(x)",
        ),
    ),
    (
        IMAGE,
        net(
            "self.a = nn.Conv2d(3, 8, 3, 2); self.f = nn.Linear(8 * 32 * 32, 10)",
            "x = self.a(x).flatten(1)",
            "return self.f(x)  # here",
        ),
    ),
    (
        IMAGE,
        net(
            "self.a = nn.Conv2d(3, 8, 3); self.f = nn.Linear(16, 10)",
            "x = self.a(x).mean((2, 3))",
            "return self.f(x)  # here",
        ),
    ),
    (
        IMAGE,
        net(
            "self.a = nn.Conv2d(3, 8, 3, 2, 1); self.b = nn.Conv2d(3, 8, 3, 1, 1)",
            "return self.a(x) + self.b(x)  # here",
        ),
    ),
    (
        IMAGE,
        net(
            "self.a = nn.Conv2d(3, 8, 3, 2, 1); self.b = nn.Conv2d(3, 8, 3, 1, 1)",
            "return torch.cat([self.a(x), self.b(x)], 1)  # here",
        ),
    ),
    (IMAGE, net("self.a = nn.ConvTranspose2d(8, 4, 2)", "return self.a(x)  # here")),
    (
        IMAGE,
        net(
            "self.a = nn.Conv2d(3, 8, 3)", "x = self.a(x)", "return x.view(x.shape[0], 100)  # here"
        ),
    ),
    (
        IMAGE,
        net(
            "self.a = nn.Conv2d(3, 10, 1); self.s = nn.PixelShuffle(2)",
            "x = self.a(x)",
            "return self.s(x)  # here",
        ),
    ),
    (IMAGE, net("self.a = nn.Conv2d(3, 8, 80)", "return self.a(x)  # here")),
    (
        IMAGE,
        net(
            "self.a = nn.MaxPool2d(2); self.b = nn.Conv1d(3, 8, 1)",
            "x = self.a(x)",
            "return self.b(x)  # here",
        ),
    ),
    (
        IMAGE,
        net(
            "self.a = nn.Conv2d(3, 8, 3)",
            "x = self.a(x)",
            "a, b = x.split([4, 5], dim=1)  # here",
            "return a",
        ),
    ),
    (
        IMAGE,
        net(
            "self.body = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(9, 8, 3))",
            "return self.body(x)  # here",
        ),
    ),
    (
        IMAGE,
        net("self.a = nn.Conv2d(3, 8, 3)", "x = self.a(x)", "return x.permute(0, 2, 3)  # here"),
    ),
    (
        TEXT,
        net(
            "self.e = nn.Embedding(50, 32); self.f = nn.Linear(64, 50)",
            "x = self.e(x)",
            "return self.f(x)  # here",
        ),
    ),
    (
        TEXT,
        net("self.e = nn.Embedding(50, 30)", "x = self.e(x)", "return x.view(2, 16, 4, 8)  # here"),
    ),
    (
        TEXT,
        net(
            "self.e = nn.Embedding(50, 32); self.p = nn.Parameter(torch.zeros(1, 12, 32))",
            "return self.e(x) + self.p  # here",
        ),
    ),
    (
        TEXT,
        net(
            "self.e = nn.Embedding(50, 32); self.l = nn.LSTM(16, 8)",
            "x = self.e(x)",
            "return self.l(x)[0]  # here",
        ),
    ),
    (
        TEXT,
        net(
            "self.e = nn.Embedding(50, 32); self.n = nn.LayerNorm(31)",
            "x = self.e(x)",
            "return self.n(x)  # here",
        ),
    ),
    (
        ROW,
        net(
            "self.a = nn.Linear(20, 30); self.b = nn.Linear(31, 5)",
            "x = F.relu(self.a(x))",
            "return self.b(x)  # here",
        ),
    ),
    (ROW, net("self.w = nn.Parameter(torch.zeros(21, 5))", "return x @ self.w  # here")),
    (ROW, net("self.a = nn.Linear(20, 30)", "return self.a(x) * x  # here")),
    (ROW, net("self.a = nn.Linear(20, 30)", "return torch.stack([x, self.a(x)])  # here")),
    (ROW, net("self.a = nn.Linear(20, 30)", "return self.a(x).chunk(2, 1)[0] + x  # here")),
    (
        TOKENS,
        net(
            "self.q = nn.Linear(32, 96)",
            "q, k, v = self.q(x).view(2, 10, 3, 5, 7).unbind(2)  # here",
            "return q",
        ),
    ),
    (
        TOKENS,
        net(
            "self.q = nn.Linear(32, 32); self.k = nn.Linear(32, 24)",
            "q, k = self.q(x), self.k(x)",
            "return q @ k.transpose(1, 2)  # here",
        ),
    ),
    (
        TOKENS,
        net(
            "self.q = nn.Linear(32, 32)", "q = self.q(x).unflatten(-1, (5, -1))  # here", "return q"
        ),
    ),
    (
        TOKENS,
        net(
            "self.k = nn.Linear(32, 16)",
            "return F.scaled_dot_product_attention(x, self.k(x), self.k(x))  # here",
        ),
    ),
    (
        TOKENS,
        net(
            "self.k = nn.Linear(32, 16)",
            "return torch.einsum('bnd,bmd->bnm', x, self.k(x))  # here",
        ),
    ),
    (TOKENS, net("self.g = nn.Linear(32, 33)", "return F.glu(self.g(x))  # here")),
]
