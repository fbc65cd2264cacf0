-- What keeps statements as quick with ten million jobs as with ten thousand (bench/growth.py). Indexes are made and taken
-- away while everybody goes on writing. Each statement is a transaction of its own.

-- Lists: by state and task, in the order in which they are shown, without what is not shown any more.
CREATE INDEX CONCURRENTLY jobs_listed ON jobs (tenant_id, status, task, id DESC) WHERE purged_at IS NULL;

-- A heartbeat changes the end of a lease and nothing else: as long as no index holds that, it writes one row in its place,
-- and no index. Those that run are few; the sweep looks at all of them.
CREATE INDEX CONCURRENTLY jobs_running ON jobs (id) WHERE status = 'running';
DROP INDEX CONCURRENTLY IF EXISTS jobs_leases;

-- Nobody asks by it: a document of given bytes is found by its object (documents_of_object).
DROP INDEX CONCURRENTLY IF EXISTS documents_tenant;

-- Room for that in the page. Tables of this size are vacuumed and analysed after a hundredth of their rows, not a fifth:
-- what died is what the indexes of jobs that wait are full of.
ALTER TABLE jobs SET (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000,
  autovacuum_analyze_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.05);
ALTER TABLE job_events SET (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
ALTER TABLE model_calls SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
ALTER TABLE documents SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02,
  autovacuum_vacuum_insert_scale_factor = 0.05);
ALTER TABLE objects SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE deliveries SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
