"""Single attempts outside of the schedule: replays and samples."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from claimcheck.store.deliveries import delivery_state, get_delivery, insert_sample, replay_delivery
from claimcheck.webhooks.standing import Widths

from tests.integration.store.deliveries_owed import DUE_AGAIN, WAITS_MINUTES, owed, planned
from tests.integration.store.jobs_in_states import NOBODY, OTHER_TENANT, TENANT, WEBHOOK
from tests.integration.store.outcomes_told import attempt_of, delivered, exhausted, failed, told
from tests.integration.store.traces import rows, value

if TYPE_CHECKING:
    from claimcheck.store.connection import Database
    from claimcheck.store.deliveries import PlannedDelivery

    from tests.integration.store.traces import Row, Sql

TROUBLED = "SELECT count(*) FROM webhook_addresses WHERE failing_since IS NOT NULL OR disabled_at IS NOT NULL"
HEAD = '{"type":"webhook.test","data":{},'


def ended(database: Database, how: str) -> tuple[str, PlannedDelivery]:
    """A job and its delivery, of which one attempt ended it (or did not, `pending`: due in ten minutes)."""
    job_id = owed(database)
    (delivery,) = planned(database)
    {"delivered": delivered, "exhausted": exhausted, "pending": failed}[how](database, attempt_of(delivery))
    return job_id, delivery


def the_delivery(sql: Sql) -> Row:
    (row,) = rows(sql, "SELECT * FROM deliveries")
    return row


def replayed(database: Database, job_id: str, delivery: PlannedDelivery) -> PlannedDelivery:
    assert replay_delivery(database, TENANT, job_id, delivery.delivery_id)
    (again,) = planned(database, [delivery.delivery_id])
    return again


@pytest.mark.parametrize("how", ["delivered", "exhausted", "pending"])
def test_a_replay_is_the_same_event_at_once(database: Database, how: str) -> None:
    """Whatever came of it, a delivery is sent once more: same id, address and words, a further attempt."""
    job_id, delivery = ended(database, how)
    again = replayed(database, job_id, delivery)
    assert (again.delivery_id, again.url, again.body) == (delivery.delivery_id, delivery.url, delivery.body)
    assert again.attempt > delivery.attempt
    state = delivery_state(database, delivery.delivery_id)
    assert state is not None
    assert state.replay


@pytest.mark.parametrize("how", ["delivered", "exhausted", "pending"])
def test_a_replay_that_fails_changes_nothing(database: Database, sql_connection: Sql, how: str) -> None:
    """The delivery is again what it was, due when it was; nothing is charged; the log has the attempt."""
    job_id, delivery = ended(database, how)
    before = the_delivery(sql_connection)
    again = replayed(database, job_id, delivery)
    assert told(database, attempt_of(again), status="returned") == how
    after = the_delivery(sql_connection)
    kept = ("status", "failures", "completed_at", "returns_to", "resumes_at", "in_flight_until")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    if how == "pending":
        assert after["next_attempt_at"] == before["next_attempt_at"]
    logged = rows(sql_connection, "SELECT attempt, replay FROM delivery_attempts ORDER BY attempt")
    assert logged == [{"attempt": 1, "replay": False}, {"attempt": again.attempt, "replay": True}]


@pytest.mark.parametrize("how", ["delivered", "exhausted", "pending"])
def test_a_replay_that_arrives_ends_it_well(database: Database, sql_connection: Sql, how: str) -> None:
    """A success counts, whoever asked for the attempt."""
    job_id, delivery = ended(database, how)
    again = replayed(database, job_id, delivery)
    assert told(database, attempt_of(again, status_code=200), status="delivered") == "delivered"
    assert the_delivery(sql_connection)["status"] == "delivered"


def test_a_replay_goes_to_a_disabled_address_and_enables_it(database: Database, sql_connection: Sql) -> None:
    """What is disabled for the schedule is not for who asks; where it arrives, the address is in order."""
    job_id = owed(database)
    (delivery,) = planned(database)
    told(database, attempt_of(delivery, status_code=410), status="exhausted", charged=True, gone=True)
    again = replayed(database, job_id, delivery)
    told(database, attempt_of(again, status_code=200), status="delivered")
    assert value(sql_connection, TROUBLED) == 0
    types = [row["type"] for row in rows(sql_connection, "SELECT type FROM tenant_events ORDER BY id")]
    assert types == ["webhook_address.disabled", "webhook_address.enabled"]


def test_a_replay_while_an_attempt_is_on_its_way_is_that_attempt(
    database: Database, sql_connection: Sql
) -> None:
    """Nothing is sent beside it, and it stays an attempt of the schedule."""
    job_id = owed(database)
    (delivery,) = planned(database)
    before = the_delivery(sql_connection)
    assert replay_delivery(database, TENANT, job_id, delivery.delivery_id) is False
    assert the_delivery(sql_connection) == before


def test_a_replay_asked_for_twice_is_one(database: Database) -> None:
    """The second finds the first."""
    job_id, delivery = ended(database, "delivered")
    assert replay_delivery(database, TENANT, job_id, delivery.delivery_id) is True
    assert replay_delivery(database, TENANT, job_id, delivery.delivery_id) is False
    assert len(planned(database)) == 1


def test_a_stale_replay_is_still_a_replay(database: Database) -> None:
    """A message that waited too long was not sent: the replay is planned again."""
    job_id, delivery = ended(database, "exhausted")
    again = replayed(database, job_id, delivery)
    told(database, attempt_of(again, status_code=None), stale=True, standing=None)
    (once_more,) = planned(database)
    assert told(database, attempt_of(once_more), status="returned") == "exhausted"


def test_an_old_outcome_does_not_end_a_replay(database: Database, sql_connection: Sql) -> None:
    """What comes late of the attempt before goes to the log; the replay is sent all the same."""
    job_id = owed(database)
    (overdue,) = planned(database)
    sql_connection.execute("UPDATE deliveries SET in_flight_until = now()")
    assert replay_delivery(database, TENANT, job_id, overdue.delivery_id)
    assert told(database, attempt_of(overdue), status="returned") is None
    assert [each.delivery_id for each in planned(database)] == [overdue.delivery_id]


def test_a_replay_whose_outcome_is_lost_is_over(database: Database, sql_connection: Sql) -> None:
    """It is one attempt: the delivery is again what it was."""
    job_id, delivery = ended(database, "delivered")
    replayed(database, job_id, delivery)
    sql_connection.execute(DUE_AGAIN)
    assert planned(database) == []
    assert the_delivery(sql_connection)["status"] == "delivered"


def test_a_replay_does_not_wait_in_line(database: Database) -> None:
    """Where an address has no room left, a replay to it has a place of its own."""
    job_id, delivery = ended(database, "delivered")
    for _ in range(3):
        owed(database)
    one = Widths(prompt=1, new=1, slow=1)
    assert len(planned(database, widths=one)) == 1
    assert replay_delivery(database, TENANT, job_id, delivery.delivery_id)
    (again,) = planned(database, [delivery.delivery_id], widths=one)
    assert again.delivery_id == delivery.delivery_id


def test_nobody_replays_what_is_not_its_own(database: Database) -> None:
    """Another tenant's, another job's and an unknown delivery are none."""
    job_id, delivery = ended(database, "delivered")
    assert replay_delivery(database, OTHER_TENANT, job_id, delivery.delivery_id) is None
    assert replay_delivery(database, TENANT, NOBODY, delivery.delivery_id) is None
    assert replay_delivery(database, TENANT, job_id, NOBODY) is None


def test_a_sample_is_one_attempt(database: Database, sql_connection: Sql) -> None:
    """It belongs to no job; if it fails it is over, and neither address nor schedule know of it."""
    sample = insert_sample(database, TENANT, WEBHOOK, HEAD, most=3)
    (delivery,) = planned(database)
    assert delivery.delivery_id == sample
    assert json.loads(delivery.body)["type"] == "webhook.test"
    assert json.loads(delivery.body)["timestamp"].endswith("Z")
    assert told(database, attempt_of(delivery), status="returned") == "exhausted"
    assert value(sql_connection, TROUBLED) == 0
    sql_connection.execute(DUE_AGAIN)
    assert planned(database) == []
    view = get_delivery(database, TENANT, delivery.delivery_id)
    assert view is not None
    (attempt,) = json.loads(view.body)["attempts"]
    assert (attempt["status_code"], attempt["replay"]) == (500, False)
    assert get_delivery(database, OTHER_TENANT, delivery.delivery_id) is None


def test_a_tenant_has_a_few_samples_in_a_minute(database: Database, sql_connection: Sql) -> None:
    """One more than allowed is refused; another tenant's do not count, nor do those of a minute ago."""
    for _ in range(3):
        assert insert_sample(database, TENANT, WEBHOOK, HEAD, most=3)
    assert insert_sample(database, TENANT, WEBHOOK, HEAD, most=3) is None
    sql_connection.execute("INSERT INTO tenants (id) VALUES (%s)", [OTHER_TENANT])
    assert insert_sample(database, OTHER_TENANT, WEBHOOK, HEAD, most=3)
    sql_connection.execute("UPDATE deliveries SET created_at = now() - interval '61 seconds'")
    assert insert_sample(database, TENANT, WEBHOOK, HEAD, most=3)


def test_a_failed_attempts_next_one_is_in_the_view(database: Database, sql_connection: Sql) -> None:
    """Who looks at a delivery sees when it is tried again."""
    _, delivery = ended(database, "pending")
    view = get_delivery(database, TENANT, delivery.delivery_id)
    assert view is not None
    assert (view.status, value(sql_connection, WAITS_MINUTES)) == ("pending", 10)
    assert json.loads(view.body)["next_attempt_at"] is not None
