"""The peers' table, and the call of the model that all of them make."""

from __future__ import annotations

from typing import Any

TABLE = """
CREATE SCHEMA IF NOT EXISTS peer_bench;
CREATE TABLE IF NOT EXISTS peer_bench.jobs (
  id uuid PRIMARY KEY, status text NOT NULL DEFAULT 'pending', run text NOT NULL, document text NOT NULL,
  fields jsonb NOT NULL, result text, created_at timestamptz NOT NULL DEFAULT now(), completed_at timestamptz)
"""
INSERT = "INSERT INTO peer_bench.jobs (id, run, document, fields) VALUES (%s, %s, %s, %s::jsonb)"
RUNNING = "UPDATE peer_bench.jobs SET status = 'running' WHERE id = %s RETURNING document, fields"
FINISH = """
UPDATE peer_bench.jobs SET status = 'completed', result = %s, completed_at = now() WHERE id = %s
"""


def question(document: str, fields: Any) -> dict[str, Any]:
    """The arguments of `messages.create`."""
    source = {"type": "text", "media_type": "text/plain", "data": document}
    asked = [{"id": name, "name": name} for name in fields]
    instruction = f"Extract these fields, with quotes: {asked}".replace("'", '"')
    return {
        "model": "claude-sonnet-5-5",
        "max_tokens": 4096,
        "messages": [
            {
                "role": "user",
                "content": [{"type": "document", "source": source}, {"type": "text", "text": instruction}],
            }
        ],
    }


def text_of(message: Any) -> str:
    """The answer's text."""
    return "".join(block.text for block in message.content if block.type == "text")
