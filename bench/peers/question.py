"""The call of the model that all peers make."""

from __future__ import annotations

from typing import Any


def document_and(document: str, instruction: str, **more: Any) -> dict[str, Any]:
    """The arguments of `messages.create`: a document, and what is asked of it."""
    source = {"type": "text", "media_type": "text/plain", "data": document}
    content = [{"type": "document", "source": source}, {"type": "text", "text": instruction}]
    turn = {"role": "user", "content": content}
    return {"model": "claude-sonnet-5-5", "max_tokens": 4096, "messages": [turn], **more}


def text_of(message: Any) -> str:
    """The answer's text."""
    return "".join(block.text for block in message.content if block.type == "text")
