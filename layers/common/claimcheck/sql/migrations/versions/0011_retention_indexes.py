"""Indexes that deletion and retention find their rows by, made while everybody goes on writing."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"

_INDEXES = {
    "jobs_retention": "jobs (tenant_id, completed_at) WHERE purged_at IS NULL AND completed_at IS NOT NULL",
    "documents_uploaded": "documents (tenant_id, created_at)"
    " WHERE purged_at IS NULL AND upload_until IS NOT NULL",
    "idempotency_keys_job": "idempotency_keys (job_id)",
    "deliveries_of_address": "deliveries (address_id)",
}
_CONSTRAINTS = {
    "tenants_retention_days_check": "tenants",
    "documents_purged_is_empty": "documents",
    "jobs_document_or_purged": "jobs",
    "jobs_purged_is_empty": "jobs",
}


def upgrade() -> None:
    """Each statement is a transaction of its own: a second run makes again what the first left half done."""
    with op.get_context().autocommit_block():
        for name, columns in _INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {columns}")
        for name, table in _CONSTRAINTS.items():
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
