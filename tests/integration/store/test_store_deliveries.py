"""Webhook deliveries: each taken by one at a time, for one attempt."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest
from claimcheck.jobs.states import FINAL, Status

from tests.integration.store.at_once import at_once, uncommitted
from tests.integration.store.deliveries_owed import DUE_AGAIN, WAITS_MINUTES, owed, planned
from tests.integration.store.jobs_in_states import ERROR, NOBODY, RESULT, TENANT, WEBHOOK
from tests.integration.store.traces import deliveries_of, row_of, rows, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql


@pytest.mark.parametrize("status", sorted(FINAL))
def test_a_plan_carries_what_the_webhook_says(
    database: Database, sql_connection: Sql, status: Status
) -> None:
    """The customer is told the job's end, answer or error, and the metadata as given."""
    metadata = {"ref": "Bestellung № 7", "n": [1.5, None]}
    job_id = owed(database, status, metadata=metadata)
    (delivery,) = planned(database)
    ended = f"{row_of(sql_connection, job_id)['completed_at']:%Y-%m-%dT%H:%M:%S.%f}Z"
    assert (delivery.tenant_id, delivery.url, delivery.attempt) == (TENANT, WEBHOOK, 1)
    result = RESULT if status in {Status.COMPLETED, Status.PARTIAL} else None
    error = ERROR if status is Status.FAILED else None
    told = {"job_id": job_id, "task": "extract", "status": status, "metadata": metadata}
    data = {**told, "result": result, "error": error}
    assert json.loads(delivery.body) == {"type": f"job.{status}", "timestamp": ended, "data": data}


def test_a_planned_delivery_is_not_due_again(database: Database, sql_connection: Sql) -> None:
    """Until its outcome is known, or five minutes have passed, nobody else gets a delivery."""
    owed(database)
    assert len(planned(database)) == 1
    assert planned(database) == []
    assert value(sql_connection, WAITS_MINUTES) == 5


def test_a_lost_message_is_planned_again_as_another_attempt(database: Database, sql_connection: Sql) -> None:
    """Where no outcome came in time, the delivery is due with a higher attempt and the same content."""
    owed(database)
    (first,) = planned(database)
    sql_connection.execute(DUE_AGAIN)
    (second,) = planned(database)
    assert (first.attempt, second.attempt) == (1, 2)
    assert (second.delivery_id, second.body, second.url) == (first.delivery_id, first.body, first.url)


def test_only_the_named_deliveries_receivers_are_planned(database: Database, sql_connection: Sql) -> None:
    """What is due to the receivers of the named deliveries is taken; nothing for an unknown id or none."""
    jobs = [
        owed(database, webhook_url=url)
        for url in ("https://a.example/?1", "https://b.example/?1", "https://a.example/?2")
    ]
    ids = {job: str(deliveries_of(sql_connection, job)[0]["id"]) for job in jobs}
    assert planned(database, []) == []
    assert {each.delivery_id for each in planned(database, [ids[jobs[0]], NOBODY])} == {
        ids[jobs[0]],
        ids[jobs[2]],
    }
    assert {each.delivery_id for each in planned(database)} == {ids[jobs[1]]}


def test_a_plan_takes_at_most_its_limit(database: Database, sql_connection: Sql) -> None:
    """Those due for longest are taken first, `limit` of them."""
    for _ in range(4):
        owed(database)
    sql_connection.execute("UPDATE deliveries SET next_attempt_at = created_at - interval '1 hour'")
    ids = [str(row["id"]) for row in rows(sql_connection, "SELECT id FROM deliveries ORDER BY id")]
    assert {each.delivery_id for each in planned(database, limit=3)} == {*ids[:3]}
    assert {each.delivery_id for each in planned(database, limit=3)} == {ids[3]}


def test_two_who_plan_at_once_share_the_receivers(database_url: str, database: Database) -> None:
    """While one has not committed, another takes the other receivers': none twice, none left out."""
    for number in range(5):
        owed(database, webhook_url=f"https://r{number}.example/hook")
    with uncommitted(database_url) as other:
        theirs = {each.delivery_id for each in planned(other, limit=2)}
        ours = {each.delivery_id for each in planned(database)}
    assert (len(theirs), len(ours), theirs & ours) == (2, 3, set())


def test_of_eight_who_plan_a_delivery_one_gets_it(
    sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """Eight connections plan at once: one attempt is made."""
    planners = [another() for _ in range(8)]
    owed(planners[0])
    taken = at_once(*[partial(planned, each) for each in planners])
    assert [len(each) for each in taken].count(1) == 1
    assert value(sql_connection, "SELECT attempt FROM deliveries") == 1
