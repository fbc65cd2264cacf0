"""Working off the table of deletions, with a bucket that refuses some of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from claimcheck.failures import UnavailableError
from claimcheck.usecases.erase import Erase

if TYPE_CHECKING:
    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

FOR_EVER = 1e9  # a clock that stands at 0 never comes there


class Bucket:
    """Deletes what it is told to, but for `refused`."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.removed: list[str] = []
        self.asked = 0

    def remove(self, prefix: str) -> int:
        self.asked += 1
        if prefix in self.refused:
            raise UnavailableError("S3 answered AccessDenied")
        self.removed.append(prefix)
        return 1


def due(sql: Sql, number: int) -> list[str]:
    """So many deletions, due one after the other."""
    keys = [f"documents/acme/{each:04}" for each in range(number)]
    insert = """
    INSERT INTO deletions (key, tenant_id, due_at)
    VALUES (%s, 'acme', now() - interval '1 hour' + %s * interval '1 s')
    """
    for place, key in enumerate(keys):
        sql.execute(insert, [key, place])
    return keys


def left(sql: Sql) -> list[str]:
    """The deletions that were not done: taken and not given back, or never taken."""
    asked = "SELECT key FROM deletions WHERE leased_until IS NOT NULL OR due_at < now() - interval '1 minute'"
    return sorted(str(row[0]) for row in sql.execute(asked).fetchall())


@pytest.mark.parametrize("bad", [[0], [0, 2, 4], [1, 2], [24]])
def test_what_cannot_be_deleted_keeps_nothing_back(
    database: Database, sql_connection: Sql, bad: list[int]
) -> None:
    """Of 25 deletions all but the refused ones are done, wherever those stand."""
    keys = due(sql_connection, 25)
    refused = [keys[each] for each in bad]
    bucket = Bucket(*refused)
    assert Erase(database, bucket, late_s=600, clock=lambda: 0)(until=FOR_EVER) == 25 - len(bad)
    assert (bucket.removed, left(sql_connection)) == ([key for key in keys if key not in refused], refused)


def test_a_bucket_that_is_away_is_not_asked_for_ever(database: Database, sql_connection: Sql) -> None:
    """After three refusals in a row the sweep goes on with its other work; all deletions stay."""
    keys = due(sql_connection, 25)
    bucket = Bucket(*keys)
    assert Erase(database, bucket, late_s=600, clock=lambda: 0)(until=FOR_EVER) == 0
    assert (bucket.asked, left(sql_connection)) == (3, keys)


def test_the_time_ends_it(database: Database, sql_connection: Sql) -> None:
    """What is not begun when the time is over stays for the next sweep."""
    keys = due(sql_connection, 5)
    bucket = Bucket()
    Erase(database, bucket, late_s=600, clock=lambda: float(bucket.asked))(until=2)
    assert (bucket.removed, left(sql_connection)) == (keys[:2], keys[2:])
