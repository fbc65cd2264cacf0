"""How many deliveries may be on their way to one address: a limit by how it answered the last time."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest
from claimcheck.store.deliveries import get_delivery, not_signed
from claimcheck.webhooks.standing import Standing, Widths

from tests.integration.store.at_once import at_once
from tests.integration.store.deliveries_owed import DUE_AGAIN, WAITS_MINUTES, owed, planned
from tests.integration.store.jobs_in_states import TENANT
from tests.integration.store.outcomes_told import attempt_of, delivered, told
from tests.integration.store.traces import rows, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database
    from claimcheck.store.deliveries import PlannedDelivery

    from tests.integration.store.traces import Sql

WIDTHS = Widths(prompt=3, new=2, slow=1)
RECEIVER = "https://one.example/hook"


def owes(database: Database, count: int, url: str = RECEIVER) -> None:
    for number in range(count):
        owed(database, webhook_url=f"{url}?number={number}")


@pytest.mark.parametrize(("standing", "most"), [(None, 2), (Standing.PROMPT, 3), (Standing.SLOW, 1)])
def test_a_receiver_gets_as_many_at_once_as_its_standing_allows(
    database: Database, sql_connection: Sql, standing: Standing | None, most: int
) -> None:
    """A new one few, a prompt one more, one that held us up the fewest; the rest stays due."""
    owes(database, 6)
    if standing is not None:
        sql_connection.execute("UPDATE webhook_addresses SET standing = %s", [standing])
    taken = planned(database, widths=WIDTHS)
    assert len(taken) == most
    assert {each.is_slow for each in taken} == {standing is Standing.SLOW}
    assert planned(database, widths=WIDTHS) == []
    assert value(sql_connection, "SELECT count(*) FROM deliveries WHERE next_attempt_at <= now()") == 6 - most


def test_an_outcome_makes_room_for_the_next(database: Database) -> None:
    """As many as came back are taken again, the oldest first, for the receiver of the one that came back."""
    owes(database, 5)
    first, second = planned(database, widths=WIDTHS)
    told(database, attempt_of(first), status="delivered", standing=Standing.SLOW)
    assert planned(database, [first.delivery_id], widths=WIDTHS) == []  # slow now: the second is the one
    told(database, attempt_of(second), status="delivered", standing=Standing.PROMPT)
    assert len(planned(database, [first.delivery_id], widths=WIDTHS)) == 3


def test_a_receiver_does_not_use_up_anothers_room(database: Database) -> None:
    """Behind a hundred deliveries to one receiver, another's one is taken in the same plan."""
    owes(database, 100)
    other = owed(database, webhook_url="https://other.example/hook")
    taken = planned(database, widths=WIDTHS)
    assert len(taken) == 3
    assert any(other in each.body for each in taken)


def test_what_is_full_does_not_hide_what_is_not(database: Database) -> None:
    """A plan of any receivers passes over those at their limit, however many they are."""
    for number in range(5):
        owes(database, 3, f"https://a{number}.example")
    assert len(planned(database, widths=WIDTHS, limit=100)) == 10
    owes(database, 1, "https://z.example")
    assert len(planned(database, widths=WIDTHS, limit=1)) == 1


def test_who_waits_longest_comes_first(database: Database, sql_connection: Sql) -> None:
    """A plan of some receivers takes those whose oldest delivery has been due for longest."""
    for name in ("a", "b", "c"):
        owes(database, 2, f"https://{name}.example")
    sql_connection.execute(
        "UPDATE deliveries SET next_attempt_at = now() - interval '1 hour' WHERE url LIKE 'https://c%'"
    )
    assert [each.url for each in planned(database, widths=WIDTHS, limit=1)] == ["https://c.example?number=0"]


def test_one_path_of_a_host_does_not_hold_up_another(database: Database) -> None:
    """Behind a hundred deliveries to a path that hangs, another path of the same host has room of its own."""
    owes(database, 100, "https://gateway.example/dead")
    assert len(planned(database, widths=WIDTHS)) == 2
    owes(database, 1, "https://gateway.example/healthy")
    assert [each.url for each in planned(database, widths=WIDTHS)] == [
        "https://gateway.example/healthy?number=0"
    ]


def test_queries_are_one_address(database: Database, sql_connection: Sql) -> None:
    """The URL without query and fragment, the host in any case; a tenant's addresses are its own."""
    for url in (
        "https://A.example/1?a",
        "https://a.EXAMPLE/1?b#c",
        "https://a.example",
        "https://a.example?q",
    ):
        owed(database, webhook_url=url)
    sql_connection.execute("INSERT INTO tenants (id) VALUES ('globex')")
    owed(database, tenant_id="globex", webhook_url="https://a.example/1")
    found = rows(sql_connection, "SELECT tenant_id, address FROM webhook_addresses ORDER BY 1, 2")
    assert [tuple(each.values()) for each in found] == [
        ("acme", "https://a.example/"),
        ("acme", "https://a.example/1"),
        ("globex", "https://a.example/1"),
    ]


def test_many_who_plan_at_once_do_not_exceed_it_together(another: Callable[[], Database]) -> None:
    """Eight plan for one receiver at once, each for the delivery of its own job: the limit holds."""
    planners = [another() for _ in range(8)]
    owes(planners[0], 8)
    taken = at_once(*[partial(planned, each, widths=WIDTHS) for each in planners])
    assert sum(map(len, taken)) == 2


def test_sweeps_that_plan_at_once_do_not_exceed_it_together(another: Callable[[], Database]) -> None:
    """Eight plan for any address at once: the limit holds, and none waits for another."""
    planners = [another() for _ in range(8)]
    owes(planners[0], 8)
    taken = at_once(*[partial(planned, each, widths=WIDTHS) for each in planners])
    assert sum(map(len, taken)) == 2


def test_an_attempt_is_in_the_log_from_its_beginning(database: Database, sql_connection: Sql) -> None:
    """On its way, then without outcome: the log says which."""
    owes(database, 1)
    (first,) = planned(database, widths=WIDTHS)
    assert shown_errors(database, first) == ["on its way"]
    sql_connection.execute(DUE_AGAIN)
    (second,) = planned(database, widths=WIDTHS)
    assert (first.attempt, second.attempt) == (1, 2)
    assert shown_errors(database, first) == ["no outcome came back; it may have arrived", "on its way"]


def test_lost_outcomes_come_ever_more_seldom_and_end(database: Database, sql_connection: Sql) -> None:
    """Each that never came doubles the wait for the next attempt; after five days there is none."""
    owes(database, 1)
    waits = []
    for _ in range(4):
        planned(database)
        waits.append(value(sql_connection, WAITS_MINUTES))
        sql_connection.execute(DUE_AGAIN)
    assert waits == [5, 10, 20, 40]
    sql_connection.execute("UPDATE deliveries SET created_at = now() - interval '5 days 1 minute'")
    assert planned(database) == []
    assert value(sql_connection, "SELECT status FROM deliveries") == "exhausted"


def test_what_cannot_be_signed_gives_its_room_back(database: Database, sql_connection: Sql) -> None:
    """It is due again in five minutes, and its attempt says that it was not sent."""
    owes(database, 1)
    (taken,) = planned(database)
    not_signed(database, [(taken.delivery_id, taken.attempt)])
    (row,) = rows(sql_connection, "SELECT in_flight_until FROM deliveries")
    assert (row["in_flight_until"], value(sql_connection, WAITS_MINUTES)) == (None, 5)
    assert shown_errors(database, taken) == ["could not be signed; not sent"]


def shown_errors(database: Database, delivery: PlannedDelivery) -> list[str | None]:
    view = get_delivery(database, TENANT, delivery.delivery_id)
    assert view is not None
    return [each["error"] for each in json.loads(view.body)["attempts"]]


def test_an_outcome_that_comes_after_all_takes_its_place(database: Database, sql_connection: Sql) -> None:
    """What was thought lost is in the log as it was, once."""
    owes(database, 1)
    (first,) = planned(database)
    sql_connection.execute(DUE_AGAIN)
    planned(database)
    assert delivered(database, attempt_of(first, status_code=200, response_head="thanks"))
    row, _ = rows(
        sql_connection,
        "SELECT attempt, status_code, error, response_head, lost FROM delivery_attempts ORDER BY attempt",
    )
    assert row == {"attempt": 1, "status_code": 200, "error": None, "response_head": "thanks", "lost": False}


def test_the_longest_address_can_be_stored(database: Database, sql_connection: Sql) -> None:
    """A job whose webhook address has 2,048 characters of four bytes ends, and its failure is recorded."""
    owed(database, webhook_url="https://" + "\U0001f9fe" * 2040)
    (delivery,) = planned(database)
    assert told(database, attempt_of(delivery), charged=True, delay_s=60.0) == "pending"
    assert value(sql_connection, "SELECT count(*) FROM webhook_addresses") == 1
