"""What came of webhook attempts: each outcome once, failures of the newest attempt only, any success."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from claimcheck.store.deliveries import Attempt, PlannedDelivery, delivery_state

from tests.integration.store.at_once import at_once
from tests.integration.store.deliveries_owed import DUE_AGAIN, WAITS_MINUTES, owed, planned
from tests.integration.store.jobs_in_states import NOBODY, WEBHOOK
from tests.integration.store.outcomes_told import attempt_of, delivered, exhausted, failed, told
from tests.integration.store.traces import Row, rows, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql


def twice_planned(database: Database, sql: Sql) -> tuple[PlannedDelivery, PlannedDelivery]:
    """A new delivery whose first attempt was given up, and the attempt that replaced it."""
    owed(database)
    (first,) = planned(database)
    sql.execute(DUE_AGAIN)
    (second,) = planned(database)
    return first, second


def the_delivery(sql: Sql) -> Row:
    (row,) = rows(sql, "SELECT * FROM deliveries")
    return row


def logged(sql: Sql) -> list[int]:
    """The attempts whose outcome is in the log."""
    found = rows(sql, "SELECT attempt FROM delivery_attempts WHERE NOT lost ORDER BY delivery_id, attempt")
    return [row["attempt"] for row in found]


def test_a_failed_attempt_is_planned_after_its_delay(database: Database, sql_connection: Sql) -> None:
    """The outcome is logged, charged, and the next attempt is due when the caller says."""
    owed(database)
    (delivery,) = planned(database)
    assert failed(database, attempt_of(delivery), delay_s=1800)
    row = the_delivery(sql_connection)
    assert (row["status"], row["failures"], row["completed_at"]) == ("pending", 1, None)
    assert value(sql_connection, WAITS_MINUTES) == 30
    state = delivery_state(database, delivery.delivery_id)
    assert state is not None
    assert (state.failures, state.replay) == (1, False)


@pytest.mark.parametrize(("status", "charged"), [("delivered", False), ("exhausted", True)])
def test_a_last_attempt_ends_the_delivery(
    database: Database, sql_connection: Sql, status: str, charged: bool
) -> None:
    """A delivery that arrived, or was given up, has its end and is never due again."""
    owed(database)
    (delivery,) = planned(database)
    assert told(database, attempt_of(delivery), status=status, charged=charged)
    row = the_delivery(sql_connection)
    assert (row["status"], row["failures"], row["completed_at"] is None) == (status, int(charged), False)
    sql_connection.execute(DUE_AGAIN)
    assert planned(database) == []


def test_an_outcome_is_logged_as_it_came(database: Database, sql_connection: Sql) -> None:
    """The log keeps time, address, status, duration, error and the answer's beginning."""
    owed(database)
    (delivery,) = planned(database)
    attempt = attempt_of(delivery, status_code=None, error="timeout")
    assert failed(database, attempt)
    (row,) = rows(sql_connection, "SELECT * FROM delivery_attempts")
    assert {name: row[name] for name in Attempt.__dataclass_fields__ if name != "delivery_id"} == {
        name: getattr(attempt, name) for name in Attempt.__dataclass_fields__ if name != "delivery_id"
    }
    assert (str(row["delivery_id"]), row["url"]) == (delivery.delivery_id, WEBHOOK)


def test_an_outcome_counts_once(database: Database, sql_connection: Sql) -> None:
    """A second copy of an outcome, whatever it says, writes nothing."""
    owed(database)
    (delivery,) = planned(database)
    attempt = attempt_of(delivery)
    assert failed(database, attempt)
    before = the_delivery(sql_connection)
    assert not failed(database, attempt)
    assert not delivered(database, attempt_of(delivery, status_code=200))
    assert (the_delivery(sql_connection), logged(sql_connection)) == (before, [1])


def test_an_outcome_twice_at_once_counts_once(sql_connection: Sql, another: Callable[[], Database]) -> None:
    """Two copies recorded at once, ten times, charge one failure each time."""
    one, other = another(), another()
    owed(one)
    for number in range(1, 11):
        sql_connection.execute(DUE_AGAIN)
        (delivery,) = planned(one)
        attempt = attempt_of(delivery)
        recorded = at_once(partial(failed, one, attempt), partial(failed, other, attempt))
        assert sorted(recorded) == [False, True]
        assert the_delivery(sql_connection)["failures"] == number


@pytest.mark.parametrize("late", [failed, exhausted])
def test_a_late_failure_is_logged_and_changes_no_plan(
    database: Database, sql_connection: Sql, late: Callable[[Database, Attempt], bool]
) -> None:
    """The failure of an attempt that was already replaced, a last one too, goes to the log alone."""
    first, _ = twice_planned(database, sql_connection)
    before = the_delivery(sql_connection)
    assert not late(database, attempt_of(first))
    assert (the_delivery(sql_connection), logged(sql_connection)) == (before, [1])


def test_a_late_success_ends_the_delivery(database: Database, sql_connection: Sql) -> None:
    """A webhook that arrived has arrived, also where another attempt is on its way already."""
    first, second = twice_planned(database, sql_connection)
    assert delivered(database, attempt_of(first, status_code=200))
    row = the_delivery(sql_connection)
    assert (row["status"], row["attempt"], row["failures"]) == ("delivered", 2, 0)
    assert row["completed_at"] is not None
    assert not failed(database, attempt_of(second))
    assert (the_delivery(sql_connection), logged(sql_connection)) == (row, [1, 2])


def test_a_late_success_counts_once(database: Database, sql_connection: Sql) -> None:
    """A second copy of a late success writes nothing, and the delivery is not due again."""
    first, _ = twice_planned(database, sql_connection)
    assert delivered(database, attempt_of(first, status_code=200))
    before = the_delivery(sql_connection)
    assert not delivered(database, attempt_of(first, status_code=200))
    assert (the_delivery(sql_connection), logged(sql_connection)) == (before, [1])
    sql_connection.execute(DUE_AGAIN)
    assert planned(database) == []


def test_two_successes_at_once_are_one_end(sql_connection: Sql, another: Callable[[], Database]) -> None:
    """Of an old and a new attempt's success recorded at once, one ends the delivery and both are logged."""
    one, other = another(), another()
    for number in range(1, 11):
        first, second = twice_planned(one, sql_connection)
        ends = at_once(
            partial(delivered, one, attempt_of(first, status_code=200)),
            partial(delivered, other, attempt_of(second, status_code=204)),
        )
        assert sorted(ends) == [False, True]
        assert len(logged(sql_connection)) == 2 * number


def test_a_success_told_late_ends_a_given_up_delivery_well(database: Database, sql_connection: Sql) -> None:
    """A webhook that arrived has arrived, also where the delivery was given up meanwhile."""
    first, second = twice_planned(database, sql_connection)
    assert exhausted(database, attempt_of(second, status_code=500))
    assert delivered(database, attempt_of(first, status_code=200))
    assert (the_delivery(sql_connection)["status"], logged(sql_connection)) == ("delivered", [1, 2])


def test_a_late_outcome_does_not_reopen_a_delivery(database: Database, sql_connection: Sql) -> None:
    """A delivery that arrived stays delivered when an older attempt reports a failure."""
    first, second = twice_planned(database, sql_connection)
    assert delivered(database, attempt_of(second, status_code=200))
    before = the_delivery(sql_connection)
    assert not failed(database, attempt_of(first))
    assert (the_delivery(sql_connection), logged(sql_connection)) == (before, [1, 2])


def test_an_attempt_that_was_never_planned_is_not_logged(database: Database, sql_connection: Sql) -> None:
    """An outcome ahead of the fence, or of an unknown delivery, writes nothing."""
    owed(database)
    (delivery,) = planned(database)
    before = the_delivery(sql_connection)
    assert not failed(database, attempt_of(delivery, attempt=2))
    assert not failed(database, attempt_of(delivery, delivery_id=NOBODY))
    assert (the_delivery(sql_connection), logged(sql_connection)) == (before, [])


def test_an_unknown_delivery_has_no_failures(database: Database) -> None:
    """For a delivery that does not exist the count is None, not zero."""
    assert delivery_state(database, NOBODY) is None
