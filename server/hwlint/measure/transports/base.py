"""What every way to a device has in common."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from hwlint.measure.job import Result

__all__ = ["Cancelled", "Progress", "Transport"]

Cancelled = Callable[[], bool]
Progress = Callable[[str], None]


class Transport(Protocol):
    """Takes a job to a device, runs it there and brings its result back."""

    def run(
        self, job_folder: Path, runner: Path, *, cancelled: Cancelled, progress: Progress
    ) -> Result:
        """Run `python -I RUNNER JOB_FOLDER` on the device and return what it wrote.

        `job_folder` holds `job.json` and whatever the runner needs besides; all of it goes to the
        device. Never raises for what goes wrong there: that is `Result.failure`. `cancelled` is
        asked several times a second; when it says so, what runs is ended within a second, nothing
        is left behind, and the failure is of the kind "cancelled". `progress` is told in words how
        far it is.
        """
        ...
