"""What has to leave the bucket: written down, taken, carried out twice, taken back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import pytest
from claimcheck.store.documents import object_key
from claimcheck.store.faults import ConstraintError
from claimcheck.store.purging import (
    deletions_done,
    discard_object,
    purge_job,
)
from claimcheck.store.uploads import (
    want_object,
)

from tests.integration.store.at_once import at_once, uncommitted, until, waiting
from tests.integration.store.bytes_apart import KEY, SHA256, due, ended_one, keys, query
from tests.integration.store.jobs_in_states import (
    TENANT,
)
from tests.integration.store.traces import value

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql


def test_a_deletion_is_due_twice(database: Database, sql_connection: Sql) -> None:
    """At once, and when everything that was on its way has arrived; then its row goes."""
    purge_job(database, TENANT, ended_one(database))
    for rounds in (1, 2):
        taken = due(database)
        assert KEY in keys(taken)
        assert due(database) == []
        deletions_done(database, taken, late_s=900)
        assert due(database) == []
        assert value(sql_connection, "SELECT count(*) FROM deletions") == (len(taken) if rounds == 1 else 0)
        sql_connection.execute(
            "UPDATE deletions SET requested_at = requested_at - interval '15 minutes',"
            " due_at = due_at - interval '15 minutes'"
        )


def test_a_deletion_that_nobody_finished_is_taken_again(database: Database) -> None:
    """Whoever had it was killed; its lease runs out."""
    purge_job(database, TENANT, ended_one(database))
    assert KEY in keys(due(database, lease_s=-1))
    assert KEY in keys(due(database))
    assert due(database) == []


def test_bytes_that_are_wanted_again_are_not_deleted(database: Database, sql_connection: Sql) -> None:
    """Whoever wants them takes the deletion back."""
    purge_job(database, TENANT, ended_one(database))
    assert not want_object(database, TENANT, SHA256)
    assert KEY not in keys(due(database))


def test_bytes_that_are_being_deleted_are_not_wanted(database: Database, sql_connection: Sql) -> None:
    """What is put there now would be deleted: whoever wants them is told so, until the lease has run out."""
    purge_job(database, TENANT, ended_one(database))
    due(database)
    with pytest.raises(ConstraintError, match="objects_leaving"):
        want_object(database, TENANT, SHA256)
    sql_connection.execute("UPDATE deletions SET leased_until = now()")
    assert not want_object(database, TENANT, SHA256)


def test_want_and_deletion_at_the_same_moment(sql_connection: Sql, another: Callable[[], Database]) -> None:
    """Thirty times at once, one of them: the deletion is carried out, or the bytes are wanted."""
    sweep, client = another(), another()
    for _ in range(30):
        purge_job(sweep, TENANT, ended_one(sweep))
        taken, wanted = at_once(partial(due, sweep), partial(_wanted, client))
        assert (KEY in keys(taken)) != wanted
        sql_connection.execute("DELETE FROM deletions")
        sql_connection.execute("DELETE FROM objects")


def _wanted(database: Database) -> bool:
    try:
        want_object(database, TENANT, SHA256)
    except ConstraintError as error:
        if error.constraint != "objects_leaving":
            raise
        return False
    return True


def test_bytes_that_nobody_announced_are_discarded(database: Database, database_url: str) -> None:
    """Unless somebody wants them, and be it at this moment: that is waited for."""
    discard_object(database, TENANT, KEY)
    assert keys(due(database)) == [KEY]
    with uncommitted(database_url) as other:
        other.all(query("DELETE FROM deletions RETURNING key"), {})
        want_object(other, TENANT, SHA256)


def test_bytes_of_a_tenant_that_is_none_are_left(database: Database) -> None:
    """Whatever lies under such a key is not of ours."""
    discard_object(database, "nobody", object_key("nobody", SHA256))
    assert due(database) == []


def test_bytes_that_are_wanted_at_this_moment_are_not_discarded(
    database_url: str, sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """The wish is not committed yet; who discards waits for it and finds it."""
    other = another()
    with ThreadPoolExecutor(1) as thread:
        with uncommitted(database_url) as wanting:
            want_object(wanting, TENANT, SHA256)
            discarding = thread.submit(discard_object, other, TENANT, KEY)
            until("the other waits", lambda: waiting(sql_connection) == 1)
        discarding.result(60)
    assert due(other) == []


def test_a_late_wish_is_not_lost(database: Database, sql_connection: Sql) -> None:
    """What is requested again while it is being deleted stays due."""
    purge_job(database, TENANT, ended_one(database))
    taken = due(database)
    discard_object(database, TENANT, KEY)
    deletions_done(database, taken, late_s=0)
    deletions_done(database, taken, late_s=0)
    assert KEY in keys(due(database))
