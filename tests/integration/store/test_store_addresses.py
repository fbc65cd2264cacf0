"""Addresses in trouble: failing, paused, disabled; and what the tenant's events say of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psycopg
import pytest
from claimcheck.store.deliveries import stop_disabled
from claimcheck.store.webhooks import enable_address, list_addresses, list_events

from tests.integration.store.deliveries_owed import DUE_AGAIN, owed, planned
from tests.integration.store.jobs_in_states import OTHER_TENANT, TENANT, WEBHOOK
from tests.integration.store.outcomes_told import attempt_of, delivered, failed, told
from tests.integration.store.traces import rows, value

if TYPE_CHECKING:
    from claimcheck.store.connection import Database
    from claimcheck.store.deliveries import PlannedDelivery

    from tests.integration.store.traces import Row, Sql

FIVE_DAYS_AGO = "UPDATE webhook_addresses SET failing_since = now() - interval '5 days 1 second'"
TROUBLED = "SELECT count(*) FROM webhook_addresses WHERE failing_since IS NOT NULL OR failed_at IS NOT NULL"


def gone(database: Database, delivery: PlannedDelivery) -> str | None:
    attempt = attempt_of(delivery, status_code=410)
    return told(database, attempt, status="exhausted", charged=True, gone=True)


def statuses(sql: Sql) -> list[str]:
    return [row["status"] for row in rows(sql, "SELECT status FROM deliveries ORDER BY id")]


def events(sql: Sql) -> list[Row]:
    return rows(sql, "SELECT tenant_id, type, detail FROM tenant_events ORDER BY id")


def test_gone_disables_the_address(database: Database, sql_connection: Sql) -> None:
    """What waits for the address ends with it, another address of the receiver goes on, the events say so."""
    for url in (WEBHOOK, WEBHOOK, WEBHOOK + "/other"):
        owed(database, webhook_url=url)
    first, *_ = planned(database, limit=1)
    assert gone(database, first) == "disabled"
    assert stop_disabled(database, limit=10) == 1
    assert statuses(sql_connection) == ["disabled", "disabled", "pending"]
    (event,) = events(sql_connection)
    assert (event["tenant_id"], event["type"]) == (TENANT, "webhook_address.disabled")
    assert {name: event["detail"][name] for name in ("url", "reason", "delivery_id")} == {
        "url": WEBHOOK,
        "reason": "gone",
        "delivery_id": first.delivery_id,
    }


def test_a_disabled_address_gets_nothing_new(database: Database, sql_connection: Sql) -> None:
    """What is owed to it later ends `disabled` without an attempt."""
    owed(database)
    gone(database, planned(database)[0])
    owed(database)
    assert planned(database) == []
    assert [stop_disabled(database, limit=1) for _ in range(2)] == [1, 0]
    assert statuses(sql_connection) == ["disabled", "disabled"]
    assert value(sql_connection, "SELECT count(*) FROM delivery_attempts") == 1


def test_an_address_is_disabled_for_its_tenant(database: Database, sql_connection: Sql) -> None:
    """Another tenant's webhooks to the same address go on."""
    owed(database)
    gone(database, planned(database)[0])
    sql_connection.execute("INSERT INTO tenants (id) VALUES (%s)", [OTHER_TENANT])
    owed(database, tenant_id=OTHER_TENANT)
    assert [each.tenant_id for each in planned(database)] == [OTHER_TENANT]


@pytest.mark.parametrize(("days", "disabled"), [("4 days 23:59", False), ("5 days 00:01", True)])
def test_five_days_of_failures_disable_an_address(
    database: Database, sql_connection: Sql, days: str, disabled: bool
) -> None:
    """A failure disables it when the first one since the last success is five days ago."""
    owed(database)
    failed(database, attempt_of(planned(database)[0]))
    sql_connection.execute("UPDATE webhook_addresses SET failing_since = now() - %s::interval", [days])
    sql_connection.execute(DUE_AGAIN)
    failed(database, attempt_of(planned(database)[0]))
    assert statuses(sql_connection) == ["disabled" if disabled else "pending"]
    assert [event["detail"]["reason"] for event in events(sql_connection)] == ["failing"] * disabled


def test_a_success_begins_the_five_days_anew(database: Database, sql_connection: Sql) -> None:
    """One that arrived, by any delivery to the address, forgets the failures before it."""
    owed(database)
    owed(database)
    first, second = planned(database)
    failed(database, attempt_of(first))
    sql_connection.execute(FIVE_DAYS_AGO)
    delivered(database, attempt_of(second, status_code=204))
    assert value(sql_connection, TROUBLED) == 0
    sql_connection.execute(DUE_AGAIN)
    failed(database, attempt_of(planned(database)[0]))
    assert statuses(sql_connection) == ["pending", "delivered"]
    assert events(sql_connection) == []


def test_a_failure_after_a_long_silence_is_a_first_one(database: Database, sql_connection: Sql) -> None:
    """What failed last week, and nothing was sent since, is no five days of failures."""
    owed(database)
    failed(database, attempt_of(planned(database)[0]))
    sql_connection.execute(
        "UPDATE webhook_addresses SET failing_since = now() - interval '9 days',"
        " failed_at = now() - interval '8 days'"
    )
    sql_connection.execute(DUE_AGAIN)
    failed(database, attempt_of(planned(database)[0]))
    assert statuses(sql_connection) == ["pending"]
    assert value(sql_connection, "SELECT failing_since > now() - interval '5 minutes' FROM webhook_addresses")


def test_a_late_failure_says_nothing_of_the_address(database: Database, sql_connection: Sql) -> None:
    """The failure of an attempt that was replaced, told after a success, begins no five days."""
    owed(database)
    (first,) = planned(database)
    sql_connection.execute(DUE_AGAIN)
    (second,) = planned(database)
    delivered(database, attempt_of(second, status_code=200))
    told(database, attempt_of(first), charged=True, delay_s=60.0)
    assert value(sql_connection, TROUBLED) == 0


def test_a_pause_outlasts_other_failures(database: Database) -> None:
    """What was on its way before the receiver asked for a pause, and fails after, does not end the pause."""
    for _ in range(3):
        owed(database)
    first, second = planned(database, limit=2)
    told(database, attempt_of(first, status_code=503), charged=True, delay_s=3600.0, pause_s=3600.0)
    told(database, attempt_of(second), charged=True, delay_s=5.0)
    assert planned(database) == []


def test_a_stale_message_is_no_failure(database: Database, sql_connection: Sql) -> None:
    """What was never sent says nothing about the address or the receiver."""
    owed(database)
    told(database, attempt_of(planned(database)[0], status_code=None), stale=True, standing=None)
    assert value(sql_connection, TROUBLED) == 0
    assert value(sql_connection, "SELECT standing FROM webhook_addresses") == "new"


def test_a_pause_holds_for_the_address(database: Database, sql_connection: Sql) -> None:
    """While the receiver wants none, what is due to the address waits; other addresses do not."""
    for url in (WEBHOOK, WEBHOOK, WEBHOOK + "/other"):
        owed(database, webhook_url=url)
    (first,) = planned(database, limit=1)
    told(database, attempt_of(first, status_code=429), charged=True, delay_s=120.0, pause_s=120.0)
    assert [each.url for each in planned(database)] == [WEBHOOK + "/other"]
    sql_connection.execute("UPDATE webhook_addresses SET paused_until = now()")
    assert [each.url for each in planned(database)] == [WEBHOOK]


def test_the_list_shows_what_is_wrong(database: Database) -> None:
    """Disabled ones first, each with its reason and since when; of this tenant only."""
    for url in (WEBHOOK, "https://b.example/x"):
        owed(database, webhook_url=url)
    by_url = {each.url: each for each in planned(database)}
    failed(database, attempt_of(by_url[WEBHOOK]))
    gone(database, by_url["https://b.example/x"])
    shown = {each["url"]: each for each in json.loads(list_addresses(database, TENANT))["addresses"]}
    assert {url: (each["status"], each["reason"]) for url, each in shown.items()} == {
        WEBHOOK: ("failing", None),
        "https://b.example/x": ("disabled", "gone"),
    }
    assert json.loads(list_addresses(database, OTHER_TENANT)) == {"addresses": []}


def test_an_address_can_be_enabled(database: Database, sql_connection: Sql) -> None:
    """It is like any other again, and the events say who asked; one that is not disabled is not touched."""
    owed(database)
    gone(database, planned(database)[0])
    assert not enable_address(database, OTHER_TENANT, WEBHOOK)
    assert enable_address(database, TENANT, WEBHOOK)
    assert not enable_address(database, TENANT, WEBHOOK)
    owed(database)
    assert len(planned(database)) == 1
    assert [(each["type"], each["detail"]["reason"]) for each in events(sql_connection)] == [
        ("webhook_address.disabled", "gone"),
        ("webhook_address.enabled", "request"),
    ]


def test_events_are_read_newest_first_by_pages(database: Database) -> None:
    """A page goes on before the event it is told; another tenant's are not in it."""
    for _ in range(3):
        owed(database)
        gone(database, planned(database)[0])
        enable_address(database, TENANT, WEBHOOK)
    everything = list_events(database, TENANT, before=None, limit=10)
    types = [json.loads(each.body)["type"].rpartition(".")[2] for each in everything]
    assert types == ["enabled", "disabled"] * 3
    assert list_events(database, TENANT, before=everything[3].event_id, limit=10) == everything[4:]
    assert list_events(database, OTHER_TENANT, before=None, limit=10) == []


@pytest.mark.parametrize(
    "change", ["UPDATE tenant_events SET type = 'x'", "DELETE FROM tenant_events", "TRUNCATE tenant_events"]
)
def test_events_cannot_be_altered(database: Database, sql_connection: Sql, change: str) -> None:
    """A tenant's events are append-only."""
    owed(database)
    gone(database, planned(database)[0])
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        sql_connection.execute(change)
