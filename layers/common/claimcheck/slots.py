"""How many may do something at once in this process."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary


class Slots:
    """`parallel` slots. A semaphore belongs to an event loop, and one environment may see several loops."""

    def __init__(self, parallel: int) -> None:
        self._parallel = parallel
        self._of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    def here(self) -> asyncio.Semaphore:
        """The slots of the loop that runs now."""
        loop = asyncio.get_running_loop()
        return self._of_loops.setdefault(loop, asyncio.Semaphore(self._parallel))
