"""A failure in a batch that was given up is none of a question that is in another one."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0044_results_of_strays.sql")
