"""What jobs came to, and what one would use: requests and answers of both calls."""

from __future__ import annotations

from claimcheck.tasks import TASKS, estimate

from openapi.requests import MEDIA_TYPE
from openapi.shapes import Json, amount, answered, array, asked, nullable, one_of, ref, text, whole

_DAY: Json = {"type": "string", "format": "date"}


def _pair(of: Json, description: str) -> Json:
    return answered(
        f"{description} `likely`: as such jobs go. `most`: not exceeded, where no question has to be put a "
        "second time.",
        {"likely": of, "most": of},
    )


def _size(description: str, most: int) -> Json:
    return {"type": "integer", "minimum": 1, "maximum": most, "description": description}


def _others(*names: str) -> Json:
    return {name: {"type": "null"} for name in names}


SCHEMAS: Json = {
    "EstimateRequest": asked(
        "What a job would be.",
        {
            "task": one_of(list(TASKS)),
            "document": ref("DocumentSize"),
            "questions": {
                "type": "integer",
                "minimum": 1,
                "maximum": estimate.MAX_QUESTIONS,
                "default": 1,
                "description": "How many fields or criteria; a summary is one, whatever this says.",
            },
            "priority": one_of(["standard", "economy"]) | {"default": "standard"},
        },
        required=("task", "document"),
    ),
    "DocumentSize": {
        "description": "Exactly one of `characters`, `pages` and `bytes`, the last two with `media_type`.",
        "oneOf": [
            asked(
                "A text.",
                {
                    "characters": _size("Characters.", estimate.MAX_SIZE),
                    **_others("pages", "bytes", "media_type"),
                },
                required=("characters",),
            ),
            *(
                asked(
                    words,
                    {name: _size(words, most), "media_type": MEDIA_TYPE, **_others("characters", other)},
                    required=(name, "media_type"),
                )
                for name, other, words, most in (
                    ("pages", "bytes", "Pages.", estimate.MAX_PAGES),
                    ("bytes", "pages", "Bytes of a file.", estimate.MAX_SIZE),
                )
            ),
        ],
    },
    "UsageOfDays": answered(
        "What jobs came to. Days without jobs are left out.",
        {
            "from": _DAY,
            "to": _DAY,
            "days": array(
                answered(
                    "The jobs of one task that were handed in on one day.",
                    {
                        "day": _DAY,
                        "task": one_of(list(TASKS)),
                        "jobs": whole("All of them: the next five together."),
                        "completed": whole(),
                        "partial": whole(),
                        "failed": whole(),
                        "cancelled": whole(),
                        "waiting": whole("Pending or running."),
                        "seconds": answered(
                            "From a job's ticket to its answer, within 5 %; null without answered jobs.",
                            {"median": nullable(amount()), "p95": nullable(amount())},
                        ),
                        "input_tokens": whole(),
                        "cache_read_tokens": whole(),
                        "cache_write_tokens": whole(),
                        "output_tokens": whole(),
                        "calls": whole("To the model."),
                        "cost_usd": amount(),
                    },
                ),
                "By day and task.",
            ),
        },
    ),
    "Estimate": answered(
        "What a job of this size uses.",
        {
            "model": text("Which model would be asked."),
            "calls": _pair(whole("", 1), "Calls to it."),
            "input_tokens": _pair(whole(), "Tokens of all calls, cached ones included."),
            "output_tokens": _pair(whole(), "Tokens of all answers."),
            "cost_usd": _pair(
                nullable(amount()), "US dollars; null for a model without a price in the list."
            ),
            "basis": text("How it was reckoned."),
        },
    ),
}
