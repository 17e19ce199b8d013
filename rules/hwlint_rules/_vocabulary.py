"""Output layers that score every entry of a vocabulary."""

from hwlint.api import Layer, ModelGraph
from hwlint_rules._text import number

__all__ = ["vocabulary_layers"]


def vocabulary_layers(graph: ModelGraph) -> dict[Layer, int]:
    """Return the linear layers that score the entries of a vocabulary, with how often each stands
    in the model.

    A vocabulary is what the largest embedding has rows for. The width of any other embedding
    counts where the layer gets it from the same place in the source: two segments and two classes
    are no vocabulary.
    """
    tables = [layer for layer in graph.layers if layer.op == "Embedding" and not layer.maybe]
    most = max((number(table.args.get("num_embeddings")) or 0 for table in tables), default=0)
    found: dict[Layer, int] = {}
    for layer, count in graph.layers.items():
        width = number(layer.args.get("out_features")) if layer.op == "Linear" else None
        if not width or layer.maybe or width == number(layer.args.get("in_features")):
            continue
        same = (t for t in tables if number(t.args.get("num_embeddings")) == width)
        if width == most or any(_from_one_place(table, layer) for table in same):
            found[layer] = count
    return found


def _from_one_place(table: Layer, layer: Layer) -> bool:
    places = [
        {leaf.place for leaf in origin.leaves()}
        for origin in (table.args["num_embeddings"].origin, layer.args["out_features"].origin)
        if origin is not None
    ]
    return len(places) == 2 and not places[0].isdisjoint(places[1])
