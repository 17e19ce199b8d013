import pytest
import torch
from torch import nn

from graphnets import GATLayer, GraphClassifier, NodeEncoder, SAGELayer
from graphnets.layers import make_layer

KINDS = ["gcn", "sage", "gat"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hidden", [(32,), (48, 40)])
def test_encoder_shapes(kind, hidden, in_dim, batch):
    enc = NodeEncoder(in_dim, hidden, kind=kind)
    assert enc(*batch).shape == (2, 6, hidden[-1])


@pytest.mark.parametrize(
    ("kwargs", "width"),
    [
        ({"heads": 4}, 32),
        pytest.param({"heads": 3, "concat": False}, 20, id="averaged"),
    ],
)
def test_gat(kwargs, width, in_dim, batch):
    layer = GATLayer(in_dim, width, **kwargs)
    assert layer(*batch).shape[-1] == width


def test_classifier(readout, in_dim, batch):
    encoder = NodeEncoder(in_dim, [64, 64], kind="gcn", activation=nn.SiLU, jump=True, norm="layer")
    net = GraphClassifier(encoder, num_classes=7, readout=readout)
    assert net(*batch).shape == (2, 7)


class TestSage:
    @pytest.mark.parametrize("aggregator", ["mean", "pool", "lstm"])
    def test_builds(self, aggregator):
        layer = SAGELayer(10, 12, aggregator=aggregator)
        assert sum(p.numel() for p in layer.parameters()) > 0

    def test_unknown(self):
        with pytest.raises(KeyError):
            make_layer("gin", 1, 2)
