"""What sweep deletes when its time has come."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0017_retention_sweep.sql")
