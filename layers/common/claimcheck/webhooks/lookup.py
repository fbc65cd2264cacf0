"""Names looked up in threads of their own: a resolver that hangs holds up nobody but who asked it."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    # As socket.getaddrinfo, as far as it is used here.
    AddressInfo = Callable[..., Sequence[tuple[Any, ...]]]

# A thread cannot be stopped, so one is lost until the system's resolver gives up, after half a minute or so.
# A batch has ten messages: three batches of nothing but hanging names leave room for a healthy one.
THREADS = 32
DEADLINE_S = 5.0  # a name that takes longer is not worth the rest of the attempt's time


class Lookup:
    """All addresses of a name, by the system's resolver."""

    def __init__(
        self,
        getaddrinfo: AddressInfo = socket.getaddrinfo,
        *,
        threads: int = THREADS,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._getaddrinfo = getaddrinfo
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="lookup")
        self._deadline_s = deadline_s

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Raises TimeoutError after the deadline, OSError or UnicodeError where there is no such name."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._deadline_s):
            found = await loop.run_in_executor(self._threads, self._ask, host, port)
        return [str(entry[4][0]) for entry in found]

    def _ask(self, host: str, port: int) -> Sequence[tuple[Any, ...]]:
        return self._getaddrinfo(host, port, type=socket.SOCK_STREAM)


@cache
def _lookup() -> Lookup:
    """One an environment, made when the first name is asked for."""
    return Lookup()


async def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a name. Raises as `Lookup` does."""
    return await _lookup()(host, port)
