"""Whose key this is. A key is `ck_PREFIX_SECRET`; only its SHA-256 is kept, found by the prefix."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimcheck.refusals import KeyRefusedError
from claimcheck.store.faults import StoreError
from claimcheck.store.keys import find_key, note_use
from claimcheck.telemetry import logger, places_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.store.connection import Database

CACHED_S = 60
"""How long API Gateway keeps an answer, and so lets in a key that has ended (seconds): ReauthorizeEvery."""

_KEY = re.compile(r"ck_(?P<prefix>[0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_BEARER = re.compile(r"\s*Bearer\s+(?P<key>\S+)\s*", re.IGNORECASE)


def new_key() -> str:
    """A fresh key: 48 bits to find it by, 256 bits of secret."""
    return f"ck_{secrets.token_hex(6)}_{secrets.token_urlsafe(32)}"


def prefix_of(key: str) -> str:
    """The part a key is looked up by. Raises KeyRefusedError for what cannot be a key."""
    match = _KEY.fullmatch(key)
    if match is None:
        raise KeyRefusedError(known_form=False)
    return match["prefix"]


def digest_of(key: str) -> bytes:
    """What is kept of a key. It has 256 random bits: a plain hash cannot be searched."""
    return hashlib.sha256(key.encode()).digest()


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose key was sent, and what it may do. `prefix` is its public part.

    `usage_key` stands where API Gateway counts requests: for the tenant, or for all without one of their own.
    """

    tenant_id: str
    prefix: str
    scopes: Sequence[str]
    usage_key: str


class Authorize:
    """From the Authorization header to the caller."""

    def __init__(self, database: Database, *, shared_usage_key: str) -> None:
        self._database = database
        self._shared_usage_key = shared_usage_key

    def __call__(self, header: str | None) -> Caller:
        """Who calls. Raises KeyRefusedError, StoreError."""
        match = _BEARER.fullmatch(header or "")
        if match is None:
            raise KeyRefusedError(known_form=False)
        key = match["key"]
        prefix = prefix_of(key)
        stored = find_key(self._database, prefix)
        if stored is None or not hmac.compare_digest(stored.key_sha256, digest_of(key)):
            raise KeyRefusedError(known_form=True)
        if stored.stale:
            self._note_use(prefix)
        usage_key = stored.usage_key or self._shared_usage_key
        return Caller(stored.tenant_id, prefix, stored.scopes, usage_key)

    def _note_use(self, prefix: str) -> None:
        """Nobody is turned away because a time could not be written down."""
        try:
            note_use(self._database, prefix)
        except StoreError as error:
            logger().warning("a key's use was not noted", extra={"error": places_of(error)})
