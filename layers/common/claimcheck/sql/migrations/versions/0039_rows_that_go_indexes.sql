-- Indexes by which emptied rows are found, the oldest first, made while everybody goes on writing. Each statement is a
-- transaction of its own.
CREATE INDEX CONCURRENTLY jobs_purged ON jobs (purged_at) WHERE purged_at IS NOT NULL;
CREATE INDEX CONCURRENTLY documents_purged ON documents (purged_at) WHERE purged_at IS NOT NULL;

ALTER TABLE job_events VALIDATE CONSTRAINT job_events_job_id_fkey;
