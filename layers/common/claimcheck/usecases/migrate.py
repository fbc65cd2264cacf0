"""Bringing the schema to this version."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.sql.migrations.deployment import Migrated
    from claimcheck.sql.migrations.statements import Connect


def migrate(database_url: str) -> str:
    """Apply what is missing; the schema's version. Raises psycopg.Error, ServerTooOldError."""
    from claimcheck.sql.migrations.runner import migrate as run
    from claimcheck.store.connection import connector

    return run(connector(database_url))


class Migrate:
    """As a deployment does it. `master`: who makes the roles first, where that is another user."""

    def __init__(self, connect: Connect, *, master: Connect | None, patience_s: float) -> None:
        self._connect = connect
        self._master = master
        self._patience_s = patience_s

    def __call__(self, time_left: Callable[[], float]) -> Migrated:
        """As far as `time_left` (seconds) allows. Raises MigrationFailedError."""
        from claimcheck.sql.migrations.deployment import deploy

        return deploy(self._connect, master=self._master, time_left=time_left, patience_s=self._patience_s)
