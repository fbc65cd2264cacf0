-- name: begin_call
-- Before a model is paid, in the database (0036_claim.sql). No row where the fence is lost.
SELECT * FROM note_call(%(job_id)s::uuid, %(attempt)s, %(call_id)s::uuid, %(model)s, %(question_sha256)s,
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
