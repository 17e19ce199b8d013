import pytest
import torch


@pytest.fixture
def in_dim():
    return 24


@pytest.fixture
def batch(in_dim):
    torch.manual_seed(0)
    return torch.randn(2, 6, in_dim), torch.ones(2, 6, 6)


@pytest.fixture(params=["mean", "meanmax"])
def readout(request):
    return request.param
