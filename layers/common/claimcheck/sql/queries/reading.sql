-- name: get_job
-- The answer is built where the row is: one round trip, and jsonb's numbers arrive as they were stored. A result
-- that makes it longer than most_bytes stays here. (OFFSET 0: the answer is built once.)
SELECT id::text AS job_id, status, attempt, iso(purged_at) AS purged_at,
  attempt || '-' || (extract(epoch FROM updated_at) * 1000000)::bigint AS version,
  result IS NOT NULL AND octet_length(whole.body) > %(most_bytes)s AS result_left_out,
  CASE WHEN result IS NOT NULL AND octet_length(whole.body) > %(most_bytes)s
    THEN job_body(jobs, false, %(base)s) ELSE whole.body END AS body
FROM jobs, LATERAL (SELECT job_body(jobs, true, %(base)s) AS body OFFSET 0) AS whole
WHERE id = %(job_id)s AND tenant_id = %(tenant_id)s

-- name: list_jobs
-- What was purged is no longer shown.
SELECT id::text AS job_id, job_body(jobs, false, %(base)s) AS body
FROM jobs
WHERE tenant_id = %(tenant_id)s AND purged_at IS NULL
  AND (%(before)s::uuid IS NULL OR id < %(before)s::uuid)
  AND (%(status)s::text IS NULL OR status = %(status)s)
  AND (%(task)s::text IS NULL OR task = %(task)s)
ORDER BY id DESC LIMIT %(limit)s

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

-- name: schema_version
SELECT version_num AS version FROM schema_version

-- name: schema_exists
SELECT to_regclass('schema_version') IS NOT NULL AS exists
