"""What still comes of a tenant that was deleted goes with the next sweep."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0029_after_the_end.sql")
