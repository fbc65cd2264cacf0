"""The rate of a model: claimed by environments, for all calls that wait in one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from claimcheck.rates import Amounts
from claimcheck.store.sql import queries
from claimcheck.store.sweeping import Doorbell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from claimcheck.rates import Learnt, Told
    from claimcheck.store.connection import Database

Asked = tuple[str, "Sequence[tuple[float, float, bool]]"]
"""A tenant, and its calls: input and output tokens, and whether a call is the first one of its job."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """`limited`: something is known of the model's limits; else everything is granted.

    `waits` has for each call of each tenant the seconds after which it may go, None where it may not.
    Promises can be made again in `again_s` seconds. `ahead` may be used without asking; None: without bound.
    """

    limited: bool
    waits: Sequence[Sequence[float | None]]
    ahead: Amounts
    again_s: float
    input_ratio: float
    output_ratio: float


def claim_rate(
    database: Database,
    model: str,
    asks: Sequence[Asked],
    *,
    ceilings: Amounts | None,
    back: Amounts,
    learnt: Learnt,
    told: Told | None,
    age_s: float,
) -> Claimed:
    """Claim room for calls, and tell what is known by now; nothing is asked for where `asks` is empty.

    `ceilings`: limits that the operator set. `back`: what was claimed and not used, less what was used and
    not claimed. `told`, `age_s` seconds ago, is the API's word.
    """
    params: dict[str, Any] = {"back": back, "learnt": _learnt(learnt)}
    if asks:
        params["asks"] = asks
    if ceilings is not None:
        params["ceilings"] = ceilings
    if told is not None:
        seen = {"limits": told.limits, "left": told.left, "grain": told.grain}
        params["seen"] = {**seen, "blocked_s": told.blocked_s, "age_s": age_s}
    row = database.one(queries("rates")["claim_rate"], {"model": model, "told": json.dumps(params)})
    if row is None:
        raise RuntimeError("claim_rate gave no row")
    answer = row["answer"]
    return Claimed(**{**answer, "ahead": Amounts(*answer["ahead"])})


def place_job(
    database: Database, job_id: str, attempt: int, *, model: str, code: str, message: str
) -> float | None:
    """Send a running job back to `pending`, into its tenant's line for `model`; None where the fence is lost.

    Gives the seconds until it is due. Nothing is charged.
    """
    params = {"job_id": job_id, "attempt": attempt, "model": model, "code": code, "message": message}
    row = database.one(queries("rates")["place_job"], params)
    return None if row is None else float(row["delay_s"])


def call_forward(database: Database, *, standard: str, economy: str, limit: int) -> Sequence[Doorbell]:
    """Have jobs be due that stand in line although there is room, `limit` of each line at most.

    `standard`, `economy`: the models of jobs of these priorities.
    """
    params = {"standard": standard, "economy": economy, "limit": limit}
    return [Doorbell(**row) for row in database.all(queries("rates")["call_forward"], params)]


def forget_lines(database: Database, *, limit: int) -> int:
    """Delete lines of tenants that have not used their model for an hour; how many."""
    return len(database.all(queries("rates")["forget_lines"], {"limit": limit}))


def _learnt(learnt: Learnt) -> Mapping[str, float]:
    return {name: getattr(learnt, name) for name in type(learnt).__slots__}
