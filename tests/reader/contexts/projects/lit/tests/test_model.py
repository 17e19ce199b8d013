import torch

from src.lit_model import KeywordSpotter


def test_forward():
    model = KeywordSpotter(model="transformer", n_mels=32, num_classes=4)
    assert model(torch.randn(2, 1, 32, 50)).shape == (2, 4)
