"""What a document shows and nobody reads: pictures, attachments, embedded objects."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0007_unread.sql")
