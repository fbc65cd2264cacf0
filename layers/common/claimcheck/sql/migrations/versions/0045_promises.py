"""A promise for later holds its room in every bucket until its call has gone."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0045_promises.sql")
