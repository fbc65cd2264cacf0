"""What a document's reading found: pages to look at, and what hides in the text."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0004_findings.sql")
