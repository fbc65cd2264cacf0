"""Questions that wait for a batch of the model's API, and the batches that they are sent in."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from claimcheck.store.calls import OverCap, OverDay, Paid
from claimcheck.store.sql import queries
from claimcheck.store.sweeping import Doorbell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from claimcheck.store.connection import Database

Outcome = Literal["settled", "never_sent", "refused", "lost", "nothing_left"]
"""What became of a batch: read to its end, not there at the API, not taken by it, gone, or left empty."""


@dataclass(frozen=True, slots=True)
class Waits:
    """The question waits for a batch."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The batch gave no answer; `code` is a row of the failure table."""

    call_id: str
    code: str


@dataclass(frozen=True, slots=True)
class Parking:
    """A question on its way into a batch: what it is, what it may cost, and what the API is asked.

    The request's JSON is in `body`, or in the bucket under `body_key`; `size` is its length in bytes.
    """

    call_id: str
    model: str
    question_sha256: bytes
    worst_usd: float
    size: int
    body: bytes | None
    body_key: str | None


def find_told(database: Database, job_id: str, *, question_sha256: bytes) -> Paid | Waits | Failed | None:
    """What is known of a question by now; None where it has to be parked."""
    params = {"job_id": job_id, "question_sha256": question_sha256}
    row = database.one(queries("batches")["find_told"], params)
    if row is None:
        return None
    if row["waits"]:
        return Waits()
    if row["answer"] is not None:
        return Paid(row["call_id"], row["answer"], row["outcome"])
    return Failed(row["call_id"], row["outcome"])


def park_call(
    database: Database, job_id: str, attempt: int, parking: Parking, *, usd_per_day: float | None = None
) -> Waits | Paid | OverCap | OverDay | None:
    """Have a question wait for a batch, with its worst case reserved; None where the fence is lost.

    `usd_per_day` holds for tenants that have no limit of their own (US dollars, a UTC day; None: no limit).
    Asked again with the same call id after a lost connection, it parks the question once.
    """
    params = {**asdict(parking), "job_id": job_id, "attempt": attempt, "usd_per_day": usd_per_day}
    row = database.one(queries("batches")["park_call"], params)
    if row is None:
        return None
    if row["waits"]:
        return Waits()
    if row["paid_id"] is not None:
        return Paid(row["paid_id"], row["answer"], row["outcome"])
    return OverCap() if row["over_cap"] else OverDay(row["over_day"], row["resets_s"])


def park_job(
    database: Database, job_id: str, attempt: int, *, code: str, message: str, hold_s: float
) -> float | None:
    """Send a running job back to `pending` until its questions are answered; None where the fence is lost.

    Gives the seconds until it is due: `hold_s`, before which the last result wakes it; 0 where that is there.
    """
    params = {"job_id": job_id, "attempt": attempt, "code": code, "message": message, "hold_s": hold_s}
    row = database.one(queries("batches")["park_job"], params)
    return None if row is None else float(row["due_s"])


def intend_batch(
    database: Database,
    batch_id: str,
    *,
    wait_s: float,
    enough: int,
    most: int,
    most_bytes: int,
    lease_s: float,
) -> str | None:
    """Make a batch (a UUID) of parked questions of one model, whose name it gives; None where none is due.

    Those of a model are due when one has waited for `wait_s` seconds or there are `enough`. It has at most
    `most` of them and `most_bytes`, but one in any case. For `lease_s` seconds nobody else looks at it.
    """
    params = {"batch_id": batch_id, "wait_s": wait_s, "enough": enough, "most": most}
    params |= {"most_bytes": most_bytes, "lease_s": lease_s}
    row = database.one(queries("batches")["intend_batch"], params)
    return None if row is None else str(row["model"])


@dataclass(frozen=True, slots=True)
class Loaded:
    """A question of an intended batch, as `Parking` has it."""

    call_id: str
    body: bytes | None
    body_key: str | None


def load_batch(database: Database, batch_id: str) -> Sequence[Loaded]:
    """The questions of an intended batch; those of jobs that have ended meanwhile are taken back."""
    rows = database.all(queries("batches")["load_batch"], {"batch_id": batch_id})
    return [Loaded(**row) for row in rows]


def batch_sent(
    database: Database, batch_id: str, api_id: str, *, expires_at: datetime, look_s: float
) -> bool:
    """The API has taken a batch under the name `api_id`: it is looked at in `look_s` seconds.

    False where it had been given up, and its questions are asked in another one: then it is to be stopped.
    """
    params = {"batch_id": batch_id, "api_id": api_id, "expires_at": expires_at, "look_s": look_s}
    row = database.one(queries("batches")["batch_sent"], params)
    return bool(row and row["wanted"])


def release_batch(database: Database, batch_id: str, outcome: Outcome, *, at_most: int | None = None) -> int:
    """Park the questions of a batch again that the API has not, `at_most` of them together; how many."""
    params = {"batch_id": batch_id, "outcome": outcome, "at_most": at_most}
    row = database.one(queries("batches")["release_batch"], params)
    return 0 if row is None else int(row["released"])


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that is looked at. `api_id` is None where nobody knows whether the API has it.

    `age_s`: since it was intended. `foreign_ids`: the API's batches that were looked into, and are others'.
    """

    batch_id: str
    model: str
    requests: int
    api_id: str | None
    created_at: datetime
    expires_at: datetime | None
    foreign_ids: list[str]
    age_s: float


def take_batch(database: Database, *, lease_s: float) -> Batch | None:
    """A batch that is due to be looked at, for `lease_s` seconds; None where none is."""
    row = database.one(queries("batches")["take_batch"], {"lease_s": lease_s})
    return None if row is None else Batch(**row)


def look_later(database: Database, batch: Batch, *, look_s: float, foreign_ids: Sequence[str] = ()) -> None:
    """Look at a batch again in `look_s` seconds; `foreign_ids` are remembered besides those it knows."""
    known = [*batch.foreign_ids, *foreign_ids]
    params = {"batch_id": batch.batch_id, "look_s": look_s, "foreign_ids": known}
    database.all(queries("batches")["look_later"], params)


def known_names(database: Database, api_ids: Sequence[str]) -> frozenset[str]:
    """Those of the API's batches that are known to be ours."""
    rows = database.all(queries("batches")["known_names"], {"api_ids": list(api_ids)})
    return frozenset(row["api_id"] for row in rows)


@dataclass(frozen=True, slots=True)
class Told:
    """A result: `outcome` is why the answer stopped, or the failure's code. Costs are US dollars.

    `unknown`: nobody told us whether it was paid for.
    """

    call_id: str
    outcome: str
    model: str | None = None
    request_id: str | None = None
    unknown: bool = False
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    answer: str | None = None


def settle_batch(
    database: Database, batch_id: str, told: Sequence[Told], *, lease_s: float
) -> Sequence[Doorbell]:
    """Note results of a batch, each once however often it is told; the jobs to be rung for.

    Nobody else looks at the batch for another `lease_s` seconds.
    """
    params = {"batch_id": batch_id, "told": json.dumps([asdict(each) for each in told]), "lease_s": lease_s}
    return [Doorbell(**row) for row in database.all(queries("batches")["settle_batch"], params)]


def close_batch(database: Database, batch_id: str, outcome: Outcome) -> Sequence[Doorbell]:
    """Nothing more will come of a batch: of what is open nobody knows the end. The jobs to be rung for."""
    params = {"batch_id": batch_id, "outcome": outcome, "code": "batch_lost"}
    return [Doorbell(**row) for row in database.all(queries("batches")["close_batch"], params)]


def open_calls(database: Database, batch_id: str, *, limit: int) -> Sequence[str]:
    """The calls of a batch that have no result yet, `limit` of them at most."""
    rows = database.all(queries("batches")["open_calls"], {"batch_id": batch_id, "limit": limit})
    return [row["call_id"] for row in rows]


@dataclass(frozen=True, slots=True)
class BatchGauges:
    """How things stand: since when (seconds) the oldest question is parked, and the oldest batch is open."""

    oldest_parked_s: float
    batches_open: int
    oldest_batch_s: float


def read_batch_gauges(database: Database) -> BatchGauges:
    """Look at the parked questions and the open batches."""
    row = database.one(queries("batches")["batch_gauges"], {})
    if row is None:
        raise RuntimeError("batch_gauges gave no row")
    return BatchGauges(**row)


def forget_batches(database: Database, *, limit: int) -> int:
    """Delete batches that were over long ago; how many."""
    return len(database.all(queries("batches")["forget_batches"], {"limit": limit}))
