"""A certificate authority, a receiver behind TLS, and the internet between, all of the test's own."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import httpcore
import httpx
import trustme
from claimcheck.usecases.notify import Notify

from tests.unit.usecases.posting import EPOCH, message
from tests.unit.webhooks.guard_table import PUBLIC, URL
from tests.unit.webhooks.name_table import always

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from claimcheck.webhooks.guard import Resolver


class Authority:
    """Issues certificates, and says whom to trust in the way that notify does."""

    def __init__(self) -> None:
        self._ca = trustme.CA()
        self._issued: dict[tuple[str, ...], ssl.SSLContext] = {}

    @cached_property
    def trusted(self) -> ssl.SSLContext:
        """The product's own context, which trusts this authority as well."""
        context = httpx.create_ssl_context(trust_env=False)
        self._ca.configure_trust(context)
        return context

    def certificate(self, *names: str, not_after: datetime | None = None) -> ssl.SSLContext:
        """A server's context with a certificate for these names and addresses."""
        if not_after is not None:
            return _serving(self._ca.issue_cert(*names, not_after=not_after))
        if names not in self._issued:
            self._issued[names] = _serving(self._ca.issue_cert(*names))
        return self._issued[names]

    def self_signed(self) -> ssl.SSLContext:
        """A server's context with a certificate that nobody but itself vouches for."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        alone = trustme.CA()
        with alone.cert_pem.tempfile() as chain, alone.private_key_pem.tempfile() as key:
            context.load_cert_chain(chain, key)
        return context

    def pem(self) -> bytes:
        """This authority's own certificate."""
        return self._ca.cert_pem.bytes()


def _serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@dataclass
class TlsReceiver:
    """Says 204 to every request; `certificate` is chosen by the name that the client asks for (SNI)."""

    certificate: Callable[[str | None], ssl.SSLContext]
    names: list[str | None] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    port: int = 0

    async def __aenter__(self) -> Self:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = self._choose
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    def _choose(self, connection: Any, name: str | None, _context: ssl.SSLContext) -> None:
        self.names.append(name)
        connection.context = self.certificate(name)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                int(line.split(":")[1])
                for line in head.lower().splitlines()
                if line.startswith("content-length:")
            )
            self.requests.append(head + (await reader.readexactly(length)).decode())
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()


class Internet(httpcore.AsyncNetworkBackend):
    """Every address leads to the one server at `port`; `connected` is what was asked for, in its order.

    An address in `silent` does not answer within the time that a connection is given.
    """

    def __init__(self, port: int, *, silent: Iterable[str] = (), refusing: Iterable[str] = ()) -> None:
        self.connected: list[tuple[str, int]] = []
        self.patience: list[float | None] = []
        self._port = port
        self._silent, self._refusing = set(silent), set(refusing)
        self._real = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 -- httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the server, whatever the address is."""
        self.connected.append((host, port))
        self.patience.append(timeout)
        if host in self._silent:
            raise httpcore.ConnectTimeout
        if host in self._refusing:
            raise httpcore.ConnectError
        return await self._real.connect_tcp("127.0.0.1", self._port, timeout)

    def transport(self, tls: ssl.SSLContext) -> httpx.AsyncHTTPTransport:
        """The product's transport, on this internet."""
        transport = httpx.AsyncHTTPTransport(verify=tls, trust_env=False)
        transport._pool = httpcore.AsyncConnectionPool(ssl_context=tls, network_backend=self)
        return transport


def called(
    authority: Authority,
    certificate: ssl.SSLContext,
    *,
    url: str = URL,
    resolver: Resolver | None = None,
    silent: Sequence[str] = (),
    refusing: Sequence[str] = (),
) -> tuple[dict[str, Any], TlsReceiver, Internet]:
    """One attempt at a receiver with this certificate, wherever the addresses lead."""

    async def main() -> tuple[dict[str, Any], TlsReceiver, Internet]:
        async with TlsReceiver(lambda _name: certificate) as receiver:
            net = Internet(receiver.port, silent=silent, refusing=refusing)
            notify = Notify(
                clock=EPOCH.timestamp,
                new_transport=lambda: net.transport(authority.trusted),
                resolver=resolver or always(PUBLIC),
            )
            return await notify(message(url)), receiver, net

    return asyncio.run(main())
