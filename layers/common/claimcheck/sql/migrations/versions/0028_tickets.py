"""Taking a job and showing one, as functions whose plans the backend keeps."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0028_tickets.sql")
