"""A resolver that knows the names a test gives it, and remembers which it was asked for."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PUBLIC = "93.184.215.14"
PUBLIC_6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


class NameTable:
    """Stands in for DNS. A name that is not in the table does not exist."""

    def __init__(self, names: Mapping[str, Sequence[str]]) -> None:
        self._names = names
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        try:
            return self._names[host]
        except KeyError:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from None


def always(*addresses: str) -> NameTable:
    """A table in which every name has these addresses."""

    class Everything(dict[str, "Sequence[str]"]):
        def __missing__(self, _name: str) -> Sequence[str]:
            return addresses

    return NameTable(Everything())
