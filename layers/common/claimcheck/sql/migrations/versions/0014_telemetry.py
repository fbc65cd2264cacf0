"""What was spent lately, by an index; and the trace that a job belongs to."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_each

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Run the SQL file of the same name, each statement by itself."""
    apply_each("0014_telemetry.sql")
