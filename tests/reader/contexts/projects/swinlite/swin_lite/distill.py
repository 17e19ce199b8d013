import torch
from torch import nn

from swin_lite.swin_lite import exists


class Student(nn.Module):
    """Plain transformer with a distillation token."""

    def __init__(self, *, image_size, patch_size, num_classes, dim, depth, heads, mlp_dim = None, channels = 3):
        super().__init__()
        num_patches = (image_size // patch_size) ** 2
        self.patch = nn.Conv2d(channels, dim, patch_size, patch_size)
        self.pos = nn.Parameter(torch.randn(1, num_patches + 2, dim))
        self.tokens = nn.Parameter(torch.randn(1, 2, dim))
        mlp_dim = mlp_dim if exists(mlp_dim) else dim * 2
        self.transformer = nn.ModuleList([nn.TransformerEncoderLayer(dim, heads, mlp_dim, 0., batch_first = True) for _ in range(depth)])
        self.to_logits, self.to_distilled = [nn.Linear(dim, num_classes) for _ in range(2)]

    def forward(self, img):
        x = self.patch(img).flatten(2).transpose(1, 2)
        x = torch.cat((self.tokens.expand(len(x), -1, -1), x), dim = 1) + self.pos
        for block in self.transformer:
            x = block(x)
        return self.to_logits(x[:, 0]), self.to_distilled(x[:, 1])
