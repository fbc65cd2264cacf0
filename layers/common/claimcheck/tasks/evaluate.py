"""evaluate: each criterion passes or fails. The model gives its reading; code decides what may stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from claimcheck.tasks.base import SYSTEM, Json, Prompt, Source, Task, answer_tokens, array_of, closed
from claimcheck.tasks.decisions import Reading, decide
from claimcheck.tasks.requests import JobRequest, StrictModel, fault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_CRITERIA = 200
MAX_CRITERION_CHARS = 2000
MAX_ID_CHARS = 200
PER_CALL = 50  # so many verdicts fit what one question asks for
TOKENS_EACH = 300  # reasoning and two quotes

_PROSE = """\
Decide for each criterion of the request whether the document meets it, one verdict per criterion, in \
their order. `basis` is `stated` where the document says what the criterion asks, `contradicted` where \
it says the opposite, `not_mentioned` where it is silent. A criterion passes where the document meets \
it; silence passes only a criterion that asks for absence. Give the reasoning in one to three \
sentences, and quote every passage it rests on; give no quotes where the document is silent."""


def _from_text(value: Any) -> Any:
    if isinstance(value, str):
        return {"criterion": value}
    if not isinstance(value, dict | CriterionSpec):
        raise fault("must be a string or an object with id and criterion")
    return value


class CriterionSpec(StrictModel):
    """One criterion; `id` is the caller's own name for it."""

    id: Annotated[str, Field(min_length=1, max_length=MAX_ID_CHARS)] | None = None
    criterion: Annotated[str, Field(max_length=MAX_CRITERION_CHARS)]

    @model_validator(mode="after")
    def _says_something(self) -> CriterionSpec:
        if not self.criterion.strip():
            raise fault("must not be empty", "criterion")
        if self.id is not None and not self.id.strip():
            raise fault("must not be empty", "id")
        return self


class EvaluateParameters(StrictModel):
    """`criteria`: 1 to 200 strings or `{id, criterion}`; one without an id gets c1, c2, … by its place."""

    criteria: Annotated[
        list[Annotated[CriterionSpec, BeforeValidator(_from_text)]],
        Field(min_length=1, max_length=MAX_CRITERIA),
    ]

    @model_validator(mode="after")
    def _own_ids(self) -> EvaluateParameters:
        taken = {spec.id for spec in self.criteria if spec.id is not None}
        seen: set[str] = set()
        for at, spec in enumerate(self.criteria):
            if spec.id is None:
                spec.id = _free_id(f"c{at + 1}", taken)
                taken.add(spec.id)
            if spec.id in seen:
                raise fault("is the id of an earlier criterion", "criteria", at, "id")
            seen.add(spec.id)
        return self


class EvaluateRequest(JobRequest, EvaluateParameters):
    """The body of `POST /jobs/evaluate`."""


def _free_id(wanted: str, taken: set[str]) -> str:
    while wanted in taken:
        wanted += "_"
    return wanted


def _ours(at: int) -> str:
    """The id under which the model knows criterion `at`; the caller's may be anything."""
    return f"c{at + 1}"


def _answer(criterion: Json) -> Json:
    """The schema of an answer; `criterion` is that of a criterion's id."""
    verdict = closed(
        {
            "criterion": criterion,
            "verdict": {"type": "string", "enum": ["pass", "fail"]},
            "basis": {"type": "string", "enum": ["stated", "contradicted", "not_mentioned"]},
            "reasoning": {"type": "string"},
            "quotes": array_of({"type": "string"}),
        }
    )
    return closed({"verdicts": array_of(verdict)})


def _prompt(params: EvaluateParameters, width: int) -> Prompt:
    listed = [{"id": _ours(at), "criterion": spec.criterion} for at, spec in enumerate(params.criteria)]
    ours = frozenset(entry["id"] for entry in listed)
    return Prompt(
        SYSTEM,
        _PROSE,
        {"task": "evaluate", "criteria": listed},
        _answer({"type": "string", "enum": [_ours(at) for at in range(width)]}),
        max_tokens=answer_tokens(1000 + TOKENS_EACH * width),
        answered=lambda said: any(each["criterion"] in ours for each in said["verdicts"]),
    )


def _narrowed(params: EvaluateParameters, items: Sequence[str]) -> EvaluateParameters:
    wanted = frozenset(items)
    return params.model_copy(update={"criteria": [spec for spec in params.criteria if spec.id in wanted]})


def _read(params: EvaluateParameters, answer: Mapping[str, Any], source: Source) -> dict[str, Reading]:
    said: dict[str, Mapping[str, Any]] = {}
    for verdict in answer["verdicts"]:
        said.setdefault(verdict["criterion"], verdict)
    return {
        str(spec.id): Reading(one["verdict"], one["basis"], one["reasoning"], source.cite(one["quotes"]))
        for at, spec in enumerate(params.criteria)
        if (one := said.get(_ours(at))) is not None
    }


def _merge(
    params: EvaluateParameters, findings: Mapping[str, Sequence[Reading]], incomplete: frozenset[str]
) -> Json:
    criteria: list[Json] = []
    warnings: list[Json] = []
    for spec in params.criteria:
        decided, reasons = decide(findings.get(str(spec.id), ()), spec.criterion, spec.id in incomplete)
        criteria.append({"id": spec.id, "criterion": spec.criterion, **decided})
        warnings += [{"criterion": spec.id, "code": code, "detail": detail} for code, detail in reasons]
    passed = sum(entry["verdict"] == "pass" for entry in criteria)
    result: Json = {"criteria": criteria, "passed": passed, "failed": len(criteria) - passed}
    return {**result, "warnings": warnings} if warnings else result


EVALUATE = Task(
    "evaluate",
    EvaluateRequest,
    EvaluateParameters,
    items=lambda params: tuple(str(spec.id) for spec in params.criteria),
    narrowed=_narrowed,
    per_call=PER_CALL,
    prompt=_prompt,
    read=_read,
    merge=_merge,
    answer=_answer({"type": "string"}),
)
