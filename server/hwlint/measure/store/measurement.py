"""A measurement, as it comes out of the store."""

import datetime as dt

from attrs import frozen

from hwlint.measure.job import Job, Result

__all__ = ["Measurement", "device_of", "versions_of"]

_RUNTIMES = ("onnxruntime", "torch", "vela", "executorch", "export", "python")
"""Keys of a result's environment that say which runner it was; the interpreter last."""


@frozen
class Measurement:
    """What was measured, on what, and what came of it."""

    id: int
    target: str
    profile: str
    """Id of the profile; "" for this computer without one."""
    device: str
    versions: str
    taken: dt.datetime
    """In UTC."""
    job: Job
    result: Result

    @property
    def median_s(self) -> float:
        """Return the median, which every stored result has."""
        assert self.result.median_s is not None
        return self.result.median_s


def versions_of(result: Result) -> str:
    """Return the versions of what ran a job: "onnxruntime 1.32.0, python 3.11.7"."""
    told = result.environment
    return ", ".join(f"{name} {told[name]}" for name in _RUNTIMES if name in told)


def device_of(result: Result) -> str:
    """Return which machine ran a job: its name on the network; "" where it did not say."""
    return result.environment.get("host", "")
