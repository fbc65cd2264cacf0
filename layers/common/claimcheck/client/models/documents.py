"""Documents: announced, uploaded, read."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (Pydantic reads it)
from typing import Literal

from pydantic import Field

from claimcheck.client.models.base import Model


class Link(Model):
    """Where something is that is too long for an answer. Whoever has `url` can read it while it is good."""

    url: str = Field(repr=False)
    expires_s: int


class TextLink(Link):
    """As Link; the text has this SHA-256 in UTF-8, None for texts of versions before."""

    sha256: str | None


class Original(Model):
    """The bytes that were handed in. Whoever has `url` can read them, until `expires_at` if it has one."""

    url: str = Field(repr=False)
    media_type: str
    bytes: int
    sha256: str | None = None
    name: str | None
    expires_at: datetime | None


class UploadTarget(Model):
    """Where to send bytes, with exactly these headers. Whoever has `url` can write these bytes, no others."""

    url: str = Field(repr=False)
    method: Literal["PUT"] | str
    headers: dict[str, str] = Field(repr=False)
    expires_at: datetime


class Document(Model):
    """A document that was announced; `upload` is None where its bytes are here, or not awaited any more."""

    document_id: str
    status: Literal["waiting", "stored", "read", "expired"] | str
    name: str | None
    media_type: str
    bytes: int
    sha256: str
    created_at: datetime
    stored_at: datetime | None
    upload_until: datetime | None
    links: dict[str, str]
    upload: UploadTarget | None


class DocumentText(Model):
    """The text that offsets of evidence point into, in code points; `text` is None until it has been read."""

    document_id: str
    name: str | None
    media_type: str
    chars: int | None
    page_starts: list[int] | None
    image_pages: list[int] | None
    text: str | None = Field(repr=False)
    text_link: TextLink | None = None
    original: Original | None = None
