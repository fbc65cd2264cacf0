"""What a tenant spends on a day, without a row that every call waits for."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0037_spend_slots.sql")
