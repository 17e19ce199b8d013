"""Look-up tables."""

from collections.abc import Callable

from hwlint.ops._rows import calls, integer, integers, layer, require_sizes, stored
from hwlint.ops.spec import Shapes, Values

__all__ = ["ROWS"]


def _weights(values: Values) -> Shapes:
    return {"weight": (integer(values, "num_embeddings"), integer(values, "embedding_dim"))}


def _normalise(values: Values) -> Values:
    known = integers(values, "num_embeddings", "padding_idx")
    return {"padding_idx": known[0] + known[1]} if known and known[1] < 0 else {}


def _check(name: str) -> Callable[[Values], None]:
    def check(values: Values) -> None:
        known = integers(values, "num_embeddings", "padding_idx")
        # Index 0 is let through for an empty table; a negative one is counted from the end and
        # is still negative here if it lies outside.
        if known and (known[1] < 0 or 0 < known[1] >= known[0]):
            raise AssertionError(f"{name} must be within num_embeddings")
        require_sizes(values, "num_embeddings", "embedding_dim")

    return check


ROWS = (
    layer(
        "Embedding",
        "embedding",
        "",
        "num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0, "
        "scale_grad_by_freq=False, sparse=False, _weight=None, _freeze=False, device=None, "
        "dtype=None",
        weights=_weights,
        attributes=stored(
            "num_embeddings embedding_dim padding_idx max_norm norm_type scale_grad_by_freq sparse"
        ),
        normalise=_normalise,
        check=_check("Padding_idx"),
        forward=calls("embedding"),
    ),
    layer(
        "EmbeddingBag",
        "embedding",
        "",
        "num_embeddings, embedding_dim, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, "
        "mode='mean', sparse=False, _weight=None, include_last_offset=False, padding_idx=None, "
        "device=None, dtype=None",
        weights=_weights,
        attributes=stored(
            "num_embeddings embedding_dim max_norm norm_type scale_grad_by_freq mode sparse "
            "include_last_offset padding_idx"
        ),
        normalise=_normalise,
        check=_check("padding_idx"),
        forward=calls("embedding_bag", "input, offsets=None, per_sample_weights=None"),
    ),
)
