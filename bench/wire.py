"""A TCP relay that counts round trips: how often the client speaks after the server has spoken."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

_CHUNK = 1 << 18


class CountingRelay:
    """Stands between a client and `host:port`; `round_trips` counts over all connections since `reset`.

    Bytes from the client after bytes from the server begin a round trip, however many packets or messages
    they are: that is what a network's latency is paid for.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._round_trips = 0
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []

    @property
    def port(self) -> int:
        """Where it listens on the loopback interface."""
        return int(self._listener.getsockname()[1])

    @property
    def round_trips(self) -> int:
        """Round trips since the last `reset`."""
        return self._round_trips

    def reset(self) -> None:
        """Count from 0 again."""
        self._round_trips = 0

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._listener.close()
        for thread in self._threads:
            thread.join(timeout=2)

    def _start(self, work: object, *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        self._listener.settimeout(0.1)
        while not self._closing.is_set():
            with contextlib.suppress(TimeoutError, OSError):
                client, _ = self._listener.accept()
                self._start(self._relay, client, socket.create_connection(self._target))

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        server_spoke_last = True
        with client, server, selectors.DefaultSelector() as both:
            both.register(client, selectors.EVENT_READ, server)
            both.register(server, selectors.EVENT_READ, client)
            while not self._closing.is_set():
                for key, _ in both.select(timeout=0.1):
                    source, sink = key.fileobj, key.data
                    if not isinstance(source, socket.socket):
                        continue
                    data = source.recv(_CHUNK)
                    if not data:
                        return
                    if source is client and server_spoke_last:
                        self._round_trips += 1
                    server_spoke_last = source is server
                    sink.sendall(data)
