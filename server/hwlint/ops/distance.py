"""Distances."""

from hwlint.ops._rows import calls, layer, stored

__all__ = ["ROWS"]

ROWS = (
    layer(
        "CosineSimilarity",
        "other",
        "",
        "dim=1, eps=1e-8",
        forward=calls("cosine_similarity", "x1, x2"),
    ),
    layer(
        "PairwiseDistance",
        "other",
        "",
        "p=2.0, eps=1e-6, keepdim=False",
        attributes=stored("norm=p eps keepdim"),
        forward=calls("pairwise_distance", "x1, x2"),
    ),
)
