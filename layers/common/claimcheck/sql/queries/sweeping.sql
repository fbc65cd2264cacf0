-- name: due_jobs
-- Pending, due, and quiet: their doorbell may have been lost. Each ring doubles the quiet that the next one
-- waits for, so that jobs that stand in a long queue are not rung for again and again.
WITH due AS MATERIALIZED (
  SELECT id FROM jobs
  WHERE status = 'pending' AND available_at <= now() AND document_until IS NULL
    AND rung_at < now() - make_interval(secs => %(quiet_s)s * 2 ^ least(rings - 1, 6))
  ORDER BY available_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE jobs SET rung_at = now(), rings = least(rings + 1, 100) FROM due WHERE jobs.id = due.id
RETURNING jobs.id::text AS job_id, tenant_id

-- name: expire_leases
-- A worker that lost its lease: back to pending, later each time, or failed where the attempts or the time are
-- used up. All that run are looked at (jobs_running), the oldest first: no index holds when a lease ends (0034).
WITH expired AS MATERIALIZED (
  SELECT id, failures + 1 >= %(max_attempts)s
    OR accepted_at < now() - make_interval(secs =>
      CASE priority WHEN 'economy' THEN %(economy_max_age_s)s ELSE %(max_age_s)s END) AS used_up
  FROM jobs
  WHERE status = 'running' AND lease_expires_at < now()
  ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), moved AS (
  UPDATE jobs SET lease_expires_at = NULL, failures = failures + 1, lost_leases = lost_leases + 1, waits = 0,
    updated_at = now(), rung_at = now(), rings = 1,
    available_at = now() + CASE WHEN lost_leases > 0
      THEN random() * least(300, 2 * 2 ^ lost_leases) * interval '1 second' ELSE interval '0' END,
    status = CASE WHEN used_up THEN 'failed' ELSE 'pending' END,
    completed_at = CASE WHEN used_up THEN now() END,
    last_failure = jsonb_build_object('code', 'worker_crashed', 'message', %(message)s::text),
    error = CASE WHEN used_up THEN jsonb_build_object('code', 'worker_crashed', 'message', %(message)s::text,
      'retryable', true, 'attempts', attempt) END
  FROM expired WHERE jobs.id = expired.id
  RETURNING jobs.*
), event AS (
  INSERT INTO job_events (job_id, type, status, attempt, detail)
  SELECT id, CASE status WHEN 'failed' THEN 'failed' ELSE 'lease_expired' END, status, attempt,
    CASE status WHEN 'failed' THEN jsonb_build_object('code', 'worker_crashed') ELSE '{}' END
  FROM moved
), delivery AS (
  INSERT INTO deliveries (tenant_id, job_id, event_type, url, body)
  SELECT tenant_id, id, 'job.failed', webhook_url,
    event_body(ROW(moved.*)::jobs, 'job.failed', completed_at)
  FROM moved WHERE status = 'failed' AND webhook_url IS NOT NULL ORDER BY tenant_id, webhook_url
)
SELECT id::text AS job_id, tenant_id, status,
  extract(epoch FROM greatest(available_at - now(), interval '0'))::float8 AS delay_s
FROM moved

-- name: cancel_overdue
-- The caller's deadline has passed. `job_ids`, where given, are those of one worker.
WITH overdue AS MATERIALIZED (
  SELECT id FROM jobs
  WHERE status IN ('pending', 'running') AND cancel_at <= now()
    AND (%(job_ids)s::uuid[] IS NULL OR id = ANY (%(job_ids)s))
  ORDER BY cancel_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), cancelled AS (
  UPDATE jobs SET status = 'cancelled', completed_at = now(), updated_at = now(), lease_expires_at = NULL
  FROM overdue WHERE jobs.id = overdue.id
  RETURNING jobs.*
), event AS (
  INSERT INTO job_events (job_id, type, status, attempt, detail)
  SELECT id, 'cancelled', status, attempt, jsonb_build_object('reason', 'deadline') FROM cancelled
), delivery AS (
  INSERT INTO deliveries (tenant_id, job_id, event_type, url, body)
  SELECT tenant_id, id, 'job.cancelled', webhook_url,
    event_body(ROW(cancelled.*)::jobs, 'job.cancelled', completed_at)
  FROM cancelled WHERE webhook_url IS NOT NULL ORDER BY tenant_id, webhook_url
)
SELECT id::text AS job_id FROM cancelled

-- name: fail_aged
-- Pending for too long: given up with the failure that sent it back the last time.
WITH aged AS MATERIALIZED (
  SELECT id FROM jobs
  WHERE status = 'pending' AND document_until IS NULL
    AND accepted_at < now() - make_interval(secs => %(max_age_s)s)
    AND (priority <> 'economy' OR accepted_at < now() - make_interval(secs => %(economy_max_age_s)s))
  ORDER BY accepted_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), failed AS (
  UPDATE jobs SET status = 'failed', completed_at = now(), updated_at = now(),
    error = coalesce(last_failure, jsonb_build_object('code', 'expired', 'message', %(message)s::text))
      || jsonb_build_object('retryable', true, 'attempts', attempt)
  FROM aged WHERE jobs.id = aged.id
  RETURNING jobs.*
), event AS (
  INSERT INTO job_events (job_id, type, status, attempt, detail)
  SELECT id, 'failed', status, attempt, jsonb_build_object('code', error ->> 'code', 'reason', 'age')
  FROM failed
), delivery AS (
  INSERT INTO deliveries (tenant_id, job_id, event_type, url, body)
  SELECT tenant_id, id, 'job.failed', webhook_url,
    event_body(ROW(failed.*)::jobs, 'job.failed', completed_at)
  FROM failed WHERE webhook_url IS NOT NULL ORDER BY tenant_id, webhook_url
)
SELECT id::text AS job_id FROM failed

-- name: bury_job
-- Its doorbell ended among the dead letters: each function that took it crashed. A job that somebody holds
-- alive is left to its lease; one that is not due, to what wakes it: no worker can have got further than to see that.
WITH buried AS (
  UPDATE jobs SET status = 'failed', completed_at = now(), updated_at = now(), lease_expires_at = NULL,
    error = jsonb_build_object('code', 'worker_crashed', 'message', %(message)s::text, 'retryable', true,
      'attempts', attempt)
  WHERE id = %(job_id)s
    AND (status = 'pending' AND available_at <= now() OR status = 'running' AND lease_expires_at < now())
  RETURNING *
), event AS (
  INSERT INTO job_events (job_id, type, status, attempt, detail)
  SELECT id, 'failed', status, attempt, jsonb_build_object('code', 'worker_crashed', 'reason', 'dead letter')
  FROM buried
), delivery AS (
  INSERT INTO deliveries (tenant_id, job_id, event_type, url, body)
  SELECT tenant_id, id, 'job.failed', webhook_url,
    event_body(ROW(buried.*)::jobs, 'job.failed', completed_at)
  FROM buried WHERE webhook_url IS NOT NULL
)
SELECT id::text AS job_id FROM buried

-- name: forget_keys
-- Idempotency keys past their time.
WITH old AS MATERIALIZED (
  SELECT tenant_id, route, key FROM idempotency_keys
  WHERE created_at < now() - make_interval(secs => %(keep_key_s)s)
  ORDER BY created_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
DELETE FROM idempotency_keys k USING old
WHERE k.tenant_id = old.tenant_id AND k.route = old.route AND k.key = old.key
RETURNING k.key

-- name: beat
INSERT INTO heartbeats (name, detail) VALUES (%(name)s, %(detail)s::jsonb)
ON CONFLICT (name) DO UPDATE SET at = now(), detail = excluded.detail
RETURNING iso(at) AS at
