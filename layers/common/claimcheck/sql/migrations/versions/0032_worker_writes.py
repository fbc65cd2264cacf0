"""What a worker writes once for every job, as functions whose plans the backend keeps."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0032_worker_writes.sql")
