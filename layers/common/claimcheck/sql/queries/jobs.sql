-- name: insert_job
-- One statement: document, job and first event stand or fall together.
WITH document AS (
  INSERT INTO documents (tenant_id, name, media_type, size_bytes, sha256, content, object_key)
  SELECT %(tenant_id)s, %(name)s, %(media_type)s, %(size_bytes)s, %(sha256)s, %(content)s, %(object_key)s
  RETURNING id, sha256
), job AS (
  INSERT INTO jobs (tenant_id, task, priority, document_id, params, metadata, webhook_url, max_cost_usd)
  SELECT %(tenant_id)s, %(task)s, %(priority)s, document.id, %(params)s::jsonb, %(metadata)s::jsonb,
         %(webhook_url)s, %(max_cost_usd)s
  FROM document
  RETURNING id, created_at, status, task, params, digest_key
), event AS (
  INSERT INTO job_events (job_id, type, status, attempt, detail)
  SELECT job.id, 'accepted', job.status, 0, jsonb_build_object(
    'task', job.task,
    'input_digest', keyed_digest(job.digest_key,
      convert_to(jsonb_build_object('task', job.task, 'params', job.params)::text, 'UTF8')),
    'document_digest', keyed_digest(job.digest_key, document.sha256))
  FROM job, document
)
SELECT id::text AS job_id, status, iso(created_at) AS created_at FROM job

-- name: claim_job
-- The fence goes up with the claim. A live lease, a final state or a job not yet due gives no row.
WITH claimed AS (
  UPDATE jobs SET status = 'running', attempt = attempt + 1, updated_at = now(),
    started_at = coalesce(started_at, now()), lease_expires_at = now() + make_interval(secs => %(lease_s)s)
  WHERE id = %(job_id)s AND status = 'pending' AND available_at <= now()
  RETURNING *
), event AS (
  INSERT INTO job_events (job_id, type, status, attempt) SELECT id, 'claimed', status, attempt FROM claimed
)
SELECT claimed.id::text AS job_id, claimed.tenant_id, claimed.task, claimed.params, claimed.attempt,
  claimed.failures, claimed.priority, claimed.max_cost_usd::float8, claimed.cost_usd::float8,
  claimed.created_at, claimed.document_id::text,
  documents.name, documents.media_type, documents.content, documents.object_key, documents.chars,
  documents.text_content, documents.text_key, documents.text_is_content, documents.page_starts,
  documents.unread_pages
FROM claimed JOIN documents ON documents.id = claimed.document_id

-- name: extend_leases
-- One heartbeat for all jobs of an environment; what does not come back has been lost or cancelled.
UPDATE jobs SET lease_expires_at = now() + make_interval(secs => %(lease_s)s)
FROM unnest(%(job_ids)s::uuid[], %(attempts)s::int[]) AS held (job_id, held_attempt)
WHERE id = job_id AND attempt = held_attempt AND status = 'running'
RETURNING id::text AS job_id

-- name: set_progress
UPDATE jobs SET progress_done = %(done)s, progress_total = %(total)s, updated_at = now()
WHERE id = %(job_id)s AND attempt = %(attempt)s AND status = 'running'
RETURNING id::text AS job_id

-- name: finish_job
-- completed, partial or failed: state, event and delivery in one statement, all behind the fence.
WITH finished AS (
  UPDATE jobs SET status = %(status)s, result = %(result)s::jsonb, error = %(error)s::jsonb,
    failures = failures + %(charged)s, progress_done = CASE WHEN %(status)s = 'completed'
      THEN progress_total ELSE progress_done END,
    completed_at = now(), updated_at = now(), lease_expires_at = NULL
  WHERE id = %(job_id)s AND attempt = %(attempt)s AND status = 'running'
  RETURNING *
), event AS (
  INSERT INTO job_events (job_id, type, status, attempt, detail)
  SELECT id, status, status, attempt, CASE
    WHEN result IS NOT NULL THEN jsonb_build_object('result_digest',
      keyed_digest(digest_key, convert_to(result::text, 'UTF8')))
    ELSE jsonb_build_object('code', error ->> 'code') END
  FROM finished
), delivery AS (
  INSERT INTO deliveries (tenant_id, job_id, event_type, url)
  SELECT tenant_id, id, 'job.' || status, webhook_url FROM finished WHERE webhook_url IS NOT NULL
  RETURNING id
)
SELECT finished.status, (SELECT id::text FROM delivery) AS delivery_id FROM finished

-- name: retry_job
WITH waiting AS (
  UPDATE jobs SET status = 'pending', lease_expires_at = NULL, failures = failures + %(charged)s,
    available_at = now() + make_interval(secs => %(delay_s)s), rung_at = now(), updated_at = now()
  WHERE id = %(job_id)s AND attempt = %(attempt)s AND status = 'running'
  RETURNING *
), event AS (
  INSERT INTO job_events (job_id, type, status, attempt, detail)
  SELECT id, 'retry', status, attempt,
    jsonb_build_object('code', %(code)s::text, 'delay_ms', (%(delay_s)s * 1000)::int)
  FROM waiting
)
SELECT tenant_id FROM waiting

-- name: cancel_job
-- From pending or running. The worker's next write meets the state and writes nothing.
WITH cancelled AS (
  UPDATE jobs SET status = 'cancelled', completed_at = now(), updated_at = now(), lease_expires_at = NULL
  WHERE id = %(job_id)s AND tenant_id = %(tenant_id)s AND status IN ('pending', 'running')
  RETURNING *
), event AS (
  INSERT INTO job_events (job_id, type, status, attempt) SELECT id, 'cancelled', status, attempt FROM cancelled
), delivery AS (
  INSERT INTO deliveries (tenant_id, job_id, event_type, url)
  SELECT tenant_id, id, 'job.cancelled', webhook_url FROM cancelled WHERE webhook_url IS NOT NULL
  RETURNING id
)
SELECT id::text AS job_id, (SELECT id::text FROM delivery) AS delivery_id FROM cancelled

-- name: begin_call
-- Before a model is paid. No row where the fence is lost: then nobody may call.
INSERT INTO model_calls (job_id, attempt, model)
SELECT id, attempt, %(model)s FROM jobs
WHERE id = %(job_id)s AND attempt = %(attempt)s AND status = 'running'
RETURNING id::text AS call_id

-- name: end_call
-- What was paid counts, whoever holds the fence by now and whatever the job became.
WITH call AS (
  UPDATE model_calls SET finished_at = now(), outcome = %(outcome)s, request_id = %(request_id)s,
    model = coalesce(%(model)s, model), input_tokens = %(input_tokens)s,
    cache_read_tokens = %(cache_read_tokens)s, cache_write_tokens = %(cache_write_tokens)s,
    output_tokens = %(output_tokens)s, cost_usd = %(cost_usd)s, answer = %(answer)s
  WHERE id = %(call_id)s AND finished_at IS NULL
  RETURNING *
)
UPDATE jobs SET model = call.model, calls = calls + 1,
  input_tokens = jobs.input_tokens + call.input_tokens,
  cache_read_tokens = jobs.cache_read_tokens + call.cache_read_tokens,
  cache_write_tokens = jobs.cache_write_tokens + call.cache_write_tokens,
  output_tokens = jobs.output_tokens + call.output_tokens,
  cost_usd = jobs.cost_usd + call.cost_usd, updated_at = now()
FROM call WHERE jobs.id = call.job_id
RETURNING jobs.id::text AS job_id

-- name: save_text
-- What the worker read out of a document. The same for every job that names it, so it needs no fence.
UPDATE documents SET text_content = %(text_content)s, text_key = %(text_key)s,
  text_is_content = %(text_is_content)s, chars = %(chars)s, page_starts = %(page_starts)s,
  unread_pages = %(unread_pages)s
WHERE id = %(document_id)s AND chars IS NULL
RETURNING id::text AS document_id
