"""The body of `POST /estimates`: how large a document is and how much is asked, without either."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from claimcheck.documents.kinds import MEDIA_TYPES, declared_type
from claimcheck.documents.sizes import Extent, of_bytes, of_characters, of_pages
from claimcheck.tasks.evaluate import MAX_CRITERIA
from claimcheck.tasks.fields import MAX_FIELDS
from claimcheck.tasks.requests import StrictModel, fault
from claimcheck.tasks.submission import checked_object, refused

MAX_SIZE = 1_000_000_000  # characters or bytes: more than any deployment takes
MAX_PAGES = 100_000
MAX_QUESTIONS = min(MAX_FIELDS, MAX_CRITERIA)


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 5.0 is 5, as JSON Schema has it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class DocumentSize(StrictModel):
    """Exactly one of `characters`, `pages` and `bytes`; the last two with `media_type`."""

    characters: Annotated[int, BeforeValidator(_whole)] | None = None
    pages: Annotated[int, BeforeValidator(_whole)] | None = None
    size_bytes: Annotated[int | None, Field(alias="bytes"), BeforeValidator(_whole)] = None
    media_type: str | None = None

    @field_validator("characters", "size_bytes")
    @classmethod
    def _some(cls, size: int | None) -> int | None:
        return _bounded(size, MAX_SIZE)

    @field_validator("pages")
    @classmethod
    def _some_pages(cls, pages: int | None) -> int | None:
        return _bounded(pages, MAX_PAGES)

    @field_validator("media_type")
    @classmethod
    def _known_type(cls, media_type: str | None) -> str | None:
        if media_type is not None and declared_type(media_type) not in MEDIA_TYPES:
            raise fault(f"must be one of {', '.join(MEDIA_TYPES)}")
        return media_type

    @model_validator(mode="after")
    def _exactly_one(self) -> DocumentSize:
        given = [name for name in (self.characters, self.pages, self.size_bytes) if name is not None]
        if len(given) != 1:
            raise fault("must have exactly one of characters, pages and bytes")
        if self.characters is not None and self.media_type is not None:
            raise fault("belongs to pages and bytes", "media_type")
        if self.characters is None and self.media_type is None:
            raise fault("is required with pages and bytes", "media_type")
        return self

    @property
    def extent(self) -> Extent:
        """What such a document holds."""
        if self.characters is not None:
            return of_characters(self.characters)
        if self.pages is not None:
            return of_pages(self.pages, self.media_type or "")
        return of_bytes(self.size_bytes or 0, self.media_type or "")


def _bounded(size: int | None, most: int) -> int | None:
    if size is not None and not 1 <= size <= most:
        raise fault(f"must be a whole number from 1 to {most}")
    return size


class EstimateRequest(StrictModel):
    """What a job would be: `questions` are its fields or criteria; a summary is one."""

    task: Literal["summarise", "extract", "evaluate"]
    document: DocumentSize
    questions: Annotated[int, BeforeValidator(_whole)] = 1
    priority: Literal["standard", "economy"] = "standard"

    @field_validator("questions")
    @classmethod
    def _some_questions(cls, questions: int) -> int:
        _bounded(questions, MAX_QUESTIONS)
        return questions


def parse_estimate(body: bytes) -> EstimateRequest:
    """Check the body of `POST /estimates`.

    Raises InvalidRequest with a JSON Pointer for every field at fault.
    """
    value = checked_object(body)
    try:
        return EstimateRequest.model_validate(value)
    except ValidationError as error:
        raise refused(error) from None
