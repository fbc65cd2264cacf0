"""Functions of sweep that read no more than they delete."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0035_growth_functions.sql")
