"""The worker beside a device: does the jobs that the scheduler of a farm gives it, one by one."""

import asyncio
import contextlib
import os
import platform
import shutil
import signal
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from attrs import evolve, frozen
from distributed import Status, Worker, get_worker

from hwlint.engine.measure_targets import MeasureTarget
from hwlint.measure.farm import resource, silence, unpack
from hwlint.measure.job import Result, as_json
from hwlint.measure.transports.base import Transport
from hwlint.measure.transports.guest import remove_left_behind

__all__ = ["Station", "measure_here"]

_FOLDERS = "hwlint-station-"
_SECONDS_BETWEEN = 1.0
_SECONDS_TO_JOIN = 10


@frozen
class Station:
    """One device and the farm that it serves."""

    scheduler: str
    """Address: "tcp://host:8786"."""
    target: MeasureTarget
    profile: str
    """Id of the target's profile."""
    transport: Transport
    """To the device, from here."""
    say: Callable[[str], None]

    @property
    def name(self) -> str:
        """Its name in the farm."""
        return f"{self.target.name}@{platform.node()}"

    def run(self) -> None:
        """Serve until a signal says to stop, whatever becomes of the scheduler meanwhile."""
        silence()
        remove_left_behind(tempfile.gettempdir(), _FOLDERS)
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        stop = asyncio.Event()
        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(each, stop.set)
        told = ""
        while not stop.is_set():
            problem = await self._one_life(stop)
            if problem and problem != told:
                self.say(problem)
            told = problem
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _SECONDS_BETWEEN)

    async def _one_life(self, stop: asyncio.Event) -> str:
        """Serve as long as the scheduler lives; return why nothing came of it, "" where it did."""
        with tempfile.TemporaryDirectory(prefix=f"{_FOLDERS}{os.getpid()}-") as folder:
            worker = Worker(
                self.scheduler,
                nthreads=1,  # two jobs at once would measure each other
                name=self.name,
                resources={resource(self.profile): 1},
                memory_limit=0,
                local_directory=folder,
                dashboard=False,
                death_timeout=_SECONDS_TO_JOIN,
            )
            _STATIONS[self.name] = self
            joining = asyncio.ensure_future(_joined(worker))
            stopping = asyncio.ensure_future(stop.wait())
            try:
                await asyncio.wait({joining, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if stop.is_set():
                    return ""
                if problem := joining.result():
                    return f"waiting for the farm at {self.scheduler}: {problem}"
                self.say(f"{self.target.name} serves {self.profile} at {self.scheduler}")
                leaving = asyncio.ensure_future(worker.finished())
                await asyncio.wait({leaving, stopping}, return_when=asyncio.FIRST_COMPLETED)
                leaving.cancel()
                return "" if stop.is_set() else f"the scheduler at {self.scheduler} has gone"
            finally:
                joining.cancel()
                stopping.cancel()
                await worker.close()


_STATIONS: dict[str, Station] = {}
"""Of this process, by name: what the scheduler calls knows no more than its worker."""


async def _joined(worker: Worker) -> str:
    """Wait until the scheduler has taken the worker in; return why it has not."""
    try:
        await worker
    except ValueError as problem:  # what it says to a worker that it does not want
        taken = "it has a worker of that name already" if "name taken" in str(problem) else ""
        return taken or " ".join(str(problem).split())
    except (OSError, TimeoutError, RuntimeError):
        return "nothing answers"
    return ""


def measure_here(files: Mapping[str, bytes], runner: str) -> str:
    """Do one job on the device of this worker; the scheduler has it called.

    Args:
        files: Of the job's folder "job", and the runner.
        runner: Name of the runner's file.

    Returns:
        The result as JSON.
    """
    worker = get_worker()
    station = _STATIONS[str(worker.name)]
    task = str(worker.get_current_task())

    def cancelled() -> bool:
        found = worker.state.tasks.get(task)
        return worker.status != Status.running or found is None or found.state == "cancelled"

    folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDERS}{os.getpid()}-"))
    try:
        unpack(files, folder)
        result = station.transport.run(
            folder / "job", folder / runner, cancelled=cancelled, progress=lambda _: None
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return as_json(_signed(result, station.name))


def _signed(result: Result, name: str) -> Result:
    """Say which device it was."""
    told = {"host": name, **result.environment, "worker": name}
    return evolve(result, environment=told)
