"""Jobs that stand in line behind nobody are called forward."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0048_lines_called_forward.sql")
