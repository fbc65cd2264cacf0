-- name: begin_call
-- Before a model is paid (the function is in 0018_limits.sql). No row where the fence is lost. `again`: an
-- earlier call for this question may have been paid for, and nobody knows its answer.
SELECT paid_id::text, answer, outcome, over_cap, over_day, resets_s, EXISTS (
    SELECT FROM model_calls c WHERE c.job_id = %(job_id)s AND c.question_sha256 = %(question_sha256)s
      AND c.id <> %(call_id)s::uuid AND (c.finished_at IS NULL OR c.outcome_unknown)) AS again
FROM begin_model_call_within(
  %(job_id)s::uuid, %(attempt)s::integer, %(call_id)s::uuid, %(model)s::text, %(question_sha256)s::bytea,
  %(worst_usd)s::numeric, %(usd_per_day)s::numeric)

-- name: find_paid
-- What was paid for and may be used again, without beginning a call.
SELECT id::text AS paid_id, answer, outcome FROM model_calls
WHERE job_id = %(job_id)s AND question_sha256 = %(question_sha256)s
  AND finished_at IS NOT NULL AND answer IS NOT NULL AND NOT rejected
ORDER BY started_at DESC LIMIT 1

-- name: end_call
-- What was paid counts, whoever holds the fence by now and whatever the job became; once, however often it is
-- told. The job is locked first, as by all who write to both.
WITH held AS MATERIALIZED (
  SELECT id FROM jobs WHERE id = (SELECT job_id FROM model_calls WHERE id = %(call_id)s) FOR NO KEY UPDATE
), call AS (
  UPDATE model_calls SET finished_at = now(), outcome = %(outcome)s, request_id = %(request_id)s,
    outcome_unknown = %(unknown)s, input_tokens = %(input_tokens)s,
    cache_read_tokens = %(cache_read_tokens)s, cache_write_tokens = %(cache_write_tokens)s,
    output_tokens = %(output_tokens)s, cost_usd = %(cost_usd)s, answer = %(answer)s
  WHERE id = %(call_id)s AND finished_at IS NULL AND job_id = (SELECT id FROM held)
  RETURNING *
), health AS MATERIALIZED (
  SELECT note_health(model, job_id, %(health)s, %(threshold)s) FROM call
)
UPDATE jobs SET model = coalesce(%(model)s, call.model), calls = calls + 1,
  input_tokens = jobs.input_tokens + call.input_tokens,
  cache_read_tokens = jobs.cache_read_tokens + call.cache_read_tokens,
  cache_write_tokens = jobs.cache_write_tokens + call.cache_write_tokens,
  output_tokens = jobs.output_tokens + call.output_tokens,
  cost_usd = jobs.cost_usd + call.cost_usd, updated_at = now()
FROM call, (SELECT count(*) FROM health) AS noted WHERE jobs.id = call.job_id
RETURNING jobs.id::text AS job_id

-- name: reject_answer
-- Read, and of no use: the same question may be paid for again.
UPDATE model_calls SET rejected = true WHERE id = %(call_id)s RETURNING id::text AS call_id
