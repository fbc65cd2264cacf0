-- name: find_job
-- In the database (0022_tickets.sql), which says itself for whom it works.
SELECT * FROM find_job(%(tenant_id)s, %(job_id)s, %(base)s, %(most_bytes)s)

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
