"""The system's resolver, where some names are never answered: their threads hang until they are let go."""

from __future__ import annotations

import socket
from threading import Condition
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

PUBLIC = "93.184.215.14"
PATIENCE_S = 30  # of a test that has failed


class HangingResolver:
    """In socket.getaddrinfo's place. A name that begins with `hangs` hangs while the block lasts."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._over = False
        self.hanging: list[str] = []
        self.answered: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go()

    def let_go(self) -> None:
        """Answer every hanging look-up, now and from now on."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def __call__(self, host: str, port: int, **_: Any) -> Sequence[tuple[Any, ...]]:
        with self._changed:
            if host.startswith("hangs"):
                self.hanging.append(host)
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._over, PATIENCE_S)
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
            self.answered.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (PUBLIC, port))]

    def wait_until_hanging(self, count: int) -> None:
        """Wait until so many look-ups hang."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.hanging) >= count, PATIENCE_S)
