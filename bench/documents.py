"""Documents and answers of a known size, the same in every run."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bench.ground import TENANT

if TYPE_CHECKING:
    from claimcheck.store.connection import Database
    from claimcheck.store.jobs import NewJob

_WORDS = """
the supplier shall deliver services under this agreement within thirty days of notice and invoice each month
a fee of EUR to the customer who pays interest on late amounts unless disputed in good faith
"""


def text_of(chars: int, *, seed: int = 7) -> str:
    """Prose-like text of exactly `chars` ASCII characters."""
    chance, words = random.Random(seed), _WORDS.split()
    sentences: list[str] = []
    length = 0
    while length < chars:
        chosen = chance.choices(words, k=chance.randint(8, 24))
        sentences.append(" ".join(chosen).capitalize() + ".")
        length += len(sentences[-1]) + 1
    return " ".join(sentences)[:chars]


def summary_of(text: str, *, points: int = 6) -> dict[str, Any]:
    """A result of `summarise` as a worker stores it, about 2 kB of it."""
    starts = range(0, points * 400, 400)
    quotes = [
        {
            "quote": text[start : start + 120],
            "status": "exact",
            "start": start,
            "end": start + 120,
            "page": None,
        }
        for start in starts
    ]
    return {
        "overview": text[:400],
        "key_points": [
            {"text": text[start : start + 80], "evidence": [quote]}
            for start, quote in zip(starts, quotes, strict=True)
        ],
        "focus": None,
        "coverage": {"chars": len(text), "read": len(text), "pages": None, "gaps": []},
    }


FEE: dict[str, Any] = {"task": "extract", "params": {"fields": [{"name": "fee", "type": "string"}]}}
"""One question about a document, as fields of NewJob."""


class NotAcceptedError(Exception):
    """A job that was to be measured did not come to be."""


def accepted(database: Database, job: NewJob) -> str:
    """The id of a new job. Raises NotAcceptedError."""
    from claimcheck.store.jobs import Ticket, accept_job

    ticket = accept_job(database, job)
    if not isinstance(ticket, Ticket):
        raise NotAcceptedError
    return ticket.job_id


def new_job(text: str, **changes: Any) -> NewJob:
    """What submit stores for a summary of `text`; `changes` are fields of NewJob."""
    from claimcheck.store.jobs import NewJob

    content = text.encode()
    job = NewJob(
        tenant_id=TENANT,
        task="summarise",
        params={"focus": "fees"},
        priority="standard",
        metadata={},
        webhook_url=None,
        max_cost_usd=None,
        name="bench.txt",
        media_type="text/plain",
        size_bytes=len(content),
        sha256=hashlib.sha256(content).digest(),
        content=content,
    )
    return replace(job, **changes)
