"""Beginnings of prompts that calls of several jobs share."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0030_prefixes.sql")
