-- name: announce_document
-- A document whose bytes are to be uploaded, or are here already. The same bytes under the same name and type
-- are the same document, unless their upload's time is over.
WITH gate AS MATERIALIZED (
  SELECT tenant_refusal(%(tenant_id)s, %(size_bytes)s::bigint, false, NULL, NULL, %(document_bytes)s::bigint) AS refusal
), object AS (
  INSERT INTO objects AS o (tenant_id, sha256) SELECT %(tenant_id)s, %(sha256)s FROM gate WHERE refusal IS NULL
  ON CONFLICT (key) DO UPDATE SET touched_at = now(), looks = 0
  RETURNING key, size_bytes, stored_at
), earlier AS (
  SELECT d.id FROM documents d, object
  WHERE d.tenant_id = %(tenant_id)s AND d.sha256 = %(sha256)s AND d.object_key = object.key
    AND d.media_type = %(media_type)s AND d.name IS NOT DISTINCT FROM %(name)s
    AND (object.stored_at IS NOT NULL OR d.upload_until > now())
  ORDER BY d.id LIMIT 1
), prolonged AS (
  UPDATE documents d SET upload_until = now() + make_interval(secs => %(upload_wait_s)s)
  FROM earlier, object WHERE d.id = earlier.id AND object.stored_at IS NULL
  RETURNING d.*
), made AS (
  INSERT INTO documents (tenant_id, name, media_type, size_bytes, sha256, object_key, upload_until)
  SELECT %(tenant_id)s, %(name)s, %(media_type)s, %(size_bytes)s, %(sha256)s, object.key,
    now() + make_interval(secs => %(upload_wait_s)s)
  FROM object
  WHERE NOT EXISTS (SELECT FROM earlier) AND coalesce(object.size_bytes = %(size_bytes)s, true)
  RETURNING *
)
SELECT gate.refusal, coalesce(made.id, prolonged.id, earlier.id)::text AS document_id, made.id IS NOT NULL AS made,
  object.stored_at IS NOT NULL AS stored, object.size_bytes AS stored_bytes, object.key AS object_key
FROM gate LEFT JOIN object ON true LEFT JOIN earlier ON true LEFT JOIN prolonged ON true LEFT JOIN made ON true

-- name: find_document
SELECT document_body(d, %(base)s) AS body, iso(d.purged_at) AS purged_at, d.media_type, d.size_bytes, d.sha256, d.object_key
FROM documents d WHERE d.id = %(document_id)s AND d.tenant_id = %(tenant_id)s

-- name: want_object
-- Before bytes are put into the bucket: they stay there for now, and need not be put twice.
INSERT INTO objects (tenant_id, sha256) VALUES (%(tenant_id)s, %(sha256)s)
ON CONFLICT (key) DO UPDATE SET touched_at = now()
RETURNING stored_at IS NOT NULL AS stored

-- name: find_object
SELECT sha256, stored_at IS NOT NULL AS stored, content IS NOT NULL AS in_row FROM objects WHERE key = %(key)s

-- name: document_arrived
SELECT job_id, tenant_id FROM document_arrived(%(key)s, %(size_bytes)s)

-- name: awaited_objects
-- Bytes that somebody waits for and that nobody has told of: those not looked for since a minute, then two, four
-- and so on up to an hour; and at once for a job that came since the last look or is at its end. Bytes that are
-- here although a job waits for them as well.
SELECT o.key, o.stored_at IS NOT NULL AS stored FROM objects o
WHERE o.stored_at IS NULL AND (
  o.looked_at < now() - make_interval(secs => %(quiet_s)s * 2 ^ least(o.looks, 6))
    AND EXISTS (SELECT FROM documents d WHERE d.object_key = o.key AND d.upload_until > now())
  OR EXISTS (
    SELECT FROM documents d JOIN jobs j ON j.document_id = d.id
    WHERE d.object_key = o.key AND j.status = 'pending' AND j.document_until IS NOT NULL
      AND (o.looked_at < j.accepted_at AND j.accepted_at < now() - make_interval(secs => %(quiet_s)s)
        OR o.looked_at < j.document_until AND j.document_until <= now())))
UNION
SELECT o.key, true FROM jobs j JOIN documents d ON d.id = j.document_id JOIN objects o ON o.key = d.object_key
WHERE j.status = 'pending' AND j.document_until IS NOT NULL AND o.stored_at IS NOT NULL
LIMIT %(limit)s

-- name: not_there
UPDATE objects SET looked_at = now(), looks = looks + 1 WHERE key = ANY (%(keys)s) AND stored_at IS NULL
RETURNING key

-- name: fail_missing
-- The time is over, and the bucket was asked since then.
WITH missing AS MATERIALIZED (
  SELECT jobs.id FROM jobs JOIN documents ON documents.id = document_id
    JOIN objects ON objects.key = documents.object_key
  WHERE jobs.status = 'pending' AND document_until <= now()
    AND objects.stored_at IS NULL AND objects.looked_at >= document_until
  ORDER BY document_until LIMIT %(limit)s FOR UPDATE OF jobs SKIP LOCKED
), failed AS (
  UPDATE jobs SET status = 'failed', completed_at = now(), updated_at = now(),
    error = jsonb_build_object('code', 'document_missing', 'message', %(message)s::text, 'retryable', true,
      'attempts', attempt)
  FROM missing WHERE jobs.id = missing.id
  RETURNING jobs.*
), event AS (
  INSERT INTO job_events (job_id, type, status, attempt, detail)
  SELECT id, 'failed', status, attempt, jsonb_build_object('code', error ->> 'code') FROM failed
), delivery AS (
  INSERT INTO deliveries (tenant_id, job_id, event_type, url, body)
  SELECT tenant_id, id, 'job.failed', webhook_url,
    event_body(ROW(failed.*)::jobs, 'job.failed', completed_at)
  FROM failed WHERE webhook_url IS NOT NULL ORDER BY tenant_id, webhook_url
)
SELECT id::text AS job_id FROM failed
