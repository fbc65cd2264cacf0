"""Requests as the product sends them, over documents written for these tests."""

from __future__ import annotations

import json
from typing import Any

CLAIM = """INSURANCE CLAIM
Policy number: HX-20-771
Claimant: Ruth Adams
Date of loss: 2 February 2024
Estimated loss: EUR 8,450.00

On 2 February 2024 a pipe burst in the cellar of the insured house and the water damaged the heating. The
insured
called a plumber on the same day. The policy does not cover damage by ground water. The insurer must pay
within thirty (30) days after it has received all documents.
"""

STRING: dict[str, Any] = {"type": "string"}
TEXTS: dict[str, Any] = {"type": "array", "items": STRING}


def closed(**properties: Any) -> dict[str, Any]:
    """An object as structured output wants it."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def listed(**properties: Any) -> dict[str, Any]:
    """A list of such objects."""
    return {"type": "array", "items": closed(**properties)}


SCHEMAS: dict[str, dict[str, Any]] = {
    "summarise": closed(overview=STRING, key_points=listed(text=STRING, quotes=TEXTS)),
    "extract": closed(
        answers=listed(field=STRING, value={"anyOf": [STRING, {"type": "null"}]}, quotes=TEXTS)
    ),
    "evaluate": closed(
        verdicts=listed(
            criterion=STRING,
            verdict={"type": "string", "enum": ["pass", "fail"]},
            basis={"type": "string", "enum": ["stated", "contradicted", "not_mentioned"]},
            reasoning=STRING,
            quotes=TEXTS,
        )
    ),
}
REQUESTS: dict[str, dict[str, Any]] = {
    "summarise": {"task": "summarise", "focus": None},
    "extract": {
        "task": "extract",
        "fields": [
            {"id": "f1", "name": "date_of_loss", "type": "date", "description": None},
            {"id": "f2", "name": "estimated_loss", "type": "money", "description": None},
            {"id": "f3", "name": "governing_law", "type": "string", "description": None},
        ],
    },
    "evaluate": {
        "task": "evaluate",
        "criteria": [
            {"id": "c1", "criterion": "The insurer must pay within 30 days"},
            {"id": "c2", "criterion": "The policy covers damage by ground water"},
            {"id": "c3", "criterion": "A police report is attached"},
        ],
    },
}


def question(task: str, document: str = CLAIM, *, cached: bool = False, **more: Any) -> dict[str, Any]:
    """Arguments of `messages.create` for one task."""
    block: dict[str, Any] = {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": document},
        "title": "claim.txt",
    }
    if cached:
        block["cache_control"] = {"type": "ephemeral"}
    text = f"Answer from the document.\n<request>{json.dumps(REQUESTS[task])}</request>"
    arguments: dict[str, Any] = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 4000,
        "system": "You read documents.",
        "messages": [{"role": "user", "content": [block, {"type": "text", "text": text}]}],
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMAS[task]}},
    }
    return arguments | more


def check(task: str, text: str, document: str) -> Any:
    """The parsed answer: valid against its schema, every quote verbatim."""
    from jsonschema import Draft202012Validator

    answer = json.loads(text)
    Draft202012Validator(SCHEMAS[task]).validate(answer)
    (items,) = (value for value in answer.values() if isinstance(value, list))
    for item in items:
        assert all(quote and quote in document for quote in item["quotes"])
    return answer
