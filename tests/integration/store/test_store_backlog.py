"""A backlog at one address: what it costs everybody else to plan."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

import pytest
from claimcheck.webhooks.standing import Widths

from tests.integration.store.deliveries_owed import owed, planned
from tests.integration.store.outcomes_told import attempt_of, told
from tests.integration.store.traces import deliveries_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

HANGS, ANSWERS = "https://gateway.example/hangs", "https://gateway.example/answers"
_BACKLOG = """
INSERT INTO deliveries (tenant_id, job_id, event_type, url, body)
SELECT tenant_id, id, 'job.completed', 'https://gateway.example/hangs?n=' || n, '{}'
FROM (SELECT tenant_id, id FROM jobs LIMIT 1) job, generate_series(1, 20000) n
"""
_OTHERS = """
INSERT INTO webhook_addresses (tenant_id, address)
SELECT 'acme', 'https://r' || n || '.example/' FROM generate_series(1, 2000) n
"""
_MOST = 20  # times as long as without the backlog; where a plan reads through it, it is a thousand times


def seconds(plan: Callable[[], object]) -> float:
    """The median of five."""

    def once() -> float:
        began = time.perf_counter()
        plan()
        return time.perf_counter() - began

    return median(once() for _ in range(5))


@pytest.mark.parametrize("paused", [False, True])
def test_a_backlog_at_one_address_costs_others_nothing(
    database: Database, sql_connection: Sql, paused: bool
) -> None:
    """With 20,000 due to an address that is full or paused, plans for another one and for any are quick."""
    job_id = owed(database, webhook_url=ANSWERS)
    owed(database, webhook_url=HANGS)
    sql_connection.execute(_OTHERS)
    named = [str(deliveries_of(sql_connection, job_id)[0]["id"])]
    taken = planned(database, widths=Widths())
    plans: list[Callable[[], object]] = [
        lambda: planned(database, named, widths=Widths()),
        lambda: planned(database, widths=Widths()),
    ]
    before = [seconds(plan) for plan in plans]
    sql_connection.execute(_BACKLOG)
    sql_connection.execute("ANALYZE deliveries")
    if paused:
        (hangs,) = (each for each in taken if each.url == HANGS)
        told(database, attempt_of(hangs, status_code=429), charged=True, delay_s=60.0, pause_s=600.0)
    else:
        planned(database, widths=Widths())
    after = [seconds(plan) for plan in plans]
    assert all(late < _MOST * early for early, late in zip(before, after, strict=True)), (before, after)
