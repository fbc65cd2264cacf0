"""The least that a peer can do: a row before the answer, and the model's text in it afterwards.

No key is checked, no limit kept, no call on record before it is made; what the model said is not looked at.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bench.peers.question import document_and, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLES = """
CREATE SCHEMA IF NOT EXISTS peer_bare;
CREATE TABLE IF NOT EXISTS peer_bare.jobs (
  id uuid PRIMARY KEY, status text NOT NULL DEFAULT 'pending', run text NOT NULL, document text NOT NULL,
  fields jsonb NOT NULL, result text, created_at timestamptz NOT NULL DEFAULT now(), completed_at timestamptz)
"""
TABLE = "peer_bare.jobs WHERE run = %s"
FIND_KEY = None
ACCEPT = """
INSERT INTO peer_bare.jobs (id, run, document, fields)
VALUES (%(id)s, %(run)s, %(document)s, %(fields)s::jsonb) RETURNING id
"""
CLAIM = """
UPDATE peer_bare.jobs SET status = 'running' WHERE id = %(id)s RETURNING id, document, fields
"""
_FINISH = """
UPDATE peer_bare.jobs SET status = 'completed', result = %(result)s, completed_at = now() WHERE id = %(id)s
"""


def question(row: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `messages.create`."""
    asked = json.dumps([{"id": name, "name": name} for name in row["fields"]])
    return document_and(row["document"], f"Extract these fields, with quotes: {asked}")


def written(row: dict[str, Any], message: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is to be committed after the call, one after the other."""
    yield _FINISH, {"id": row["id"], "result": text_of(message)}
