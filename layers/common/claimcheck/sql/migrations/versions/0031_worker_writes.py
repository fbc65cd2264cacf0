"""What a worker writes once for every job, as functions whose plans the backend keeps."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0031_worker_writes.sql")
