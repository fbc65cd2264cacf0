-- Indexes of webhook deliveries, made while everybody goes on writing. Each statement is a transaction of its own.
CREATE INDEX CONCURRENTLY deliveries_waiting ON deliveries (address_id, next_attempt_at)
  WHERE status = 'pending' AND returns_to IS NULL;
CREATE INDEX CONCURRENTLY deliveries_single ON deliveries (address_id, next_attempt_at)
  WHERE status = 'pending' AND returns_to IS NOT NULL;
CREATE INDEX CONCURRENTLY deliveries_in_flight ON deliveries (address_id) WHERE in_flight_until IS NOT NULL;
CREATE INDEX CONCURRENTLY deliveries_samples ON deliveries (tenant_id, created_at) WHERE job_id IS NULL;

-- By time alone: a plan for one address would read all others' on its way to it. The version before this one does
-- without it for as long as it still runs.
DROP INDEX CONCURRENTLY IF EXISTS deliveries_due;

ALTER TABLE deliveries VALIDATE CONSTRAINT deliveries_status_check;
ALTER TABLE deliveries VALIDATE CONSTRAINT deliveries_returns_to_check;
ALTER TABLE deliveries VALIDATE CONSTRAINT deliveries_sample_check;
ALTER TABLE deliveries VALIDATE CONSTRAINT deliveries_address_fkey;
