"""Signatures of Standard Webhooks (github.com/standard-webhooks/standard-webhooks, spec 1.0)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PREFIX = "whsec_"


def new_secret() -> str:
    """A fresh signing secret of 32 random bytes, in the form that receivers' libraries take."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signed_headers(
    message_id: str, timestamp: int, body: bytes, signing_secrets: Sequence[str]
) -> dict[str, str]:
    """The three headers over exactly these bytes, signed with every live secret.

    `timestamp` is this attempt's time in seconds since the epoch. Raises ValueError for a malformed secret.
    """
    signatures = [_sign(message_id, timestamp, body, secret) for secret in signing_secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def _sign(message_id: str, timestamp: int, body: bytes, secret: str) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
