"""Architectures by name."""

from tabnets.models.base import TabularModel, available, build
from tabnets.models import mlp as _mlp, resnet as _resnet, transformer as _transformer  # noqa: F401

__all__ = ["TabularModel", "available", "build"]
