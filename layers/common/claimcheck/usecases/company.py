"""Who may be worked on beside whom, in one environment."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Company:
    """Most jobs share an environment; one that is suspected of killing it waits until it is alone.

    A suspect lets jobs that came before it finish, and those that come while it waits go first: it is the
    one with something to hide.
    """

    def __init__(self) -> None:
        self._working = 0
        self._changed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def of(self, *, alone: bool) -> AsyncIterator[None]:
        """Hold a place while the block runs: among others, or `alone`."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._working == 0 if alone else self._working >= 0)
            self._working += -1 if alone else 1
        try:
            yield
        finally:
            async with self._changed:
                self._working -= -1 if alone else 1
                self._changed.notify_all()
