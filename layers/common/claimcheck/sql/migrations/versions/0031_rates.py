"""How fast a model may be called, and who waits for it."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0031_rates.sql")
