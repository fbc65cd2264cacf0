"""Plans that do not depend on how many jobs were in flight when a table was analysed."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0040_no_statistics_of_states.sql")
