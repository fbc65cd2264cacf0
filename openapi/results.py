"""What came of a job: the answer of each task, with its evidence."""

from __future__ import annotations

from openapi.shapes import (
    Json,
    answered,
    array,
    nullable,
    one_of,
    ref,
    text,
    whole,
)

_EVIDENCE = answered(
    "A quote, and where it stands in the document.",
    {
        "quote": text("As the model gave it."),
        "status": one_of(
            ["exact", "normalised", "not_found", "image"],
            "`exact`: character for character. `normalised`: it differs in form only. `image`: read "
            "off the image "
            "of `page`, where there is no text to look it up in.",
        ),
        "start": nullable(whole("Code points into the document's text; null where it was not found.")),
        "end": nullable(whole("The same, behind its last character.")),
        "page": nullable(whole("Counted from 1; null where the document has no pages.", 1)),
    },
)
_GAP = answered(
    "A part of the document that the answer has not seen.",
    {
        "start": whole("Code points into the document's text."),
        "end": whole(),
        "reason": text("Why."),
        "page": whole("The page, where it is one.", 1),
        "asked": array(text(), "The fields or criteria that it concerns, where it is not all of them."),
    },
    optional=("page", "asked"),
)
_COVERAGE = answered(
    "How much of the document the answer rests on.",
    {
        "chars": whole("Code points of the document's text."),
        "read": whole("How many of them every question has an answer about."),
        "pages": nullable(whole("How many pages it has; null where it has none.", 1)),
        "gaps": array(ref("Gap"), "Empty in a job that is `completed`."),
    },
)
_WARNING: Json = {
    "type": "object",
    "description": "Something to know before the result is relied on. Members besides these say what "
    "it concerns "
    "(`field`, `criterion`, `key_point`) and show it (`others`, `evidence`).",
    "properties": {"code": text("Stable."), "detail": text("In words.")},
    "required": ["code", "detail"],
    "additionalProperties": True,
}
_WARNINGS = array(ref("Warning"), "Only where there are any.")

_SUMMARY = answered(
    "What summarise found.",
    {
        "overview": text(),
        "key_points": array(
            answered("A statement.", {"text": text(), "evidence": array(ref("Evidence"))}),
        ),
        "focus": nullable(text("As it was asked for.")),
        "warnings": _WARNINGS,
        "coverage": ref("Coverage"),
    },
    optional=("warnings",),
)
_EXTRACTION = answered(
    "What extract found.",
    {
        "fields": {
            "type": "object",
            "description": "Exactly the names that were asked for; null where the document does not say.",
            "additionalProperties": True,
        },
        "evidence": {
            "type": "object",
            "description": "The quotes of each field.",
            "additionalProperties": array(ref("Evidence")),
        },
        "units": {
            "type": "object",
            "description": "What a number was given in, where the document says so.",
            "additionalProperties": text(),
        },
        "warnings": _WARNINGS,
        "coverage": ref("Coverage"),
    },
    optional=("units", "warnings"),
)
_EVALUATION = answered(
    "What evaluate found.",
    {
        "criteria": array(
            answered(
                "A criterion with its verdict.",
                {
                    "id": text("Yours, or c1, c2, … by its place."),
                    "criterion": text(),
                    "verdict": one_of(["pass", "fail"]),
                    "basis": one_of(["stated", "contradicted", "not_mentioned"]),
                    "reasoning": text(),
                    "evidence": array(ref("Evidence")),
                },
            )
        ),
        "passed": whole(),
        "failed": whole(),
        "warnings": _WARNINGS,
        "coverage": ref("Coverage"),
    },
    optional=("warnings",),
)

SCHEMAS: Json = {
    "Evidence": _EVIDENCE,
    "Coverage": _COVERAGE,
    "Gap": _GAP,
    "Warning": _WARNING,
    "SummariseResult": _SUMMARY,
    "ExtractResult": _EXTRACTION,
    "EvaluateResult": _EVALUATION,
}
