"""Output layers that score every entry of a vocabulary."""

from hwlint.api import Layer, ModelGraph
from hwlint_rules._text import number

__all__ = ["vocabulary_layers"]


def vocabulary_layers(graph: ModelGraph) -> dict[Layer, int]:
    """Return the linear layers that are as wide as an embedding of the model has rows, with how
    often each stands in the model.

    That width is what the tokenizer gives: an embedding only looks rows up, whatever their number,
    but the layer that scores them all is a product with that many columns.
    """
    rows = {
        number(layer.args.get("num_embeddings"))
        for layer in graph.layers
        if layer.op == "Embedding" and not layer.maybe
    }
    return {
        layer: count
        for layer, count in graph.layers.items()
        if layer.op == "Linear"
        and not layer.maybe
        and number(layer.args.get("out_features")) is not None
        and number(layer.args.get("out_features")) in rows
        and number(layer.args.get("out_features")) != number(layer.args.get("in_features"))
    }
