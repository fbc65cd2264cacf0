-- Uploads straight to the bucket: the same bytes once a tenant, and jobs that wait for theirs.

-- Bytes, whatever they are called and whoever names them. A document is a name and a media type for one of these.
CREATE TABLE objects (
  tenant_id text NOT NULL REFERENCES tenants,
  sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
  key text GENERATED ALWAYS AS ('documents/' || tenant_id || '/' || encode(sha256, 'hex')) STORED,
  content bytea,                                 -- the bytes, where they are small; else they are in the bucket
  size_bytes bigint,                             -- known with the bytes
  stored_at timestamptz,                         -- NULL until they have arrived and were checked
  touched_at timestamptz NOT NULL DEFAULT now(), -- wanted last: what no document names may go a day after this
  looked_at timestamptz NOT NULL DEFAULT now(),  -- when the bucket was last asked for them in vain
  looks integer NOT NULL DEFAULT 0,
  -- The one unique index: with a second one, a twin's insert could fail by that one, which ON CONFLICT does not name.
  PRIMARY KEY (key),
  CONSTRAINT objects_stored_has_size CHECK ((stored_at IS NULL) = (size_bytes IS NULL)),
  CONSTRAINT objects_content_is_stored CHECK (content IS NULL OR stored_at IS NOT NULL)
);
CREATE INDEX objects_by_content ON objects (tenant_id, sha256);
CREATE INDEX objects_awaited ON objects (looked_at) WHERE stored_at IS NULL;

INSERT INTO objects (tenant_id, sha256, content, size_bytes, stored_at)
SELECT DISTINCT ON (tenant_id, sha256) tenant_id, sha256, content, size_bytes, created_at FROM documents
WHERE num_nonnulls(content, object_key) = 1
ORDER BY tenant_id, sha256, content IS NULL, created_at;
ALTER TABLE documents DROP CONSTRAINT documents_one_place;
UPDATE documents SET object_key = 'documents/' || tenant_id || '/' || encode(sha256, 'hex')
WHERE content IS NOT NULL;
ALTER TABLE documents
  DROP COLUMN content,
  ADD COLUMN upload_until timestamptz,           -- bytes that are not here by then are no longer waited for
  ADD CONSTRAINT documents_object FOREIGN KEY (object_key) REFERENCES objects (key);
CREATE INDEX documents_of_object ON documents (object_key);

ALTER TABLE jobs
  ADD COLUMN document_until timestamptz,         -- waits for its document's bytes until then; NULL: they are here
  ADD COLUMN document_name text,                 -- what this job calls a document that has a name of its own
  ADD CONSTRAINT jobs_with_document_run CHECK
    (document_until IS NULL OR status IN ('pending', 'failed', 'cancelled'));
DROP INDEX jobs_due;
DROP INDEX jobs_oldest;
CREATE INDEX jobs_due ON jobs (available_at) WHERE status = 'pending' AND document_until IS NULL;
CREATE INDEX jobs_oldest ON jobs (accepted_at) WHERE status = 'pending' AND document_until IS NULL;
CREATE INDEX jobs_waiting ON jobs (document_until) WHERE status = 'pending' AND document_until IS NOT NULL;

-- The bytes are in the bucket and are those that were announced: jobs that wait for them are due. Their age
-- counts from now. As often as it is told.
CREATE FUNCTION document_arrived(arrived text, bytes bigint) RETURNS TABLE (job_id text, tenant_id text)
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE objects SET stored_at = now(), size_bytes = bytes WHERE key = arrived AND stored_at IS NULL;
  -- The next statement sees more than this one did: whoever accepted a job for these bytes held the object's
  -- row until that was committed.
  RETURN QUERY WITH woken AS (
    UPDATE jobs SET document_until = NULL, accepted_at = now(), available_at = now(), rung_at = now(),
      rings = 1, updated_at = now()
    FROM documents, objects
    WHERE objects.key = arrived AND objects.stored_at IS NOT NULL AND documents.object_key = objects.key
      AND jobs.document_id = documents.id AND jobs.status = 'pending' AND jobs.document_until IS NOT NULL
    RETURNING jobs.*
  ), event AS (
    INSERT INTO job_events (job_id, type, status, attempt)
    SELECT woken.id, 'document_arrived', woken.status, woken.attempt FROM woken
  )
  SELECT woken.id::text, woken.tenant_id FROM woken;
END $$;

-- What a document is, as the API says it. `base` is the path below which the API is served.
CREATE FUNCTION document_body(document documents, base text) RETURNS json
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  object record;
BEGIN
  SELECT stored_at, size_bytes INTO object FROM objects WHERE key = document.object_key;
  RETURN json_build_object(
    'document_id', document.id, 'status', CASE
      WHEN document.chars IS NOT NULL THEN 'read'
      WHEN object.stored_at IS NOT NULL THEN 'stored'
      WHEN document.upload_until > now() THEN 'waiting'
      ELSE 'expired' END,
    'name', document.name, 'media_type', document.media_type,
    'bytes', coalesce(object.size_bytes, document.size_bytes), 'sha256', encode(document.sha256, 'hex'),
    'created_at', iso(document.created_at), 'stored_at', iso(object.stored_at),
    'upload_until', CASE WHEN object.stored_at IS NULL THEN iso(document.upload_until) END,
    'links', json_build_object('self', base || '/documents/' || document.id));
END $$;

-- As in 0003, with what a pending job waits for.
CREATE OR REPLACE FUNCTION job_body(job jobs, with_result boolean, base text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  self text := base || '/jobs/' || job.id;
  unknown record;
  head text;
  tail text;
BEGIN
  -- Calls that may have been paid for: the worker died in the middle, or nobody told us.
  SELECT count(*) AS calls, coalesce(sum(worst_usd), 0)::float8 AS usd INTO unknown FROM model_calls
  WHERE job_id = job.id
    AND (outcome_unknown OR finished_at IS NULL AND (attempt < job.attempt OR job.status <> 'running'));
  head := json_build_object(
    'job_id', job.id, 'task', job.task, 'status', job.status, 'attempt', job.attempt,
    'priority', job.priority, 'created_at', iso(job.created_at), 'started_at', iso(job.started_at),
    'completed_at', iso(job.completed_at),
    'waits_for', CASE WHEN job.status = 'pending' AND job.document_until IS NOT NULL THEN json_build_object(
      'document', base || '/documents/' || job.document_id, 'until', iso(job.document_until)) END,
    'progress', json_build_object('done', job.progress_done, 'total', job.progress_total));
  tail := json_build_object(
    'error', job.error, 'metadata', job.metadata,
    'usage', json_build_object('model', job.model, 'calls', job.calls, 'input_tokens', job.input_tokens,
      'cache_read_tokens', job.cache_read_tokens, 'cache_write_tokens', job.cache_write_tokens,
      'output_tokens', job.output_tokens, 'cost_usd', job.cost_usd::float8,
      'unknown_calls', unknown.calls, 'unknown_cost_usd_at_most', unknown.usd),
    'cancel_at', iso(job.cancel_at),
    'links', json_build_object('self', self, 'events', self || '/events'));
  -- The result is put in as the text that it is: it may be large, and is valid JSON already.
  RETURN left(head, -1)
    || CASE WHEN with_result THEN ', "result" : ' || coalesce(job.result::text, 'null') ELSE '' END
    || ', ' || substr(tail, 2);
END $$;
