-- As in 0039, with a condition that `purged_at IS NOT NULL` does not imply: while statistics tell of no deletion
-- yet, the planner took those indexes for what asks whether one job was purged, and read every purged one. Each statement is
-- a transaction of its own.
CREATE INDEX CONCURRENTLY jobs_emptied ON jobs (purged_at) WHERE purged_at > '2000-01-01 00:00:00+00';
CREATE INDEX CONCURRENTLY documents_emptied ON documents (purged_at) WHERE purged_at > '2000-01-01 00:00:00+00';
DROP INDEX CONCURRENTLY IF EXISTS jobs_purged;
DROP INDEX CONCURRENTLY IF EXISTS documents_purged;
