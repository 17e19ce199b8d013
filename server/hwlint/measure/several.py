"""Several places in one go: on a farm at the same time, anywhere else one after the other."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from attrs import evolve, field, frozen

from hwlint.measure.job import Result
from hwlint.measure.session import Measured, Session
from hwlint.measure.transports.base import Cancelled, Progress, Transport

__all__ = ["MOST_AT_ONCE", "OutOfTurn", "measure_all"]

MOST_AT_ONCE = 16
"""Jobs that wait in a farm: each holds its model in the scheduler's memory."""


def measure_all(session: Session, places: Sequence[str]) -> list[Measured]:
    """Measure places, in their order. Raises as `Session.measure`."""
    if session.destination.target.transport != "dask" or len(places) == 1:
        return [session.measure(place) for place in places]
    stop = threading.Event()
    turn = threading.Lock()

    def around(transport: Transport) -> Transport:
        return OutOfTurn(transport, turn)

    def cancelled() -> bool:
        return stop.is_set() or session.cancelled()

    several = evolve(session, cancelled=cancelled, around=around)

    def one(place: str) -> Measured:
        # Reading and exporting take this computer's processors: one at a time.
        with turn:
            return several.measure(place)

    with ThreadPoolExecutor(min(len(places), MOST_AT_ONCE)) as pool:
        waiting = [pool.submit(one, place) for place in places]
        try:
            return [each.result() for each in waiting]
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


@frozen
class OutOfTurn:
    """A transport that lets others have their turn while it waits."""

    transport: Transport
    turn: threading.Lock = field(eq=False)

    def run(
        self, job_folder: Path, runner: Path, *, cancelled: Cancelled, progress: Progress
    ) -> Result:
        """Run a job; see `Transport.run`."""
        self.turn.release()
        try:
            return self.transport.run(job_folder, runner, cancelled=cancelled, progress=progress)
        finally:
            self.turn.acquire()
