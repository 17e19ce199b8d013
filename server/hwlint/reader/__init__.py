"""The static interpreter: from source to the models that it builds, without running it."""

from hwlint.reader.forward.inputs import ForwardOptions, InputSpec
from hwlint.reader.reading import STAGES, FileReading, Reader, ReadOptions

__all__ = ["STAGES", "FileReading", "ForwardOptions", "InputSpec", "ReadOptions", "Reader"]
