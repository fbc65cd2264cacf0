-- name: accept_job
-- In the database (0028_tickets.sql, 0042_economy.sql), which says itself for whom it works.
SELECT * FROM accept_job(%(tenant_id)s, %(task)s, %(params)s, %(priority)s, %(metadata)s, %(webhook_url)s,
  %(webhook_thin)s, %(max_cost_usd)s::numeric, %(cancel_after_s)s::float8, %(traceparent)s,
  %(key)s, %(body_sha256)s, %(keep_key_s)s::float8,
  %(document_id)s, %(name)s, %(media_type)s, %(size_bytes)s, %(sha256)s, %(object_key)s, %(content)s,
  %(upload_wait_s)s::float8, %(jobs_in_flight)s, %(usd_per_day)s::numeric, %(document_bytes)s, %(economy_fallback)s)

-- name: claim_job
-- In the database (0042_economy.sql). The fence goes up with the claim; no row where there is nothing to do for the job.
SELECT * FROM claim_due_job(%(job_id)s, %(lease_s)s::float8, %(standard)s, %(economy)s, %(probe_s)s::float8, %(batches)s)

-- name: extend_leases
-- One heartbeat for all jobs of an environment; what does not come back was lost, cancelled or is too late.
UPDATE jobs SET lease_expires_at = now() + make_interval(secs => %(lease_s)s)
FROM unnest(%(job_ids)s::uuid[], %(attempts)s::int[]) AS held (job_id, held_attempt)
WHERE id = job_id AND attempt = held_attempt AND status = 'running'
  AND (cancel_at IS NULL OR cancel_at > now())
RETURNING id::text AS job_id, attempt

-- name: note_result_apart
-- Before a large result is put into the bucket: whoever purges the job looks for it there.
UPDATE jobs SET result_apart = true WHERE id = %(job_id)s AND attempt = %(attempt)s AND status = 'running'
RETURNING id::text AS job_id

-- name: set_progress
UPDATE jobs SET progress_done = %(done)s, progress_total = %(total)s, updated_at = now()
WHERE id = %(job_id)s AND attempt = %(attempt)s AND status = 'running'
RETURNING id::text AS job_id

-- name: finish_job
-- In the database (0032_worker_writes.sql). No row where the fence is lost.
SELECT delivery_id FROM finish_running_job(%(job_id)s, %(attempt)s, %(status)s, %(result)s::jsonb, %(error)s::jsonb,
  %(charged)s)

-- name: retry_job
-- Back to pending, due later. Asked again after a lost connection, it finds its own work done.
WITH waiting AS (
  UPDATE jobs SET status = 'pending', lease_expires_at = NULL, failures = failures + %(charged)s,
    waits = CASE WHEN %(charged)s = 1 THEN 0 ELSE waits + 1 END,
    last_failure = jsonb_build_object('code', %(code)s::text, 'message', %(message)s::text),
    available_at = now() + make_interval(secs => %(delay_s)s), rung_at = now(), rings = 1, updated_at = now()
  WHERE id = %(job_id)s AND attempt = %(attempt)s AND status = 'running'
  RETURNING *
), event AS (
  INSERT INTO job_events (job_id, type, status, attempt, detail)
  SELECT id, 'retry', status, attempt,
    jsonb_build_object('code', %(code)s::text, 'delay_ms', (%(delay_s)s * 1000)::int)
  FROM waiting
)
SELECT tenant_id FROM waiting
UNION ALL
SELECT tenant_id FROM jobs WHERE id = %(job_id)s AND attempt = %(attempt)s AND status = 'pending'
  AND NOT EXISTS (SELECT FROM waiting)

-- name: cancel_job
-- From pending or running. The worker's next write meets the state and writes nothing.
WITH cancelled AS (
  UPDATE jobs SET status = 'cancelled', completed_at = now(), updated_at = now(), lease_expires_at = NULL
  WHERE id = %(job_id)s AND tenant_id = %(tenant_id)s AND status IN ('pending', 'running')
  RETURNING *
), event AS (
  INSERT INTO job_events (job_id, type, status, attempt) SELECT id, 'cancelled', status, attempt FROM cancelled
), delivery AS (
  INSERT INTO deliveries (tenant_id, job_id, event_type, url, body)
  SELECT tenant_id, id, 'job.cancelled', webhook_url,
    event_body(ROW(cancelled.*)::jobs, 'job.cancelled', completed_at)
  FROM cancelled WHERE webhook_url IS NOT NULL
  RETURNING id
)
SELECT id::text AS job_id, (SELECT id::text FROM delivery) AS delivery_id FROM cancelled

-- name: redrive_job
-- A failed job starts over: its attempts and its age count anew, what it cost stays. Where its document's bytes
-- are still not here it waits for them again; their object is held as in accept_job. Its tenant's limits hold as for a new one.
WITH limits AS MATERIALIZED (
  SELECT tenant_refusal(%(tenant_id)s, NULL, true, %(jobs_in_flight)s::integer, %(usd_per_day)s::numeric, NULL) AS refusal
), found AS MATERIALIZED (
  SELECT id, CASE WHEN purged_at IS NULL THEN status ELSE 'purged' END AS status, document_id FROM jobs
  WHERE (SELECT true FROM limits) -- first: who waits there for its turn holds nothing that others need
    AND id = %(job_id)s AND tenant_id = %(tenant_id)s FOR UPDATE
), object AS MATERIALIZED (
  SELECT o.stored_at IS NULL AS awaited
  FROM found JOIN documents d ON d.id = found.document_id JOIN objects o ON o.key = d.object_key
  WHERE found.status = 'failed'
  FOR SHARE OF o
), redriven AS (
  UPDATE jobs SET status = 'pending', error = NULL, completed_at = NULL, failures = 0, waits = 0,
    lost_leases = 0, accepted_at = now(), available_at = now(), rung_at = now(), rings = 1, cancel_at = NULL,
    fell_back = false,
    document_until = CASE WHEN (SELECT awaited FROM object)
      THEN now() + make_interval(secs => %(upload_wait_s)s) END,
    updated_at = now()
  FROM found, limits WHERE jobs.id = found.id AND found.status = 'failed' AND limits.refusal IS NULL
  RETURNING jobs.*
), prolonged AS (
  UPDATE documents d SET upload_until = greatest(d.upload_until, redriven.document_until)
  FROM redriven WHERE redriven.document_until IS NOT NULL AND d.id = redriven.document_id
), rejected AS ( -- what ended the job is asked for again; any other paid answer is used
  UPDATE model_calls SET rejected = true FROM redriven
  WHERE job_id = redriven.id AND model_calls.outcome NOT IN ('end_turn', 'stop_sequence')
), event AS (
  INSERT INTO job_events (job_id, type, status, attempt, detail)
  SELECT id, 'redriven', status, attempt,
    CASE WHEN document_until IS NOT NULL THEN jsonb_build_object('waits_for', 'document') ELSE '{}' END
  FROM redriven
)
SELECT found.status AS was, coalesce((SELECT awaited FROM object), false) AS waits,
  CASE found.status WHEN 'failed' THEN limits.refusal END AS refusal
FROM found, limits

-- name: save_text
-- What the worker read out of a document. The same for every job that names it, so it needs no fence: the first
-- text stays, and offsets that were given out point into it.
UPDATE documents SET text_content = %(text_content)s, text_key = %(text_key)s,
  text_is_content = %(text_is_content)s, chars = %(chars)s, page_starts = %(page_starts)s,
  unread_pages = %(unread_pages)s, image_pages = %(image_pages)s, findings = %(findings)s,
  unread = %(unread)s
WHERE id = %(document_id)s AND chars IS NULL AND purged_at IS NULL
RETURNING id::text AS document_id

-- name: kept_text
SELECT documents.id::text AS document_id, name, media_type, documents.sha256, objects.size_bytes, objects.content,
  object_key, text_content, text_key, text_is_content, chars, page_starts, unread_pages, image_pages, findings, unread
FROM documents LEFT JOIN objects ON objects.key = documents.object_key
WHERE documents.id = %(document_id)s AND documents.purged_at IS NULL
