-- name: claim_rate
-- One claim for all calls that wait in an environment (docs/rates.md).
SELECT claim_rate(%(model)s, %(told)s::jsonb) AS answer

-- name: place_job
-- As retry_job (jobs.sql), into its tenant's line for the model's rate.
WITH place AS MATERIALIZED (
  SELECT id, take_place(%(model)s, tenant_id) AS wait_s FROM jobs
  WHERE id = %(job_id)s AND attempt = %(attempt)s AND status = 'running'
), waiting AS (
  UPDATE jobs SET status = 'pending', lease_expires_at = NULL, placed_at = now(), rings = 1,
    last_failure = jsonb_build_object('code', %(code)s::text, 'message', %(message)s::text),
    available_at = now() + make_interval(secs => place.wait_s),
    rung_at = now() + make_interval(secs => least(place.wait_s, 900)), updated_at = now()
  FROM place WHERE jobs.id = place.id AND attempt = %(attempt)s AND status = 'running'
  RETURNING jobs.*, place.wait_s
), event AS (
  INSERT INTO job_events (job_id, type, status, attempt, detail)
  SELECT id, 'retry', status, attempt,
    jsonb_build_object('code', %(code)s::text, 'delay_ms', (wait_s * 1000)::int)
  FROM waiting
)
SELECT wait_s AS delay_s FROM waiting
UNION ALL
SELECT greatest(0, extract(epoch FROM available_at - now()))::float8 FROM jobs
WHERE id = %(job_id)s AND attempt = %(attempt)s AND status = 'pending' AND NOT EXISTS (SELECT FROM waiting)

-- name: call_forward
-- In the database (0048_lines_called_forward.sql).
SELECT job_id, tenant_id FROM call_forward(%(standard)s, %(economy)s, %(limit)s)

-- name: forget_lines
-- Tenants that have not used a model for an hour have their own share back in any case.
WITH old AS MATERIALIZED (
  SELECT model, tenant_id FROM rate_lines
  WHERE at < now() - interval '1 hour' AND ends_at < now() - interval '1 minute'
  ORDER BY model, tenant_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
DELETE FROM rate_lines l USING old WHERE l.model = old.model AND l.tenant_id = old.tenant_id
RETURNING l.tenant_id
