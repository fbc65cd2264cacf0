"""Beginnings of prompts that several calls show: which one writes the model's cache, which can read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from claimcheck.store.sql import queries

if TYPE_CHECKING:
    from claimcheck.store.connection import Database

Role = Literal["alone", "lead", "warm", "wait"]
"""What a call is: nobody shares its beginning; it writes it; it can read it; it is written at this moment."""

WARM_S = 240.0
"""So long after its last use a beginning is read: the API keeps it for five minutes, and calls may wait."""

WRITING_S = 60.0
"""So long others wait at most for a call that writes; then one of them writes it itself."""


def join_prefix(
    database: Database, job_id: str, attempt: int, *, prefix: bytes, call: str, more: bool
) -> Role:
    """Take part in a beginning (`prefix`: its digest, 32 bytes). `call`: a UUID, the same when asked again.

    `more`: the job itself has other calls that show it. Jobs of other tenants never share.
    """
    row = database.one(
        queries("prefixes")["join_prefix"],
        {
            "job_id": job_id,
            "attempt": attempt,
            "prefix": prefix,
            "call": call,
            "more": more,
            "writing_s": WRITING_S,
            "warm_s": WARM_S,
        },
    )
    return "alone" if row is None else cast("Role", row["role"])


def settle_prefix(database: Database, job_id: str, *, prefix: bytes, call: str, warm: bool) -> None:
    """The answer to the call that writes it begins (`warm`), or will not come: then the next one writes."""
    params = {"job_id": job_id, "prefix": prefix, "call": call, "warm_s": WARM_S if warm else None}
    database.one(queries("prefixes")["settle_prefix"], params)
