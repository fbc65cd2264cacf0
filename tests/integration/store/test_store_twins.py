"""Jobs over the same bytes, handed in at the same moment."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

from tests.integration.store.at_once import at_once
from tests.integration.store.jobs_in_states import accepted
from tests.integration.store.traces import rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql


def test_twins_of_new_bytes_are_all_accepted(another: Callable[[], Database], sql_connection: Sql) -> None:
    """Eight jobs at once over bytes that nobody has yet: each is accepted, and the bytes are stored once."""
    databases = [another() for _ in range(8)]
    for number in range(25):
        content = f"Document {number} of many.".encode()
        given = {"content": content, "size_bytes": len(content), "sha256": hashlib.sha256(content).digest()}
        ids = at_once(*[partial(accepted, database, **given) for database in databases])
        assert len(set(ids)) == 8
    assert len(rows(sql_connection, "SELECT key FROM objects")) == 25
