"""Questions of economy jobs wait for a batch of the model's API, and are answered in it."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0042_economy.sql")
