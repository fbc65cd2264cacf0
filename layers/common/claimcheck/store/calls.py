"""Model calls: noted before they are made, settled after, and used again where they were paid for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from claimcheck.store.single import Single, Statement
from claimcheck.store.sql import queries

if TYPE_CHECKING:
    from claimcheck.store.connection import Database, Row

Health = Literal["ok", "down", "unclear"]
"""What a call says about its model: it answered, it is down, or neither."""

CIRCUIT_OPENS_AFTER = 5  # failures in a row


@dataclass(frozen=True, slots=True)
class CallUsage:
    """What one model call used. Tokens are counts, `cost_usd` is US dollars."""

    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Begun:
    """The call is on record and may be made.

    `again`: of an earlier call for the same question nobody knows whether it was paid for.
    """

    again: bool = False


@dataclass(frozen=True, slots=True)
class Paid:
    """The same question was answered and paid for before; this is the raw answer."""

    call_id: str
    answer: str
    outcome: str


@dataclass(frozen=True, slots=True)
class OverCap:
    """The call's worst case is more than the job's cap leaves."""


@dataclass(frozen=True, slots=True)
class OverDay:
    """The call's worst case is more than is left of its tenant's day.

    `when` it may fit: soon (others that are under way may leave room), today's end, or never, being more than
    a whole day's. `resets_s`: ask again after so many seconds.
    """

    when: Literal["soon", "today", "ever"]
    resets_s: float | None


@Single
def begin_call(
    call_id: str,
    job_id: str,
    attempt: int,
    *,
    model: str,
    question_sha256: bytes,
    worst_usd: float,
    usd_per_day: float | None = None,
) -> Statement[Begun | Paid | OverCap | OverDay | None]:
    """Note a model call before it is made; None where the fence is lost and no call may be made.

    `usd_per_day` holds for tenants that have no limit of their own (US dollars, a UTC day; None: no limit).

    Asked again with the same `call_id` (a UUID) after a lost connection, it notes the call once.
    """
    params = {
        "call_id": call_id,
        "job_id": job_id,
        "attempt": attempt,
        "model": model,
        "question_sha256": question_sha256,
        "worst_usd": worst_usd,
        "usd_per_day": usd_per_day,
    }
    return Statement(queries("calls")["begin_call"], params, job_id, _begun)


def _begun(rows: list[Row]) -> Begun | Paid | OverCap | OverDay | None:
    if not rows:
        return None
    row = rows[0]
    if row["paid_id"] is not None:
        return Paid(row["paid_id"], row["answer"], row["outcome"])
    if row["over_day"] is not None:
        return OverDay(row["over_day"], row["resets_s"])
    return OverCap() if row["over_cap"] else Begun(again=row["again"])


def find_paid(database: Database, job_id: str, *, question_sha256: bytes) -> Paid | None:
    """The raw answer to a question that was paid for and not rejected; None where there is none."""
    params = {"job_id": job_id, "question_sha256": question_sha256}
    row = database.one(queries("calls")["find_paid"], params)
    return None if row is None else Paid(row["paid_id"], row["answer"], row["outcome"])


@Single
def end_call(
    call_id: str,
    *,
    outcome: str,
    usage: CallUsage,
    health: Health,
    unknown: bool = False,
    model: str | None = None,
    request_id: str | None = None,
    answer: str | None = None,
    job_id: str = "",
) -> Statement[None]:
    """Settle a call, whoever holds the fence by now; a second time it changes nothing.

    `unknown`: nobody told us whether it was worked on and paid for. `model` is the one that answered.
    """
    params = {
        "call_id": call_id,
        "outcome": outcome,
        "unknown": unknown,
        "health": health,
        "threshold": CIRCUIT_OPENS_AFTER,
        "model": model,
        "request_id": request_id,
        "answer": answer,
        "input_tokens": usage.input_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "output_tokens": usage.output_tokens,
        "cost_usd": usage.cost_usd,
    }
    return Statement(queries("calls")["end_call"], params, job_id or call_id, lambda _: None)


def reject_answer(database: Database, call_id: str) -> None:
    """Say that a paid answer is of no use, so that its question may be paid for again."""
    database.all(queries("calls")["reject_answer"], {"call_id": call_id})
