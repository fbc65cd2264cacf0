"""What every `POST /jobs/{task}` takes, checked strictly: no coercion, no unknown field.

Messages are in plain words and never hold what was sent.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Annotated, Any, Literal
from uuid import UUID  # noqa: TC003 -- pydantic reads it from the annotation

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from claimcheck.documents.kinds import MEDIA_TYPES, declared_type
from claimcheck.webhooks.endpoint import PUBLIC_HTTPS, RefusedAddressError, parse

MAX_METADATA_BYTES = 4096
MAX_NAME_CHARS = 255


def fault(message: str, *at: str | int) -> PydanticCustomError:
    """A validation error in our own words; `at` leads from the validated value to the part at fault."""
    return PydanticCustomError("claimcheck", message, {"at": list(at)})


class StrictModel(BaseModel):
    """No coercion, no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=False)


def checked_webhook(url: str, info: ValidationInfo) -> str:
    """An address that webhooks may go to; as JobRequest's validation context says. Raises `fault`'s error."""
    try:
        parse(url, (info.context or {}).get("webhook_rules", PUBLIC_HTTPS))
    except RefusedAddressError as refusal:
        raise fault(str(refusal)) from None
    return url


class DocumentSource(StrictModel):
    """Where the document is: exactly one of `text`, `base64` with `media_type`, `document_id`."""

    text: str | None = None
    base64: str | None = None
    media_type: str | None = None
    document_id: Annotated[UUID, Field(strict=False)] | None = None
    name: str | None = None

    @field_validator("text")
    @classmethod
    def _some_text(cls, text: str | None) -> str | None:
        if text is not None and not text.strip():
            raise fault("must not be empty")
        return text

    @field_validator("base64")
    @classmethod
    def _some_bytes(cls, encoded: str | None) -> str | None:
        if encoded is None:
            return None
        try:
            content = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise fault("must be valid base64 (RFC 4648, section 4)") from None
        if not content:
            raise fault("must not be empty")
        return encoded

    @field_validator("media_type")
    @classmethod
    def _known_type(cls, media_type: str | None) -> str | None:
        if media_type is not None and declared_type(media_type) not in MEDIA_TYPES:
            raise fault(f"must be one of {', '.join(MEDIA_TYPES)}")
        return media_type

    @field_validator("name")
    @classmethod
    def _short_name(cls, name: str | None) -> str | None:
        if name is not None and not (name.strip() and len(name) <= MAX_NAME_CHARS):
            raise fault(f"must have 1 to {MAX_NAME_CHARS} characters")
        return name

    @model_validator(mode="after")
    def _exactly_one(self) -> DocumentSource:
        given = [value for value in (self.text, self.base64, self.document_id) if value is not None]
        if len(given) != 1:
            raise fault("must have exactly one of text, base64 or document_id")
        if (self.base64 is None) != (self.media_type is None):
            raise fault("base64 and media_type belong together")
        return self

    def content(self) -> tuple[bytes, str]:
        """The document's bytes and media type. Raises LookupError where it is a `document_id`."""
        if self.text is not None:
            return self.text.encode(), "text/plain"
        if self.base64 is not None and self.media_type is not None:
            return base64.b64decode(self.base64), declared_type(self.media_type)
        raise LookupError("the document's bytes were handed in before")


class JobRequest(StrictModel):
    """The fields that all tasks share.

    Validation context: `webhook_rules` (`Rules`) says which `webhook_url` is taken.
    """

    document: DocumentSource
    webhook_url: str | None = None
    metadata: dict[str, Any] | None = None
    max_cost_usd: Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)] | None = None
    priority: Literal["standard", "economy"] = "standard"
    economy_fallback: Literal["standard", "fail"] = "fail"
    webhook_body: Literal["full", "thin"] = "full"

    @field_validator("webhook_url")
    @classmethod
    def _postable(cls, url: str | None, info: ValidationInfo) -> str | None:
        return None if url is None else checked_webhook(url, info)

    @field_validator("metadata")
    @classmethod
    def _small(cls, metadata: dict[str, Any] | None) -> dict[str, Any] | None:
        if metadata is not None:
            size = len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode())
            if size > MAX_METADATA_BYTES:
                raise fault(f"must be at most {MAX_METADATA_BYTES} bytes as JSON")
        return metadata
