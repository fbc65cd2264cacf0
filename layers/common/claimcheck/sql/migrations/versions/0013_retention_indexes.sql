-- Indexes that deletion and retention find their rows by, made while everybody goes on writing. Each statement is a
-- transaction of its own.
CREATE INDEX CONCURRENTLY jobs_retention ON jobs (tenant_id, completed_at)
  WHERE purged_at IS NULL AND completed_at IS NOT NULL;
CREATE INDEX CONCURRENTLY documents_uploaded ON documents (tenant_id, created_at)
  WHERE purged_at IS NULL AND upload_until IS NOT NULL;
CREATE INDEX CONCURRENTLY idempotency_keys_job ON idempotency_keys (job_id);
CREATE INDEX CONCURRENTLY deliveries_of_address ON deliveries (address_id);

ALTER TABLE tenants VALIDATE CONSTRAINT tenants_retention_days_check;
ALTER TABLE documents VALIDATE CONSTRAINT documents_purged_is_empty;
ALTER TABLE jobs VALIDATE CONSTRAINT jobs_document_or_purged;
ALTER TABLE jobs VALIDATE CONSTRAINT jobs_purged_is_empty;
