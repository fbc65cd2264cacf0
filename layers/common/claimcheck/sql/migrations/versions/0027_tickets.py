"""Taking a job and showing one, as functions whose plans the backend keeps."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0027_tickets.sql")
