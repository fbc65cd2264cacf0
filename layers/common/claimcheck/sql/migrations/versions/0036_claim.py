"""What a worker asks before it works, as functions whose plans the backend keeps."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0036_claim.sql")
