"""Indexes of webhook deliveries, made while everybody goes on writing."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"

_INDEXES = {
    "deliveries_waiting": "(address_id, next_attempt_at) WHERE status = 'pending' AND returns_to IS NULL",
    "deliveries_single": "(address_id, next_attempt_at) WHERE status = 'pending' AND returns_to IS NOT NULL",
    "deliveries_in_flight": "(address_id) WHERE in_flight_until IS NOT NULL",
    "deliveries_samples": "(tenant_id, created_at) WHERE job_id IS NULL",
}
_CONSTRAINTS = (
    "deliveries_status_check",
    "deliveries_returns_to_check",
    "deliveries_sample_check",
    "deliveries_address_fkey",
)


def upgrade() -> None:
    """Each statement is a transaction of its own: a second run makes again what the first left half done."""
    with op.get_context().autocommit_block():
        for name, columns in _INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON deliveries {columns}")
        # By time alone: a plan for one address would read all others' on its way to it. The version before
        # this one does without it for as long as it still runs.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS deliveries_due")
        for name in _CONSTRAINTS:
            op.execute(f"ALTER TABLE deliveries VALIDATE CONSTRAINT {name}")
