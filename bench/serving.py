"""A web application in this process, for as long as a run lasts."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from aiohttp import web

from local.processes import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def served(application: web.Application) -> AsyncIterator[str]:
    """Its address, on a free port of the loopback interface."""
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    try:
        yield f"http://{LOOPBACK}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
