"""Which API a command talks to, and with which key."""

from __future__ import annotations

import json
import os
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from client.api import Api
from client.called_as import command
from client.profiles import LOCAL, Profiles

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_DATA = Path(".claimcheck")


class NoAddress(Exception):  # noqa: N818 - says what is the case
    """There is no address or key to use; the message is one line and says what to do."""


class Known(NamedTuple):
    """An address with the key that belongs to it, and where both are written down."""

    url: str | None
    key: str | None
    place: str


def resolve(
    url: str | None,
    key: str | None,
    data: Path,
    environment: Mapping[str, str] | None = None,
    *,
    profile: str | None = None,
) -> tuple[str, str]:
    """The address and the key: as options, of --profile, as variables, of CLAIMCHECK_PROFILE, of another
    --data than the usual, of the profile in use, of the local system; the first that there is.

    A key that is written down beside an address is never sent to another one. Raises NoAddress, and Unusable
    for a profile that there is not.
    """
    environment = os.environ if environment is None else environment
    given = (url, key) if profile else (url or environment.get("CLAIMCHECK_URL"), key)
    address = given[0]
    key = key or (None if profile else environment.get("CLAIMCHECK_KEY"))
    if not address or not key:
        known = _known(profile or environment.get("CLAIMCHECK_PROFILE"), data, environment)
        address = address or known.url
        if not address:
            raise NoAddress(
                f"nothing runs in {data}: start it with {command('up')}, give --url and --key, "
                f"or keep an address with {command('profiles add')}"
            )
        if not key and address.rstrip("/") == str(known.url).rstrip("/"):
            key = known.key
    if not key:
        raise NoAddress(f"no key for {address}: give --profile or --key, or set CLAIMCHECK_KEY")
    if not (key.isascii() and key.isprintable() and key.strip() == key):
        raise NoAddress("the key has characters that no key has: check --key or CLAIMCHECK_KEY")
    return address, key


def connect(
    url: str | None, key: str | None, data: Path, *, profile: str | None = None, patience: float = 60.0
) -> Api:
    """A client of what the options name. Raises NoAddress, Unusable."""
    try:
        return Api(*resolve(url, key, data, profile=profile), patience=patience)
    except ValueError as error:
        said = str(error).replace("give base_url, or set CLAIMCHECK_URL", "give --url http://HOST:PORT")
        raise NoAddress(said) from None


def _known(profile: str | None, data: Path, environment: Mapping[str, str]) -> Known:
    if profile is None and data == DEFAULT_DATA:
        profile = Profiles(environment).used()
    if profile is None or profile == LOCAL:
        running = read_up(data)
        if not _is_here(running.get("url")):  # a folder of a stranger's may hold a file of that name
            return Known(None, None, str(data))
        return Known(running.get("url"), running.get("key"), str(data))
    kept = Profiles(environment).get(profile)
    return Known(kept.url, kept.key, f"profile {profile}")


def _is_here(url: object) -> bool:
    """Whether an address is this machine's own, as that of `claimcheck up` always is."""
    try:
        return ip_address(urlsplit(str(url)).hostname or "").is_loopback
    except ValueError:
        return False


def read_up(data: Path) -> dict[str, Any]:
    """`DIR/up.json`, which `claimcheck up` keeps while it runs; empty where there is none."""
    try:
        written = json.loads((data / "up.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return written if isinstance(written, dict) else {}
