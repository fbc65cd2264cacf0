"""What a submission asks: documents, fields, criteria and options as the body of a request. No network."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from claimcheck.client import models
from claimcheck.client.media_types import BY_CONTENT, HEAD_BYTES, TEXT, media_type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

INLINE_BYTES = 3_000_000
"""A file up to this size goes along in the request, which may have 5 MB as JSON with base64 in it."""
Json = dict[str, Any]
FieldType = Literal["string", "number", "integer", "boolean", "date", "money", "list", "object"] | str


@dataclass(frozen=True)
class Field:
    """A field to extract, with the type of its value; `description` says what is meant."""

    name: str
    type: FieldType = "string"
    description: str | None = None


@dataclass(frozen=True)
class Criterion:
    """A criterion with your own id for it."""

    criterion: str
    id: str | None = None


@dataclass(frozen=True)
class Bytes:
    """A document's bytes. `media_type` says what they are called; None lets name and content decide."""

    content: bytes
    name: str | None = None
    media_type: str | None = None


@dataclass(frozen=True)
class Text:
    """A document that is text."""

    text: str
    name: str | None = None


@dataclass(frozen=True)
class Uploaded:
    """A document that was announced with `POST /documents`; its bytes may still be on their way."""

    document_id: str
    name: str | None = None


DocumentInput = str | Path | Text | Bytes | Uploaded | models.Document
"""A text, the path of a file, or one of the classes that say more."""


class SubmitOptions(TypedDict, total=False):
    """What every task takes besides."""

    webhook_url: str
    webhook_body: Literal["full", "thin"]
    metadata: Mapping[str, Any]
    max_cost_usd: float
    priority: Literal["standard", "economy"]
    economy_fallback: Literal["standard", "fail"]
    cancel_after: str
    idempotency_key: str


HEADERS = frozenset({"cancel_after", "idempotency_key"})


def options(given: SubmitOptions) -> Json:
    """Those that go into the body."""
    return {name: value for name, value in given.items() if name not in HEADERS and value is not None}


def fields(asked: Sequence[str | Field | Mapping[str, Any]]) -> list[Any]:
    """Fields as a request takes them."""
    return [_without_none(each) if isinstance(each, Field) else each for each in asked]


def criteria(asked: Sequence[str | Criterion | Mapping[str, Any]]) -> list[Any]:
    """Criteria as a request takes them."""
    return [_without_none(each) if isinstance(each, Criterion) else each for each in asked]


def inline(document: Text | Bytes | Uploaded) -> Json:
    """A document as a request holds it: plain text as text, other bytes as base64."""
    named = {} if document.name is None else {"name": document.name}
    match document:
        case Text():
            return {"text": document.text, **named}
        case Uploaded():
            return {"document_id": document.document_id, **named}
    kind = document.media_type or media_type(document.name or "", document.content[:HEAD_BYTES])
    if kind == TEXT:
        try:
            return {"text": document.content.decode("utf-8-sig"), **named}
        except UnicodeDecodeError:
            kind = document.media_type or BY_CONTENT
    encoded = base64.b64encode(document.content).decode("ascii")
    return {"base64": encoded, "media_type": kind, **named}


def named(document: models.Document, name: str | None = None) -> Json:
    """A document that is uploaded, as a request holds it; the same bytes may have come under another name."""
    return inline(Uploaded(document.document_id, name or document.name))


def _without_none(value: Field | Criterion) -> Json:
    return {name: each for name, each in vars(value).items() if each is not None}
