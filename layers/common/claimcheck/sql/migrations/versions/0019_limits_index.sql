-- The index that jobs in flight are counted by, made while everybody goes on writing.
CREATE INDEX CONCURRENTLY jobs_in_flight ON jobs (tenant_id) WHERE status IN ('pending', 'running');

ALTER TABLE tenants VALIDATE CONSTRAINT tenants_limits_check;
