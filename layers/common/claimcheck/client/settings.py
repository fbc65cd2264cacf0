"""Whom a client talks to, and what it tells of itself."""

from __future__ import annotations

import logging
import os
import platform
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from claimcheck.client.version import VERSION

URL_VARIABLE, KEY_VARIABLE = "CLAIMCHECK_URL", "CLAIMCHECK_KEY"
TIMEOUT = httpx.Timeout(30.0, connect=5.0)
UPLOAD_TIMEOUT = httpx.Timeout(120.0, connect=5.0)


@dataclass(frozen=True)
class Address:
    """The API's address, with its stage where it has one, and the key, which is shown to nobody."""

    url: str
    key: str = field(repr=False)

    def headers(self) -> dict[str, str]:
        """What every call carries."""
        python = platform.python_version()
        agent = {"User-Agent": f"claimcheck-python/{VERSION} python/{python} httpx/{httpx.__version__}"}
        return {**agent, "Authorization": f"Bearer {self.key}"} if self.key else agent


def address(url: str | None, key: str | None) -> Address:
    """Both, from the environment where they are not given. Raises ValueError, which shows no key."""
    url = url or os.environ.get(URL_VARIABLE) or ""
    key = (os.environ.get(KEY_VARIABLE) or "") if key is None else key
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        # What a resolver cannot take, or httpx, would come up as an error of theirs with each call.
        asked = httpx.URL(url)
        _ = asked.host, asked.raw_host.decode("ascii").encode("idna")
    except (ValueError, httpx.InvalidURL):
        usable = False
    if not usable:
        shown = "a key" if url.startswith("ck_") else repr(url)
        raise ValueError(f"{shown} is no http address: give base_url, or set {URL_VARIABLE}")
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("the address has more than host, port and stage: leave out the rest")
    if not (key.isascii() and (key.isprintable() or not key) and key.strip() == key):
        raise ValueError(f"the key has characters that no key has: look at what is given, or {KEY_VARIABLE}")
    return Address(url.rstrip("/"), key)


class _WithoutSignatures(logging.Filter):
    """httpx logs the address of each request. Those of the storage are good for whoever has their query."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_bare(each) for each in record.args)
        return True


def _bare(value: object) -> object:
    signed = isinstance(value, httpx.URL) and any("signature" in name.lower() for name in value.params)
    return value.copy_with(query=None) if signed and isinstance(value, httpx.URL) else value


def keep_signatures_out_of_logs() -> None:
    """Take the query off signed addresses in what httpx logs; done once, whoever asks."""
    logger = logging.getLogger("httpx")
    if not any(isinstance(each, _WithoutSignatures) for each in logger.filters):
        logger.addFilter(_WithoutSignatures())
