"""From an answer's text to a reply: usage, the token limit, and the faults of content."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from local.offline.usage import CHARS, tokens
from local.offline.wire import Reply

if TYPE_CHECKING:
    from local.offline.faults import Fault
    from local.offline.messages import Asked
    from local.offline.usage import Looked

THOUGHT = "An offline stand-in does not think; this block was asked for by a test."


def reply(asked: Asked, text: str, looked: Looked, fault: Fault | None) -> Reply:
    """The reply to a request whose full answer is `text`."""
    kind = fault.kind if fault else None
    if kind == "refusal":
        details: dict[str, Any] = {
            "type": "refusal",
            "category": None,
            "explanation": "A refusal that was asked for.",
        }
        return Reply(None, "refusal", looked.usage(1), stop_details=details)
    if kind == "empty":
        return Reply(None, "end_turn", looked.usage(1))
    if kind == "malformed":
        text = "Sure! Here is what you asked for: {" + text[: len(text) // 2]
    elif kind == "schema":
        text = '{"unexpected": [1, 2, 3]}'
    thinking = THOUGHT if kind == "thinking" else None
    spent = tokens(thinking or "")
    limit = min(asked.max_tokens, (spent + tokens(text)) // 2) if kind == "truncate" else asked.max_tokens
    return _limited(Reply(text, "end_turn", {}, thinking), limit, spent, looked)


def _limited(whole: Reply, limit: int, spent: int, looked: Looked) -> Reply:
    text = whole.text or ""
    if spent + tokens(text) <= limit:
        return replace(whole, usage=looked.usage(max(1, spent + tokens(text))))
    cut = text[: max(0, limit - spent) * CHARS]
    return replace(whole, text=cut or None, stop_reason="max_tokens", usage=looked.usage(limit))
