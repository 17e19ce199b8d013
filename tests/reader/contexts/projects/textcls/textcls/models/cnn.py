import torch
import torch.nn as nn
import torch.nn.functional as F

from ..registry import MODELS


@MODELS.register
class TextCNN(nn.Module):
    """Kim (2014)."""

    def __init__(self, vocab_size, num_classes, embed_dim=128, num_filters=64, kernel_sizes=(2, 3, 4), dropout=0.1,
                 max_len=None, pretrained=None):
        super().__init__()
        if pretrained is not None:
            self.embedding = nn.Embedding.from_pretrained(pretrained, freeze=False)
        else:
            self.embedding = nn.Embedding(vocab_size, embed_dim, padding_idx=vocab_size - 1)
        self.convs = nn.ModuleList([nn.Conv2d(1, num_filters, (k, embed_dim)) for k in kernel_sizes])
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(num_filters * len(kernel_sizes), num_classes)

    def conv_and_pool(self, x, conv):
        x = F.relu(conv(x)).squeeze(3)
        return F.max_pool1d(x, x.size(2)).squeeze(2)

    def forward(self, x):
        out = self.embedding(x).unsqueeze(1)
        out = torch.cat([self.conv_and_pool(out, conv) for conv in self.convs], 1)
        return self.fc(self.dropout(out))
