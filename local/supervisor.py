"""Keeps child services running: one that ends by itself is started again."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from local.processes import Service, ServiceError, ended_how

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_TROUBLE_WINDOW_S = 60.0
_TROUBLE_LIMIT = 10


class Supervisor:
    """Starts services, watches them, stops them; `failed` is set when one cannot be kept running."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._services: list[Service] = []
        self._watches: list[asyncio.Task[None]] = []
        self.failed: asyncio.Future[ServiceError] = asyncio.get_running_loop().create_future()

    async def start(self, *services: Service) -> None:
        """Start all at once and wait until each serves. Raises ServiceError for the first that does not."""
        self._services += services
        starts = [asyncio.create_task(service.start()) for service in services]
        try:
            await asyncio.gather(*starts)
        finally:
            for task in starts:
                task.cancel()
            await asyncio.gather(*starts, return_exceptions=True)

    def watch(self, service: Service, restarted: Callable[[], Awaitable[None]] | None = None) -> None:
        """From now on start `service` again when it ends, and await `restarted` afterwards."""
        self._watches.append(asyncio.create_task(self._watch(service, restarted)))

    async def stop(self) -> None:
        """Stop watching, then stop every service, all at once."""
        for task in self._watches:
            task.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        await asyncio.gather(*(service.stop() for service in self._services), return_exceptions=True)

    def pids(self) -> list[int]:
        """The process ids of the services that run now."""
        processes = [service.process for service in self._services]
        return [process.pid for process in processes if process and process.returncode is None]

    async def _watch(self, service: Service, restarted: Callable[[], Awaitable[None]] | None) -> None:
        ends: list[float] = []
        while service.process is not None:
            how = ended_how(await service.process.wait())
            now = time.monotonic()
            ends = [moment for moment in ends if now - moment < _TROUBLE_WINDOW_S] + [now]
            if len(ends) > _TROUBLE_LIMIT:
                self._fail(ServiceError(f"{service.name} ended {len(ends)} times in a minute ({how})"))
                return
            self._log(f"{service.name} ended unexpectedly ({how}); starting it again")
            try:
                await service.start()
                if restarted is not None:
                    await restarted()
            except ServiceError as error:
                self._fail(error)
                return
            except Exception as error:  # noqa: BLE001 (whatever it is, the system cannot go on in silence)
                self._fail(ServiceError(f"{service.name} could not be set up again: {error}"))
                return
            self._log(f"{service.name} runs again")

    def _fail(self, error: ServiceError) -> None:
        if not self.failed.done():
            self.failed.set_result(error)
