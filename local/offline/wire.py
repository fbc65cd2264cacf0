"""The Messages API's bodies: errors, messages and stream events."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = "offline"  # what every answer says of its author; it never claims to be Claude
DELTA = 120  # characters of one content_block_delta

ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class ApiError(Exception):
    """A refusal as the API words it."""

    def __init__(
        self, status: int, message: str, *, kind: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = (
            kind or ERROR_TYPES.get(status) or ("api_error" if status >= 500 else "invalid_request_error")
        )
        self.retry_after = retry_after
        self.headers: dict[str, str] = {}


def error_body(kind: str, message: str, request_id: str) -> dict[str, Any]:
    """The body of an error, also of an `error` event."""
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is put on the wire."""

    text: str | None  # None: no content at all
    stop_reason: str
    usage: dict[str, Any]
    thinking: str | None = None
    stop_details: dict[str, Any] | None = field(default=None)

    def blocks(self) -> list[dict[str, Any]]:
        """The content blocks in order."""
        found: list[dict[str, Any]] = []
        if self.thinking is not None:
            found.append({"type": "thinking", "thinking": self.thinking, "signature": "b2ZmbGluZQ=="})
        if self.text is not None:
            found.append({"type": "text", "text": self.text, "citations": None})
        return found


def message(message_id: str, reply: Reply) -> dict[str, Any]:
    """A whole message."""
    return {
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": reply.blocks(),
        "stop_reason": reply.stop_reason,
        "stop_sequence": None,
        "stop_details": reply.stop_details,
        "usage": reply.usage,
    }


def stream(message_id: str, reply: Reply) -> Iterator[bytes]:
    """The same message as server-sent events."""
    start = message(message_id, reply) | {"content": [], "stop_reason": None, "stop_details": None}
    start["usage"] = reply.usage | {"output_tokens": min(1, reply.usage["output_tokens"])}
    yield event("message_start", {"message": start})
    for index, block in enumerate(reply.blocks()):
        yield from _block(index, block)
    ending = {"stop_reason": reply.stop_reason, "stop_sequence": None, "stop_details": reply.stop_details}
    counted = {k: v for k, v in reply.usage.items() if k.endswith("_tokens")}
    yield event("message_delta", {"delta": ending, "usage": counted})
    yield event("message_stop", {})


def _block(index: int, block: dict[str, Any]) -> Iterator[bytes]:
    kind = block["type"]
    content = block[kind]
    yield event(
        "content_block_start", {"index": index, "content_block": block | {kind: ""} | _unsigned(kind)}
    )
    if index == 0:
        yield event("ping", {})
    for at in range(0, len(content), DELTA):
        delta = {"type": f"{kind}_delta", kind: content[at : at + DELTA]}
        yield event("content_block_delta", {"index": index, "delta": delta})
    if kind == "thinking":
        signature = {"type": "signature_delta", "signature": block["signature"]}
        yield event("content_block_delta", {"index": index, "delta": signature})
    yield event("content_block_stop", {"index": index})


def _unsigned(kind: str) -> dict[str, str]:
    return {"signature": ""} if kind == "thinking" else {}


def event(name: str, body: dict[str, Any]) -> bytes:
    """One server-sent event; ASCII, so that no character of a document can break a line."""
    return f"event: {name}\ndata: {json.dumps({'type': name} | body)}\n\n".encode("ascii")
