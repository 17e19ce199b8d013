"""hwlint: what a PyTorch model will cost on the target device, said where the code is written."""

__version__ = "0.1.0"

__all__ = ["__version__"]
