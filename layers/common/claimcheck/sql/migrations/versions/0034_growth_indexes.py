"""What keeps statements quick however many jobs there are: indexes, and when tables are vacuumed."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_each

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """Run the SQL file of the same name, each statement by itself."""
    apply_each("0034_growth_indexes.sql")
