"""A server of PostgreSQL's protocol behind TLS that asks for the password in clear, as RDS does for IAM."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import trustme

if TYPE_CHECKING:
    from pathlib import Path

_SSL_REQUEST = 80_877_103
_ROW = b"T" + struct.pack("!ih", 4 + 2 + 2 + 18, 1) + b"n\0" + struct.pack("!ihihih", 0, 0, 23, 4, -1, 0)
_ONE = b"D" + struct.pack("!ihi", 11, 1, 1) + b"1"


@dataclass(frozen=True)
class Login:
    """One connection's startup parameters and password."""

    parameters: dict[str, str]
    password: str


class AskingServer:
    """On a port of this machine; `refuse` lets nobody in."""

    def __init__(self, directory: Path, *, name: str = "localhost", refuse: bool = False) -> None:
        authority = trustme.CA()
        self.authorities = directory / "authorities.pem"
        authority.cert_pem.write_to_path(str(self.authorities))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(self._context)
        self._refuse = refuse
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.logins: list[Login] = []
        self.in_clear = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()
        with socket.socket() as nudge:  # accept() does not notice a close
            nudge.connect_ex(("127.0.0.1", self.port))
        self._thread.join(5)

    def url(self, *, user: str = "claimcheck_api", host: str = "localhost") -> str:
        """A URL as the template gives it: no password."""
        return f"postgresql://{user}@{host}:{self.port}/claimcheck?hostaddr=127.0.0.1"

    def _serve(self) -> None:
        while True:
            try:
                raw, _ = self._listening.accept()
            except OSError:
                return
            try:
                self._talk(raw)
            except (OSError, struct.error):
                continue  # the client did not like the certificate, or has left
            finally:
                raw.close()

    def _talk(self, raw: socket.socket) -> None:
        raw.settimeout(5)
        length, code = struct.unpack("!ii", _exactly(raw, 8))
        if code != _SSL_REQUEST:
            self.in_clear += 1
            return
        raw.sendall(b"S")
        with self._context.wrap_socket(raw, server_side=True) as wire:
            (length,) = struct.unpack("!i", _exactly(wire, 4))
            words = _exactly(wire, length - 4)[4:].rstrip(b"\0").decode().split("\0")
            wire.sendall(b"R" + struct.pack("!ii", 8, 3))
            _, length = struct.unpack("!ci", _exactly(wire, 5))
            password = _exactly(wire, length - 4).rstrip(b"\0").decode()
            self.logins.append(Login(dict(zip(words[::2], words[1::2], strict=True)), password))
            if self._refuse:
                told = b"SFATAL\0C28000\0MPAM authentication failed for user\0\0"
                wire.sendall(b"E" + struct.pack("!i", len(told) + 4) + told)
                return
            wire.sendall(b"R" + struct.pack("!ii", 8, 0) + _status("server_version", "18.0"))
            wire.sendall(_status("client_encoding", "UTF8") + b"Z" + struct.pack("!i", 5) + b"I")
            while wire.recv(4096):  # a simple question, and the farewell
                done = b"C" + struct.pack("!i", 13) + b"SELECT 1\0"
                wire.sendall(_ROW + _ONE + done + b"Z" + struct.pack("!i", 5) + b"I")


def _status(name: str, value: str) -> bytes:
    body = f"{name}\0{value}\0".encode()
    return b"S" + struct.pack("!i", len(body) + 4) + body


def _exactly(wire: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length:
        if not (more := wire.recv(length - len(found))):
            raise OSError("the client has left")
        found += more
    return found
