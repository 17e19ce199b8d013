import torch
from torch import nn

from ..registry import MODELS


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.projection = nn.Sequential(nn.Linear(hidden_dim, 64), nn.ReLU(True), nn.Linear(64, 1))

    def forward(self, encoder_outputs, mask=None):
        energy = self.projection(encoder_outputs).squeeze(-1)
        if mask is not None:
            energy = energy.masked_fill(~mask, -1e9)
        weights = torch.softmax(energy, dim=1)
        return (encoder_outputs * weights.unsqueeze(-1)).sum(dim=1), weights


@MODELS.register(name="bilstm_attn")
class BiLSTM(nn.Module):
    def __init__(self, vocab_size, num_classes, embed_dim, hidden, layers=1, dropout=0.0, bidirectional=True, **_):
        super().__init__()
        self.embed = nn.Embedding(vocab_size, embed_dim, padding_idx=0)
        self.rnn = nn.LSTM(embed_dim, hidden, num_layers=layers, batch_first=True, bidirectional=bidirectional,
                           dropout=dropout if layers > 1 else 0.0)
        out = hidden * (2 if bidirectional else 1)
        self.attn = SelfAttention(out)
        self.norm = nn.LayerNorm(out)
        self.head = nn.Linear(out, num_classes)

    def forward(self, tokens):
        mask = tokens != 0
        hidden, _ = self.rnn(self.embed(tokens))
        pooled, _ = self.attn(hidden, mask)
        return self.head(self.norm(pooled))
