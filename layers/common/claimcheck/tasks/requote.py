"""The question for quotes that the document does not have in these words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.tasks.base import SYSTEM, Prompt, answer_tokens, array_of, closed

if TYPE_CHECKING:
    from collections.abc import Sequence

REQUOTE_MOST = 40  # quotes of one job that are asked for again

_PROSE = """\
The document is made of passages of a longer one. Each quote of the request was meant to be copied from it \
and was not, character for character. Give for each the passage's own words that say the same, copied \
exactly, or null where no passage says it."""


def requote_prompt(quotes: Sequence[str]) -> Prompt:
    """Ask for the document's own words for each quote. Answers name quotes as q1, q2, … in order."""
    asked = [{"id": f"q{at}", "quote": quote} for at, quote in enumerate(quotes, start=1)]
    schema = closed(
        {
            "quotes": array_of(
                closed(
                    {
                        "id": {"type": "string", "enum": [each["id"] for each in asked]},
                        "quote": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    }
                )
            )
        }
    )
    request = {"task": "requote", "quotes": asked}
    return Prompt(SYSTEM, _PROSE, request, schema, max_tokens=answer_tokens(500 + 200 * len(asked)))
