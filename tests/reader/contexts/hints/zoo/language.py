import math

import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        assert config.n_embd % config.n_head == 0
        self.qkv = nn.Linear(config.n_embd, 3 * config.n_embd, bias=config.bias)
        self.proj = nn.Linear(config.n_embd, config.n_embd, bias=config.bias)
        self.drop = nn.Dropout(config.dropout)
        self.n_head = config.n_head


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.norm1 = nn.LayerNorm(config.n_embd)
        self.attn = SelfAttention(config)
        self.norm2 = nn.LayerNorm(config.n_embd)
        self.mlp = nn.Sequential(
            nn.Linear(config.n_embd, 4 * config.n_embd), nn.GELU(), nn.Linear(4 * config.n_embd, config.n_embd)
        )


class Decoder(nn.Module):
    """A config that is passed on, and asked by every block."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList([Block(config) for _ in range(config.n_layer)])
        self.head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        if getattr(config, "tie", True):
            self.head.weight = self.wte.weight


class Seq2Seq(nn.Module):
    """argparse's namespace as it is."""

    def __init__(self, args, src_vocab, tgt_vocab):
        super().__init__()
        self.src_embed = nn.Embedding(len(src_vocab), args.embed_dim, padding_idx=0)
        self.tgt_embed = nn.Embedding(len(tgt_vocab), args.embed_dim)
        rnn = getattr(nn, args.cell.upper())
        self.encoder = rnn(args.embed_dim, args.hidden, num_layers=args.layers, bidirectional=True, batch_first=True)
        self.decoder = rnn(args.embed_dim + 2 * args.hidden, args.hidden, batch_first=True)
        self.out = nn.Linear(args.hidden, len(tgt_vocab))
        if hasattr(args, "attention"):
            self.attention = nn.Linear(args.hidden, args.hidden)


class TextCNN(nn.Module):
    """Keyword arguments that are only named in the body."""

    def __init__(self, **kwargs):
        super().__init__()
        self.model = kwargs.get("model", "rand")
        self.vocab_size = kwargs["vocab_size"]
        self.word_dim = kwargs["word_dim"]
        filters, sizes = kwargs["filter_num"], kwargs["filters"]
        self.embedding = nn.Embedding(self.vocab_size + 2, self.word_dim, padding_idx=self.vocab_size + 1)
        for i, size in enumerate(sizes):
            setattr(self, f"conv_{i}", nn.Conv1d(1, filters, self.word_dim * size, stride=self.word_dim))
        self.fc = nn.Linear(filters * len(sizes), kwargs.pop("class_size"))


class Tagger(nn.Module):
    def __init__(self, vocab_size: int, tag_to_ix: dict[str, int], embedding_dim: int, hidden_dim: int):
        super().__init__()
        self.tagset_size = len(tag_to_ix)
        self.word_embeds = nn.Embedding(vocab_size, embedding_dim)
        self.lstm = nn.LSTM(embedding_dim, hidden_dim // 2, num_layers=1, bidirectional=True)
        self.hidden2tag = nn.Linear(hidden_dim, self.tagset_size)
        self.transitions = nn.Parameter(torch.randn(self.tagset_size, self.tagset_size))


class CrossAttention(nn.Module):
    """What is None by default is needed all the same, where it is not the other's default."""

    def __init__(self, query_dim=None, context_dim=None, heads=8, dim_head=None):
        super().__init__()
        context_dim = context_dim or query_dim
        dim_head = dim_head if dim_head is not None else query_dim // heads
        inner = dim_head * heads
        self.scale = 1 / math.sqrt(dim_head)
        self.to_q = nn.Linear(query_dim, inner, bias=False)
        self.to_kv = nn.Linear(context_dim, inner * 2, bias=False)
        self.to_out = nn.Sequential(nn.Linear(inner, query_dim), nn.Dropout(0.1))
