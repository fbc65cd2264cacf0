-- name: due_jobs
-- Pending, due, and not rung for a while: their doorbell may have been lost.
UPDATE jobs SET rung_at = now()
WHERE id IN (
  SELECT id FROM jobs
  WHERE status = 'pending' AND available_at <= now() AND rung_at < now() - make_interval(secs => %(quiet_s)s)
  ORDER BY available_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING id::text AS job_id, tenant_id

-- name: expire_leases
-- A worker that lost its lease: back to pending, or failed where the attempts are used up.
WITH expired AS (
  SELECT id, failures + 1 >= %(max_attempts)s AS used_up FROM jobs
  WHERE status = 'running' AND lease_expires_at < now()
  ORDER BY lease_expires_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), moved AS (
  UPDATE jobs SET lease_expires_at = NULL, failures = failures + 1, updated_at = now(),
    available_at = now(), rung_at = now(),
    status = CASE WHEN used_up THEN 'failed' ELSE 'pending' END,
    completed_at = CASE WHEN used_up THEN now() END,
    error = CASE WHEN used_up THEN jsonb_build_object('code', 'worker_lost', 'message',
      'Every worker that took this job stopped before it was done.', 'retryable', true,
      'attempts', attempt) END
  FROM expired WHERE jobs.id = expired.id
  RETURNING jobs.*
), event AS (
  INSERT INTO job_events (job_id, type, status, attempt, detail)
  SELECT id, CASE status WHEN 'failed' THEN 'failed' ELSE 'lease_expired' END, status, attempt,
    CASE status WHEN 'failed' THEN jsonb_build_object('code', 'worker_lost') ELSE '{}' END
  FROM moved
), delivery AS (
  INSERT INTO deliveries (tenant_id, job_id, event_type, url)
  SELECT tenant_id, id, 'job.failed', webhook_url FROM moved
  WHERE status = 'failed' AND webhook_url IS NOT NULL
)
SELECT id::text AS job_id, tenant_id, status FROM moved

-- name: beat
INSERT INTO heartbeats (name, detail) VALUES (%(name)s, %(detail)s::jsonb)
ON CONFLICT (name) DO UPDATE SET at = now(), detail = excluded.detail
RETURNING iso(at) AS at
