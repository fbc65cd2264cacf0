-- name: find_told
-- What is known of a question of an economy job: a paid answer, that it waits for a batch, or how its batch failed it.
SELECT c.id::text AS call_id, c.answer, c.outcome, c.finished_at IS NULL AS waits
FROM model_calls c LEFT JOIN batch_requests r ON r.call_id = c.id
WHERE c.job_id = %(job_id)s AND c.question_sha256 = %(question_sha256)s AND NOT c.rejected
  AND CASE WHEN c.finished_at IS NULL THEN r.call_id IS NOT NULL ELSE c.answer IS NOT NULL OR c.batch IS NOT NULL END
ORDER BY c.answer IS NULL, c.finished_at IS NOT NULL, c.started_at DESC LIMIT 1

-- name: park_call
-- In the database (0042_economy.sql), as all that follows. No row where the fence is lost.
SELECT paid_id::text, answer, outcome, over_cap, over_day, resets_s, waits
FROM park_call(%(job_id)s::uuid, %(attempt)s::integer, %(call_id)s::uuid, %(model)s::text, %(question_sha256)s::bytea,
  %(worst_usd)s::numeric, %(usd_per_day)s::numeric, %(size)s::integer, %(body)s::bytea, %(body_key)s::text)

-- name: park_job
SELECT due_s FROM park_job(%(job_id)s::uuid, %(attempt)s::integer, %(code)s::text, %(message)s::text, %(hold_s)s::float8)

-- name: intend_batch
SELECT model FROM intend_batch(%(batch_id)s::uuid, %(wait_s)s::float8, %(enough)s::integer, %(most)s::integer,
  %(most_bytes)s::bigint, %(lease_s)s::float8)

-- name: load_batch
SELECT call_id::text, body, body_key FROM load_batch(%(batch_id)s::uuid)

-- name: batch_sent
SELECT batch_sent(%(batch_id)s::uuid, %(api_id)s::text, %(expires_at)s::timestamptz, %(look_s)s::float8) AS wanted

-- name: release_batch
SELECT release_batch(%(batch_id)s::uuid, %(outcome)s::text, %(at_most)s::integer) AS released

-- name: take_batch
-- A batch that is to be looked at, for so many seconds in which nobody else looks.
WITH due AS MATERIALIZED (
  SELECT id FROM batches WHERE closed_at IS NULL AND due_at <= now() ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE batches b SET due_at = now() + make_interval(secs => %(lease_s)s), looks = looks + 1 FROM due WHERE b.id = due.id
RETURNING b.id::text AS batch_id, b.model, b.requests, b.api_id, b.created_at, b.expires_at, b.foreign_ids,
  extract(epoch FROM now() - b.created_at)::float8 AS age_s

-- name: look_later
UPDATE batches SET due_at = now() + make_interval(secs => %(look_s)s), foreign_ids = %(foreign_ids)s
WHERE id = %(batch_id)s AND closed_at IS NULL
RETURNING id::text AS batch_id

-- name: known_names
SELECT api_id FROM batches WHERE api_id = ANY (%(api_ids)s)

-- name: settle_batch
SELECT job_id, tenant_id FROM settle_batch(%(batch_id)s::uuid, %(told)s::jsonb, %(lease_s)s::float8)

-- name: close_batch
SELECT job_id, tenant_id FROM close_batch(%(batch_id)s::uuid, %(outcome)s::text, %(code)s::text)

-- name: batch_gauges
SELECT
  coalesce((SELECT extract(epoch FROM now() - min(parked_at)) FROM batch_requests WHERE batch IS NULL), 0)::float8
    AS oldest_parked_s,
  (SELECT count(*) FROM batches WHERE closed_at IS NULL) AS batches_open,
  coalesce((SELECT extract(epoch FROM now() - min(created_at)) FROM batches WHERE closed_at IS NULL), 0)::float8
    AS oldest_batch_s

-- name: forget_batches
-- Longer than the API keeps results.
WITH old AS MATERIALIZED (
  SELECT id FROM batches b WHERE closed_at < now() - interval '35 days'
    AND NOT EXISTS (SELECT FROM batch_requests r WHERE r.batch = b.id)
  ORDER BY closed_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
DELETE FROM batches b USING old WHERE b.id = old.id
RETURNING b.id::text AS batch_id

-- name: open_calls
SELECT call_id::text FROM batch_requests WHERE batch = %(batch_id)s ORDER BY job_id, call_id LIMIT %(limit)s
