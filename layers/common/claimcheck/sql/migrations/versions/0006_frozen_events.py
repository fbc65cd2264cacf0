"""What a webhook says is written down when its job ends."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0006_frozen_events.sql")
