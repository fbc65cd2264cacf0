"""What is held of a tenant, line by line, and the end of a tenant."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0020_export.sql")
