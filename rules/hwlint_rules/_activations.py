"""Activations that come closest to others in shape."""

from collections.abc import Mapping, Sequence

__all__ = ["CLOSEST"]

CLOSEST: Mapping[str, Sequence[str]] = {
    "CELU": ("ELU", "ReLU"),
    "ELU": ("ReLU",),
    "GELU": ("Hardswish", "ReLU"),
    "Hardsigmoid": ("Sigmoid",),
    "Hardswish": ("ReLU6", "ReLU"),
    "LeakyReLU": ("ReLU",),
    "LogSigmoid": ("Sigmoid",),
    "Mish": ("Hardswish", "ReLU"),
    "PReLU": ("LeakyReLU", "ReLU"),
    "SELU": ("ELU", "ReLU"),
    "SiLU": ("Hardswish", "ReLU6", "ReLU"),
    "Softplus": ("ReLU",),
    "Softsign": ("Tanh",),
}
"""What comes closest in shape, the closest first."""
