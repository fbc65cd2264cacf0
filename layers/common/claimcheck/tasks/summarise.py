"""summarise: an overview of the document, and its key points with their evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from claimcheck.tasks.base import SYSTEM, Digest, Json, Prompt, Source, Task, answer_tokens, array_of, closed
from claimcheck.tasks.citations import CLAIM, IMAGE, UNVERIFIED, bounded, left_out, support
from claimcheck.tasks.requests import JobRequest, StrictModel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from claimcheck.evidence import Citation

MAX_FOCUS_CHARS = 2000
ITEM = "summary"
TOKENS = 8_000  # fifteen key points with two long quotes each

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

_DIGEST_PROSE = """\
The document is made of the summaries of the parts of one long document, in order, with numbered key points. \
Make one summary of them: an overview of three to six sentences of the whole, then its key points (eight to \
fifteen), each one a statement with the numbers of the key points that it rests on. Say nothing that they do \
not say. Where the request has a focus, give what concerns it the most room. Answer in their language."""

_DIGEST_SCHEMA = closed(
    {
        "overview": {"type": "string"},
        "key_points": array_of(
            closed({"text": {"type": "string"}, "numbers": array_of({"type": "integer"})})
        ),
    }
)


class SummariseParameters(StrictModel):
    """`focus`: what the reader cares about, in their own words."""

    focus: Annotated[str, Field(max_length=MAX_FOCUS_CHARS)] | None = None


class SummariseRequest(JobRequest, SummariseParameters):
    """The body of `POST /jobs/summarise`."""


@dataclass(frozen=True, slots=True)
class KeyPoint:
    """A statement, and what supports it."""

    text: str
    evidence: list[Citation]


@dataclass(frozen=True, slots=True)
class Summary:
    """What was said of the document, or of a part of it."""

    overview: str
    points: list[KeyPoint]


def _prompt(params: SummariseParameters, _width: int) -> Prompt:
    return Prompt(
        SYSTEM, _PROSE, {"task": "summarise", "focus": params.focus}, _SCHEMA, answer_tokens(TOKENS)
    )


def _read(_params: SummariseParameters, answer: Mapping[str, Any], source: Source) -> dict[str, Summary]:
    points = [KeyPoint(point["text"], source.cite(point["quotes"])) for point in answer["key_points"]]
    return {ITEM: Summary(answer["overview"], points)}


def _merge(
    params: SummariseParameters, findings: Mapping[str, Sequence[Summary]], _incomplete: frozenset[str]
) -> Json:
    summary = _joined(findings[ITEM])
    points: list[Json] = []
    warnings: list[Json] = []
    for point in summary.points:
        evidence, more = bounded(point.evidence)
        reasons: list[Json] = []
        if support(evidence) == CLAIM:
            detail = "unsupported: no quote for this key point was found in the document"
            reasons.append({"code": "unsupported", "detail": detail})
        elif support(evidence) == IMAGE:
            reasons.append({"code": "unverified", "detail": f"this key point {UNVERIFIED}"})
        if more:
            reasons.append(left_out(more))
        warnings += [{"key_point": len(points), **reason} for reason in reasons]
        points.append({"text": point.text, "evidence": evidence})
    result: Json = {"overview": summary.overview, "key_points": points, "focus": params.focus}
    return {**result, "warnings": warnings} if warnings else result


def _joined(summaries: Sequence[Summary]) -> Summary:
    """One after the other: longer than it need be, but whole."""
    if len(summaries) == 1:
        return summaries[0]
    overview = "\n\n".join(summary.overview for summary in summaries)
    return Summary(overview, [point for summary in summaries for point in summary.points])


def _digest_text(summaries: Sequence[Summary]) -> str:
    lines: list[str] = []
    number = 0
    for at, summary in enumerate(summaries, start=1):
        lines += [f"Part {at}: {' '.join(summary.overview.split())}"]
        for point in summary.points:
            number += 1
            lines.append(f"[{number}] {' '.join(point.text.split())}")
        lines.append("")
    return "\n".join(lines)


def _digest_prompt(params: SummariseParameters) -> Prompt:
    request = {"task": "combine", "focus": params.focus}
    return Prompt(SYSTEM, _DIGEST_PROSE, request, _DIGEST_SCHEMA, answer_tokens(TOKENS))


def _digested(answer: Mapping[str, Any], summaries: Sequence[Summary]) -> Summary:
    """A key point has the evidence of those that it rests on; a number that none has is passed over."""
    given = [point for summary in summaries for point in summary.points]
    points = []
    for point in answer["key_points"]:
        numbers = dict.fromkeys(number for number in point["numbers"] if 1 <= number <= len(given))
        evidence = {
            json.dumps(citation, sort_keys=True): citation
            for number in numbers
            for citation in given[number - 1].evidence
        }
        points.append(KeyPoint(point["text"], list(evidence.values())))
    return Summary(answer["overview"], points)


SUMMARISE = Task(
    "summarise",
    SummariseRequest,
    SummariseParameters,
    items=lambda _params: (ITEM,),
    narrowed=lambda params, _items: params,
    per_call=1,
    prompt=_prompt,
    read=_read,
    merge=_merge,
    answer=_SCHEMA,
    digest=Digest(_digest_text, _digest_prompt, _digested, _joined),
)
