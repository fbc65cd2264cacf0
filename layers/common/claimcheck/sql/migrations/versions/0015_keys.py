"""API keys: scopes, names, expiry, at most two live ones; what a usage plan counts by."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0015_keys.sql")
