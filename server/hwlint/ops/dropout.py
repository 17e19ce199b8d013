"""Dropout."""

from hwlint.ops._rows import calls, is_real, layer
from hwlint.ops.spec import Values

__all__ = ["INTERNAL", "ROWS"]

_SIGNATURE = "p=0.5, inplace=False"
_OPS = ("AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout")


def _check(values: Values) -> None:
    chance = values["p"]
    if is_real(chance) and not 0 <= chance <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {chance}")


_SPELLED = {"AlphaDropout": "alpha_dropout", "FeatureAlphaDropout": "feature_alpha_dropout"}

ROWS = tuple(
    layer(
        op,
        "dropout",
        "_DropoutNd",
        _SIGNATURE,
        check=_check,
        forward=calls(_SPELLED.get(op, op.lower())),
    )
    for op in _OPS
)
"""Rows of public classes."""

INTERNAL = (layer("_DropoutNd", "dropout", "", _SIGNATURE, check=_check),)
"""Rows of base classes that user code subclasses."""
