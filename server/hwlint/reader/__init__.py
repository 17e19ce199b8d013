"""The static interpreter: from source to the models that it builds, without running it."""

from hwlint.reader.reading import FileReading, ForwardOptions, InputSpec, Reader, ReadOptions

__all__ = ["FileReading", "ForwardOptions", "InputSpec", "ReadOptions", "Reader"]
