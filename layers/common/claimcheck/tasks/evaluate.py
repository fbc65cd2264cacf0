"""evaluate: each criterion passes or fails. The model gives its reading; code decides what may stand."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from claimcheck.tasks.base import SYSTEM, Json, Prompt, Source, Task, array_of, closed, instruction, located
from claimcheck.tasks.requests import JobRequest, StrictModel, fault

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_CRITERIA = 200
MAX_CRITERION_CHARS = 2000
MAX_ID_CHARS = 200

_PROSE = """\
Decide for each criterion of the request whether the document meets it, one verdict per criterion, in \
their order. `basis` is `stated` where the document says what the criterion asks, `contradicted` where \
it says the opposite, `not_mentioned` where it is silent. A criterion passes where the document meets \
it; silence passes only a criterion that asks for absence. Give the reasoning in one to three \
sentences, and quote every passage it rests on; give no quotes where the document is silent."""

# Words with which a criterion asks that something be absent: English, German, French, Spanish.
# (?-i:…) keeps abbreviations out: a person may have a NIE or a SIN.
_ABSENCE = re.compile(
    r"""
      \b(?: no(?!-) | not(?!-) | never | none | nobody | nothing | nowhere | neither | nor | without | cannot
          | absent | absence | lack(?:s|ed|ing)? | devoid | free\ (?:of|from) | exclud(?:e|es|ed|ing) )\b
    | n['’]t\b
    | \b(?: kein(?:e[mnrs]?|erlei)? | nichts? | (?-i:[Nn]ie) | niemals | niemand(?:em|en)? | ohne | weder
          | fehl(?:t|en) | frei\ von | ausgeschlossen )\b
    | \b(?:ne\b|n['’]).{0,80}?\b(?: pas | plus | point | rien | personne | ni )\b
    | \b(?: pas\ de | pas\ d['’] | aucune?s? | jamais | sans | exclu(?:t|e|s|es)? )\b
    | \b(?: ning(?:ún|una|uno)s? | (?-i:[Ss]in) | nunca | jamás | nada | nadie | tampoco | carecen?
          | ausencia | excluyen? )\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
# Phrases that hold such a word and ask for no absence: bounds, set phrases, "No. 5".
_NO_ABSENCE = re.compile(
    r"""
      \bnot?\ (?: later | earlier | less | more | fewer | longer | sooner | greater | lower | higher )\ than\b
    | (?: \bnot | \bcannot | n['’]t )\ (?:to\ |be\ )?exceed\w*
    | \bnot\ (?: only | (?:be\ )?limited\ to )\b | \bor\ not\b | \bnos?\.\s*\d
    | \bwithout\ (?: limit(?:ation|ing)? | prejudice | (?:undue|unreasonable)\ delay )\b
    | \bfree\ of\ charge\b | \bin\ the\ absence\ of\b
    | \bnicht\ (?: nur | (?:mehr|weniger|später|früher|länger|höher)\ als )\b | \boder\ nicht\b
    | \bne\ d[ée]pass\w*\ pas\b | \bsans\ (?:préjudice|limitation|délai)\b | \bou\ pas\b
    | \bno\ (?: más | menos | solo | sólo | superior | inferior )\b | \bsin\ (?:perjuicio|demora)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)


def asks_for_absence(criterion: str) -> bool:
    """Whether a criterion's own words ask that something not be there, as "no penalty is agreed" does.

    A test of words, not of meaning, in English, German, French and Spanish. It is necessary for a pass
    that rests on the document's silence, and takes a negation of another kind for one of this now and then.
    """
    plain = " ".join(unicodedata.normalize("NFC", criterion).split())
    return _ABSENCE.search(_NO_ABSENCE.sub(" ", plain)) is not None


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


def _prompt(params: EvaluateParameters) -> Prompt:
    listed = [{"id": _ours(at), "criterion": spec.criterion} for at, spec in enumerate(params.criteria)]
    verdict = closed(
        {
            "criterion": {"type": "string", "enum": [entry["id"] for entry in listed]},
            "verdict": {"type": "string", "enum": ["pass", "fail"]},
            "basis": {"type": "string", "enum": ["stated", "contradicted", "not_mentioned"]},
            "reasoning": {"type": "string"},
            "quotes": array_of({"type": "string"}),
        }
    )
    request = {"task": "evaluate", "criteria": listed}
    return Prompt(
        SYSTEM,
        instruction(_PROSE, request),
        closed({"verdicts": array_of(verdict)}),
        max_tokens=min(16_000, 1000 + 300 * len(listed)),
    )


def _result(params: EvaluateParameters, answer: Mapping[str, Any], source: Source) -> Json:
    said: dict[str, Mapping[str, Any]] = {}
    for verdict in answer["verdicts"]:
        said.setdefault(verdict["criterion"], verdict)
    criteria: list[Json] = []
    warnings: list[Json] = []
    for at, spec in enumerate(params.criteria):
        decided, reason = _decide(said.get(_ours(at)), spec.criterion, source)
        criteria.append({"id": spec.id, "criterion": spec.criterion, **decided})
        if reason:
            warnings.append({"criterion": spec.id, "code": reason[0], "detail": reason[1]})
    passed = sum(entry["verdict"] == "pass" for entry in criteria)
    result: Json = {"criteria": criteria, "passed": passed, "failed": len(criteria) - passed}
    return {**result, "warnings": warnings} if warnings else result


def _decide(
    said: Mapping[str, Any] | None, criterion: str, source: Source
) -> tuple[Json, tuple[str, str] | None]:
    """What stands of one verdict, and why it is not what the model said.

    The criterion's words are the caller's: nothing that a document says can turn its silence into a pass.
    """
    if said is None:
        decided: Json = {
            "verdict": "fail",
            "basis": "not_mentioned",
            "reasoning": "No verdict was given.",
            "evidence": [],
        }
        return decided, ("skipped", "the model gave no verdict for this criterion, so it fails")
    evidence = source.cite(said["quotes"])
    verdict, basis = said["verdict"], said["basis"]
    reason: tuple[str, str] | None = None
    if verdict == "pass" and basis == "contradicted":
        verdict = "fail"
        reason = ("inconsistent", "the model passed what it says the document contradicts, so it fails")
    elif verdict == "pass" and basis == "stated" and not located(evidence):
        verdict = "fail"
        reason = ("unsupported", "no quote for this pass was found in the document, so it fails")
    elif verdict == "pass" and basis == "not_mentioned" and not asks_for_absence(criterion):
        verdict = "fail"
        reason = (
            "unsupported",
            "the model passed it as not mentioned, but the criterion does not ask for absence, so it fails",
        )
    elif verdict == "pass" and basis == "not_mentioned":
        reason = ("silent", "passes because the document does not mention it; no quote can show that")
    elif evidence and not located(evidence):
        reason = ("unsupported", "no quote for this verdict was found in the document")
    decided = {"verdict": verdict, "basis": basis, "reasoning": said["reasoning"], "evidence": evidence}
    return decided, reason


EVALUATE = Task("evaluate", EvaluateRequest, EvaluateParameters, _prompt, _result)
