"""Indexes by which a tenant's things are gone through in the order of their ids."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_each

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Run the SQL file of the same name, each statement by itself."""
    apply_each("0025_by_key_indexes.sql")
