"""Bytes on their way to us: where they may be put, and what is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class UploadTarget:
    """Where and how bytes are to be uploaded; good for `expires_s` seconds."""

    url: str
    method: str
    headers: Mapping[str, str]
    expires_s: int


@dataclass(frozen=True, slots=True)
class FoundObject:
    """Bytes that are there; `sha256` is None where the store did not check them when they came."""

    size_bytes: int
    sha256: bytes | None
