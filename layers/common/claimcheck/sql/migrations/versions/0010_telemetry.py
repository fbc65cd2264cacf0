"""What was spent lately, by one look into an index; and the trace that a job belongs to.

The version before this one writes neither and reads neither. Safe to run again after it was cut off.
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """The column first, in a short transaction; the index while everybody goes on writing."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    # W3C's header; NULL where the job is not traced.
    op.execute("ALTER TABLE jobs ADD COLUMN IF NOT EXISTS traceparent text")
    columns = "(finished_at) INCLUDE (cost_usd)"
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS model_calls_ended")
        op.execute(f"CREATE INDEX CONCURRENTLY model_calls_ended ON model_calls {columns}")
