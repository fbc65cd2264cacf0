"""What a task is: a request model, a prompt, an answer schema and a mapping to the result.

A task is pure: it reads no environment, calls nothing and knows neither store nor queue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import BaseModel

if TYPE_CHECKING:
    from claimcheck.documents.text import DocumentText
    from claimcheck.evidence import EvidenceIndex

P = TypeVar("P", bound=BaseModel)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question about one document.

    `instruction` follows the document in the user's turn, so that the document is a prefix that
    several tasks share (prompt caching). `schema` is a JSON Schema inside the API's limits:
    every object closed, every property required, `anyOf` with null for what may be absent.
    `max_tokens` bounds the answer.
    """

    system: str
    instruction: str
    schema: Json
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Source:
    """The document an answer is checked against, with its evidence index."""

    document: DocumentText
    evidence: EvidenceIndex


@dataclass(frozen=True, slots=True)
class Task(Generic[P]):
    """A kind of job.

    `request` is the whole body of `POST /jobs/{name}`; its own fields, without those of
    `JobRequest`, are the job's parameters and are stored as JSON. `prompt` gets them validated.
    `result` maps a parsed answer (already valid JSON that matches the schema) to the public result,
    without `coverage`, which the worker adds. It raises nothing on odd content: what cannot be
    used becomes null or is reported in `warnings`.
    """

    name: Literal["summarise", "extract", "evaluate"] | str
    request: type[P]
    prompt: Callable[[P], Prompt]
    result: Callable[[P, Mapping[str, Any], Source], Json]
