"""A farm of devices, by Dask: whichever device of the profile is free does the job."""

import contextlib
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from attrs import evolve, frozen

from hwlint.measure.extras import need
from hwlint.measure.farm import packed, resource, silence
from hwlint.measure.job import Failure, Job, Result, load_job, parse_result
from hwlint.measure.transports.base import Cancelled, Progress

__all__ = ["Farm"]

_TICK = 0.05
_SECONDS_TO_CONNECT = 5.0
_SECONDS_TO_ANSWER = 5.0
_SECONDS_TO_FETCH = 2.0
_FETCHES = 30
_SECONDS_BETWEEN = 0.5
_LOSSES = 20


@frozen
class Farm:
    """Runs jobs on the devices of a profile. Several threads may run jobs at once."""

    scheduler: str
    """Address: "tcp://host:8786"."""
    profile: str
    """Id of the profile."""
    patience: float = 600.0
    """Seconds to wait for a scheduler that has gone, and for a device where there is none."""

    def run(
        self, job_folder: Path, runner: Path, *, cancelled: Cancelled, progress: Progress
    ) -> Result:
        """Run a job; see `Transport.run`."""
        need("distributed", "farm", "a farm of devices")
        job = load_job(job_folder)
        files = {**packed(job_folder, "job"), runner.name: runner.read_bytes()}
        errand = _Errand(self, job, files, runner.name, cancelled, progress)
        try:
            found = parse_result(errand.result())
        except _Refused as refusal:
            return Result(job.key, failure=refusal.failure)
        if not errand.losses:
            return found
        return evolve(found, notes=(*found.notes, "the scheduler was lost and came back meanwhile"))


class _Future(Protocol):
    """What is used of Dask's futures, whose own types say little."""

    @property
    def status(self) -> str: ...
    def result(self, timeout: float) -> object: ...
    def exception(self) -> BaseException: ...
    def release(self) -> None: ...


class _Client(Protocol):
    """What is used of Dask's client."""

    @property
    def status(self) -> str: ...
    @property
    def scheduler(self) -> Any: ...
    def submit(self, function: Callable[..., str], *given: object, **how: object) -> _Future: ...
    def sync(self, function: Callable[..., object], **how: object) -> object: ...


class _Refused(Exception):
    """There is no result."""

    def __init__(self, kind: str, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.failure = Failure(kind, message, "", advice)


class _Lost(Exception):
    """The scheduler has gone, and with it what it knew."""


class _Errand:
    """One job on its way, as often as it takes."""

    def __init__(
        self,
        farm: Farm,
        job: Job,
        files: Mapping[str, bytes],
        runner: str,
        cancelled: Cancelled,
        progress: Progress,
    ) -> None:
        self._farm = farm
        self._job = job
        self._files = files
        self._runner = runner
        self._cancelled = cancelled
        self._progress = progress
        self._told = ""
        self.losses = 0

    def result(self) -> str:
        """Return the result as JSON. Raises `_Refused`."""
        line, where = _line(self._farm.scheduler), f"the scheduler at {self._farm.scheduler}"
        while self.losses < _LOSSES:
            client = line.client(self._farm.patience, self._check)
            if self.losses:
                self._tell(f"{where} is back: going on")
            try:
                return self._asked(client)
            except _Lost:
                self.losses += 1
                self._tell(f"{where} has gone: waiting for it")
        raise _Refused("unreachable", f"{where} has gone {_LOSSES} times")

    def _asked(self, client: _Client) -> str:
        from hwlint.measure.farm.station import measure_here  # noqa: PLC0415 - needs distributed

        try:
            future = client.submit(
                measure_here,
                self._files,
                self._runner,
                key=f"hwlint-{self._job.key[:12]}-{uuid.uuid4().hex[:12]}",
                resources={resource(self._farm.profile): 1},
                pure=False,
            )
        except Exception as problem:
            raise _Lost from problem
        try:
            return self._waited(client, future)
        finally:
            future.release()

    def _waited(self, client: _Client, future: _Future) -> str:
        for _ in range(_FETCHES):
            self._wait(client, future)
            if future.status == "error":
                raise self._broken(future)
            if future.status != "finished":
                raise _Lost
            try:
                return cast("str", future.result(timeout=_SECONDS_TO_FETCH))
            except TimeoutError:
                # It lay with a worker that has gone: either the scheduler has it done again, and
                # the future is pending once more, or the scheduler has gone too.
                continue
            except Exception as problem:
                raise _Lost from problem
        raise _Lost

    def _wait(self, client: _Client, future: _Future) -> None:
        """Wait while somebody may be at it."""
        alone_since: float | None = None
        looked = 0.0
        while future.status == "pending":
            self._check()
            now = time.monotonic()
            if now - looked > 1:
                looked = now
                there = self._devices(client)
                alone_since = None if there != 0 else alone_since or now
                self._tell_devices(there)
            if alone_since is not None and now - alone_since > self._farm.patience:
                raise self._nobody()
            time.sleep(_TICK)
        self._check()

    def _check(self) -> None:
        if self._cancelled():
            raise _Refused("cancelled", "cancelled")

    def _tell(self, text: str) -> None:
        if text != self._told:
            self._told = text
            self._progress(text)

    def _tell_devices(self, count: int | None) -> None:
        profile, scheduler = self._farm.profile, self._farm.scheduler
        many = "device" if count == 1 else "devices"
        if count is None:
            return
        if count:
            self._tell(f"on {count} {many} of {profile} at {scheduler}")
        else:
            self._tell(f"waiting for a device of {profile} at {scheduler}")

    def _devices(self, client: _Client) -> int | None:
        """Return how many devices of the profile there are; None where nobody says so in time,
        which is no loss: that shows in the future."""
        try:
            # Not `scheduler_info`, which waits for ever where the scheduler goes meanwhile.
            ask: Callable[..., object] = client.scheduler.identity
            answer = client.sync(ask, n_workers=-1, callback_timeout=_SECONDS_TO_ANSWER)
        except Exception:  # noqa: BLE001 - Dask's are many, and all say the same
            return None
        told = cast("Mapping[str, Mapping[str, Mapping[str, object]]]", answer)["workers"]
        resources = [cast("Mapping[str, float]", w.get("resources", {})) for w in told.values()]
        return sum(resource(self._farm.profile) in each for each in resources)

    def _nobody(self) -> _Refused:
        advice = f"hwlint device worker --scheduler {self._farm.scheduler} --target NAME starts one"
        message = f"no device of {self._farm.profile} serves {self._farm.scheduler}"
        return _Refused("unreachable", message, advice)

    def _broken(self, future: _Future) -> _Refused:
        problem = future.exception()
        kind = type(problem).__name__
        if kind == "KilledWorker":
            return _Refused("device", "the workers that took it were lost, several in a row")
        line = " ".join(str(problem).split())[:300]
        advice = "is the same hwlint installed there?" if kind.endswith("Error") else ""
        return _Refused("device", f"the worker could not do it: {kind}: {line}", advice)


class _Line:
    """The connection to one scheduler, shared by all threads of this process."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._client: _Client | None = None

    def client(self, patience: float, check: Callable[[], None]) -> _Client:
        """Return a client that is connected, waiting so many seconds for a scheduler that was
        there before."""
        until = time.monotonic() + patience
        while True:
            check()
            # Whoever comes first connects; the others look again.
            if not self._lock.acquire(timeout=_TICK):
                continue
            try:
                found = self._current()
            finally:
                self._lock.release()
            if found is not None:
                return found
            if self._client is None or time.monotonic() > until:
                message = f"no scheduler answers at {self._address}"
                raise _Refused("unreachable", message, "`dask scheduler` starts one")
            time.sleep(_SECONDS_BETWEEN)

    def _current(self) -> _Client | None:
        # One that has lost the scheduler tries to find it again for a while, and then closes.
        if self._client is None or self._client.status == "closed":
            self._client = _connected(self._address) or self._client
        ready = self._client is not None and self._client.status == "running"
        return self._client if ready else None


def _connected(address: str) -> _Client | None:
    import dask.config  # noqa: PLC0415 - an extra
    from distributed import Client  # noqa: PLC0415

    silence()
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"})
    with warnings.catch_warnings(), contextlib.suppress(OSError, TimeoutError):
        warnings.simplefilter("ignore")
        client: object = Client(address, timeout=_SECONDS_TO_CONNECT, set_as_default=False)
        return cast("_Client", client)
    return None


_LINES: dict[str, _Line] = {}
_LINES_LOCK = threading.Lock()


def _line(address: str) -> _Line:
    with _LINES_LOCK:
        return _LINES.setdefault(address, _Line(address))
