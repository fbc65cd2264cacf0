"""The authorizer may see which tenants have a usage key of their own."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0021_usage_keys.sql")
