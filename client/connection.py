"""Which API the command talks to: flags, then the environment, then what `claimcheck up` left behind."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from client.api import Api
from client.called_as import command

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class NoAddress(Exception):  # noqa: N818 - says what is the case
    """There is no address or key to use; the message is one line and says what to do."""


def resolve(
    url: str | None, key: str | None, data: Path, environment: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """The address and the key, or NoAddress.

    The key in `up.json` belongs to its address: it is never sent to another one.
    """
    environment = os.environ if environment is None else environment
    url = url or environment.get("CLAIMCHECK_URL")
    key = key or environment.get("CLAIMCHECK_KEY")
    if not url or not key:
        url, key = _local(url, key, read_up(data), data)
    if not (key.isascii() and key.isprintable() and key.strip() == key):
        raise NoAddress("the key has characters that no key has: check --key or CLAIMCHECK_KEY")
    return url, key


def connect(url: str | None, key: str | None, data: Path) -> Api:
    """A client of what the options name. Raises NoAddress."""
    return Api(*resolve(url, key, data))


def _local(url: str | None, key: str | None, running: dict[str, Any], data: Path) -> tuple[str, str]:
    if not url:
        url = running.get("url")
        if not url:
            raise NoAddress(f"nothing runs in {data}: start it with {command('up')}, or give --url and --key")
    if not key and url.rstrip("/") == str(running.get("url")).rstrip("/"):
        key = running.get("key")
    if not key:
        raise NoAddress(f"no key for {url}: give --key or set CLAIMCHECK_KEY")
    return url, key


def read_up(data: Path) -> dict[str, Any]:
    """`DIR/up.json`, which `claimcheck up` keeps while it runs; empty where there is none."""
    try:
        written = json.loads((data / "up.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return written if isinstance(written, dict) else {}
