"""What came of a job: the answer of each task, with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError

from claimcheck.client.models.base import Model


class Evidence(Model):
    """A quote, and where it stands: code points into the document's text, None where it was not found."""

    quote: str
    status: Literal["exact", "normalised", "not_found", "image"] | str
    start: int | None
    end: int | None
    page: int | None


class Gap(Model):
    """A part of the document that the answer has not seen; `asked` where it concerns some questions alone."""

    start: int
    end: int
    reason: str
    page: int | None = None
    asked: list[str] | None = None


class Coverage(Model):
    """How much of the document the answer rests on, in code points."""

    chars: int
    read: int
    pages: int | None
    gaps: list[Gap]


class ResultWarning(Model):
    """Something to know before the result is relied on; further members say what it is about."""

    code: str
    detail: str


class KeyPoint(Model):
    """A statement of a summary."""

    text: str
    evidence: list[Evidence]


class SummariseResult(Model):
    """What summarise found."""

    overview: str
    key_points: list[KeyPoint]
    focus: str | None
    warnings: list[ResultWarning] = Field(default_factory=list)
    coverage: Coverage


class ExtractResult(Model):
    """What extract found: exactly the names that were asked for, None where the document does not say."""

    fields: dict[str, Any]
    evidence: dict[str, list[Evidence]]
    units: dict[str, str] = Field(default_factory=dict)
    warnings: list[ResultWarning] = Field(default_factory=list)
    coverage: Coverage


class Verdict(Model):
    """A criterion with its verdict; `id` is yours, or c1, c2, … by its place."""

    id: str
    criterion: str
    verdict: Literal["pass", "fail"] | str
    basis: Literal["stated", "contradicted", "not_mentioned"] | str
    reasoning: str
    evidence: list[Evidence]


class EvaluateResult(Model):
    """What evaluate found."""

    criteria: list[Verdict]
    passed: int
    failed: int
    warnings: list[ResultWarning] = Field(default_factory=list)
    coverage: Coverage


class OtherResult(Model):
    """A result that this client does not know: its members are attributes all the same."""


Result = SummariseResult | ExtractResult | EvaluateResult | OtherResult
BY_TASK: dict[str, type[SummariseResult | ExtractResult | EvaluateResult]] = {
    "summarise": SummariseResult,
    "extract": ExtractResult,
    "evaluate": EvaluateResult,
}


def with_typed_result(said: Any) -> Any:
    """An answer with `task` and `result`: its task says what the result is; one of another task is kept."""
    if not isinstance(said, Mapping) or not isinstance(said.get("result"), Mapping):
        return said
    kind = BY_TASK.get(str(said.get("task")), OtherResult)
    try:
        return {**said, "result": kind.model_validate(said["result"])}
    except ValidationError:  # of a version that says it otherwise
        return {**said, "result": OtherResult.model_validate(said["result"])}
