"""Webhook secrets at rest: AES-256-GCM under one key from Secrets Manager, bound to their tenant."""

from __future__ import annotations

import base64
import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_NONCE_BYTES = 12
_KEY_BYTES = 32
_HEX = re.compile(r"[0-9a-fA-F]{64}")  # of base64 that is 48 bytes, so no key is read in the wrong way


class VaultError(Exception):
    """The sealing key is malformed, or a sealed secret is not one of ours for this tenant."""


class Vault:
    """Seals and opens. `read_key` gives 32 bytes in base64 or hex; it is called on first use, once."""

    def __init__(self, read_key: Callable[[], str]) -> None:
        self._read_key = read_key
        self._key: bytes | None = None

    def unlock(self) -> None:
        """Read the key if it is not yet here; afterwards nothing else reads it.

        Raises VaultError, and what `read_key` raises.
        """
        self._sealing_key()

    def seal(self, tenant_id: str, secret: str) -> bytes:
        """Encrypt a secret for the database. Raises VaultError."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self._sealing_key()).encrypt(nonce, secret.encode(), tenant_id.encode())

    def open(self, tenant_id: str, sealed: bytes) -> str:
        """Decrypt what `seal` made for this tenant. Raises VaultError."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce, content = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return AESGCM(self._sealing_key()).decrypt(nonce, content, tenant_id.encode()).decode()
        except (InvalidTag, ValueError):
            raise VaultError("a webhook secret does not open with this deployment's key") from None

    def _sealing_key(self) -> bytes:
        if self._key is None:
            self._key = _decoded(self._read_key())
        return self._key


def _decoded(text: str) -> bytes:
    """The key, whichever way it is written: 64 characters of hex (a stack's own), else base64."""
    try:
        key = bytes.fromhex(text) if _HEX.fullmatch(text) else base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise VaultError("the webhook key in Secrets Manager is neither base64 nor hex of 32 bytes")
    return key
