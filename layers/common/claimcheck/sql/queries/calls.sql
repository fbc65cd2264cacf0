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
-- In the database (0032_worker_writes.sql). No row where it was told before.
SELECT settle_call AS job_id FROM settle_call(%(call_id)s, %(outcome)s, %(model)s, %(unknown)s, %(request_id)s,
  %(input_tokens)s, %(cache_read_tokens)s, %(cache_write_tokens)s, %(output_tokens)s, %(cost_usd)s::numeric,
  %(answer)s, %(health)s, %(threshold)s)

-- name: reject_answer
-- Read, and of no use: the same question may be paid for again.
UPDATE model_calls SET rejected = true WHERE id = %(call_id)s RETURNING id::text AS call_id
