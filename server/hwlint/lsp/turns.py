"""Who may measure on which device; light, since every server has it from its start."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

__all__ = ["Turns"]


class Turns:
    """The devices of one server: one thing at a time is measured on each."""

    def __init__(self) -> None:
        """Let all be free."""
        self._locks: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def on(self, target: str, said: Callable[[str], None]) -> AsyncGenerator[None]:
        """Wait for a device and hold it."""
        lock = self._locks.setdefault(target, asyncio.Lock())
        if lock.locked():
            said(f"waiting for {target}")
        async with lock:
            yield
