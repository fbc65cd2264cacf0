"""summarise: an overview of the document, and its key points with their evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from claimcheck.tasks.base import SYSTEM, Json, Prompt, Source, Task, array_of, closed, instruction, located
from claimcheck.tasks.requests import JobRequest, StrictModel

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_FOCUS_CHARS = 2000

_PROSE = """\
Summarise the document: an overview of three to six sentences, then its key points (five to twelve, \
fewer where the document is short), each one a statement with at least one quote that supports it. \
Where the request has a focus, give what concerns it the most room. Answer in the document's language."""

_SCHEMA = closed(
    {
        "overview": {"type": "string"},
        "key_points": array_of(closed({"text": {"type": "string"}, "quotes": array_of({"type": "string"})})),
    }
)


class SummariseParameters(StrictModel):
    """`focus`: what the reader cares about, in their own words."""

    focus: Annotated[str, Field(max_length=MAX_FOCUS_CHARS)] | None = None


class SummariseRequest(JobRequest, SummariseParameters):
    """The body of `POST /jobs/summarise`."""


def _prompt(params: SummariseParameters) -> Prompt:
    request = {"task": "summarise", "focus": params.focus}
    return Prompt(SYSTEM, instruction(_PROSE, request), _SCHEMA, max_tokens=4096)


def _result(params: SummariseParameters, answer: Mapping[str, Any], source: Source) -> Json:
    points: list[Json] = []
    warnings: list[Json] = []
    for point in answer["key_points"]:
        evidence = source.cite(point["quotes"])
        if not located(evidence):
            detail = "unsupported: no quote for this key point was found in the document"
            warnings.append({"key_point": len(points), "code": "unsupported", "detail": detail})
        points.append({"text": point["text"], "evidence": evidence})
    result: Json = {"overview": answer["overview"], "key_points": points, "focus": params.focus}
    return {**result, "warnings": warnings} if warnings else result


SUMMARISE = Task("summarise", SummariseRequest, SummariseParameters, _prompt, _result)
