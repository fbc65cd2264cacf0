-- name: find_job
-- In the database (0028_tickets.sql), which says itself for whom it works.
SELECT * FROM find_job(%(tenant_id)s, %(job_id)s, %(base)s, %(most_bytes)s)

-- name: list_jobs
-- What was purged is no longer shown. A look into one index for each state and task (0034): whatever is asked for, and
-- however many others there are, no more rows are read than that.
WITH page AS MATERIALIZED (
  SELECT listed.id FROM unnest(%(statuses)s::text[]) AS wanted (state) CROSS JOIN unnest(%(tasks)s::text[]) AS asked (task)
  CROSS JOIN LATERAL (
    SELECT id FROM jobs
    WHERE tenant_id = %(tenant_id)s AND status = wanted.state AND jobs.task = asked.task AND purged_at IS NULL
      AND id < coalesce(%(before)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    ORDER BY id DESC LIMIT %(limit)s) AS listed
  ORDER BY listed.id DESC LIMIT %(limit)s
)
SELECT id::text AS job_id, job_body(jobs, false, %(base)s) AS body FROM page JOIN jobs USING (id)
ORDER BY id DESC

-- name: get_trail
SELECT json_build_object('job_id', id, 'digest_key', encode(digest_key, 'hex'), 'events', (
    SELECT coalesce(json_agg(json_build_object(
      'seq', seq, 'at', iso(at), 'type', type, 'status', status, 'attempt', attempt, 'detail', detail,
      'prev_hash', encode(prev_hash, 'hex'), 'hash', encode(hash, 'hex')) ORDER BY seq), '[]')
    FROM job_events WHERE job_id = id)
  )::text AS body
FROM jobs WHERE id = %(job_id)s AND tenant_id = %(tenant_id)s

-- name: purged_at
SELECT iso(purged_at) AS purged_at FROM jobs
WHERE id = %(job_id)s AND tenant_id = %(tenant_id)s AND purged_at IS NOT NULL

-- name: get_document
SELECT documents.id::text AS document_id, coalesce(jobs.document_name, name) AS name, media_type,
  documents.sha256, objects.size_bytes, objects.content, object_key, text_content, text_key, text_is_content,
  chars, page_starts, unread_pages, image_pages, findings, unread
FROM jobs JOIN documents ON documents.id = jobs.document_id
LEFT JOIN objects ON objects.key = documents.object_key
WHERE jobs.id = %(job_id)s AND jobs.tenant_id = %(tenant_id)s

-- name: get_limits
-- A tenant's limits, its own or the deployment's, and what is used of them. Its numbers of requests are those that it was
-- last told of, once the authorizer lets its requests count by a usage key of its own (find_key).
SELECT json_build_object(
    'jobs_in_flight', json_build_object('limit', coalesce(t.max_jobs_in_flight, %(jobs_in_flight)s::integer), 'used', (
      SELECT count(*) FROM jobs j WHERE j.tenant_id = %(tenant_id)s AND j.status IN ('pending', 'running'))),
    'usd_per_day', json_build_object('limit', coalesce(t.max_usd_per_day::float8, %(usd_per_day)s::float8),
      'used', coalesce(s.spent_usd, 0)::float8, 'reserved', coalesce(s.reserved_usd, 0)::float8,
      'resets_at', iso((clock.today + 1)::timestamp AT TIME ZONE 'UTC')),
    'document_bytes', json_build_object(
      'limit', least(coalesce(t.max_document_bytes, %(document_bytes)s::bigint), %(upload_bytes)s::bigint)),
    'requests', json_build_object('per_second', coalesce(own.rate, %(requests_per_second)s::float8),
      'burst', coalesce(own.burst, %(requests_burst)s::integer), 'shared', NOT apart.known)
  )::text AS body
FROM (SELECT (now() AT TIME ZONE 'UTC')::date AS today) clock
LEFT JOIN tenants t ON t.id = %(tenant_id)s
LEFT JOIN tenant_days s ON s.tenant_id = %(tenant_id)s AND s.day = clock.today
CROSS JOIN LATERAL (SELECT coalesce(t.planned_at < now() - interval '2 minutes', false) AS known) apart
LEFT JOIN LATERAL (
  SELECT (e.detail ->> 'rate')::float8 AS rate, (e.detail ->> 'burst')::integer AS burst
  FROM tenant_events e WHERE e.tenant_id = %(tenant_id)s AND e.type = 'tenant.throttle' ORDER BY e.id DESC LIMIT 1
) own ON apart.known

-- name: schema_version
SELECT version_num AS version FROM schema_version

-- name: schema_exists
SELECT to_regclass('schema_version') IS NOT NULL AS exists
