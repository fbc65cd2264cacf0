"""Bringing the schema to this version."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.settings import MigrateSettings
    from claimcheck.sql.migrations.deployment import Migrated


def migrate(database_url: str) -> str:
    """Apply what is missing; the schema's version. Raises psycopg.Error, ServerTooOldError."""
    from claimcheck.sql.migrations.runner import migrate as run
    from claimcheck.store.connection import connector

    return run(connector(database_url))


def deploy(chosen: MigrateSettings, *, time_left: Callable[[], float] = lambda: math.inf) -> Migrated:
    """As a deployment does it, as far as `time_left` (seconds) allows. Raises MigrationFailedError."""
    from claimcheck.sql.migrations.deployment import deploy as run
    from claimcheck.store.connection import connector

    return run(connector(chosen.database_url), time_left=time_left, patience_s=chosen.connect_patience_s)
