"""Each table shows a function's role the rows that are its business (docs/database.md)."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0016_row_security.sql")
