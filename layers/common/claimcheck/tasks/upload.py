"""The body of `POST /documents` to a checked announcement, or to errors that point at the fields at fault."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, field_validator

from claimcheck.documents.kinds import MEDIA_TYPES
from claimcheck.tasks.requests import MAX_NAME_CHARS, StrictModel, fault
from claimcheck.tasks.submission import checked_object, refused

_SHA256 = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 5.0 is 5, as JSON Schema has it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class UploadRequest(StrictModel):
    """What is said of bytes before they are uploaded. Validation context: `max_bytes`."""

    name: str | None = None
    media_type: str
    size_bytes: Annotated[int, Field(alias="bytes"), BeforeValidator(_whole)]
    sha256: str

    @field_validator("name")
    @classmethod
    def _short_name(cls, name: str | None) -> str | None:
        if name is not None and not (name.strip() and len(name) <= MAX_NAME_CHARS):
            raise fault(f"must have 1 to {MAX_NAME_CHARS} characters")
        return name

    @field_validator("media_type")
    @classmethod
    def _known_type(cls, media_type: str) -> str:
        plain = media_type.partition(";")[0].strip().lower()
        if plain not in MEDIA_TYPES:
            raise fault(f"must be one of {', '.join(MEDIA_TYPES)}")
        return plain

    @field_validator("size_bytes")
    @classmethod
    def _some_bytes(cls, size_bytes: int, info: ValidationInfo) -> int:
        most = int((info.context or {})["max_bytes"])
        if not 1 <= size_bytes <= most:
            raise fault(f"must be a whole number from 1 to {most}")
        return size_bytes

    @field_validator("sha256")
    @classmethod
    def _digest(cls, sha256: str) -> str:
        if _SHA256.fullmatch(sha256) is None:
            raise fault("must be the SHA-256 of the bytes as 64 hexadecimal digits")
        return sha256.lower()


def parse_upload(body: bytes, *, max_bytes: int) -> UploadRequest:
    """Check the body of `POST /documents`; `max_bytes` bounds the document.

    Raises InvalidRequest with a JSON Pointer for every field at fault.
    """
    value = checked_object(body)
    try:
        return UploadRequest.model_validate(value, context={"max_bytes": max_bytes})
    except ValidationError as error:
        raise refused(error) from None
