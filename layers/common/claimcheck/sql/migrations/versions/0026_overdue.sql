-- Retention goes on past what cannot be deleted. Each job and each upload is deleted by itself, within its batch: one that
-- fails is noted, told to whoever sweeps, and tried again later and later; those behind it go meanwhile.

CREATE TABLE purge_failures (
  id uuid PRIMARY KEY,                           -- of a job or a document that is past its time
  tenant_id text NOT NULL REFERENCES tenants,
  failures integer NOT NULL DEFAULT 1,
  failed_at timestamptz NOT NULL DEFAULT now(),  -- the last time
  retry_at timestamptz NOT NULL,                 -- not to be tried before
  error text NOT NULL                            -- SQLSTATE, or the kind of error that a sweep met
);
ALTER TABLE purge_failures ENABLE ROW LEVEL SECURITY;

-- Notes that a job or a document could not be deleted: again in two minutes, four, eight … six hours.
CREATE FUNCTION purge_failed(asked uuid, owner text, why text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  INSERT INTO purge_failures AS f (id, tenant_id, retry_at, error)
  VALUES (asked, owner, now() + interval '2 minutes', why)
  ON CONFLICT (id) DO UPDATE SET failures = f.failures + 1, failed_at = now(), error = excluded.error,
    retry_at = now() + least(interval '6 hours', interval '2 minutes' * 2 ^ least(f.failures, 10));
$$;

-- Jobs whose final state is older than their tenant keeps it: those that are overdue for longest first, whoever's they
-- are, but for those that failed lately.
CREATE FUNCTION overdue_jobs(default_days integer, at_most integer) RETURNS TABLE (job_id uuid, tenant_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT j.id, j.tenant_id FROM tenants t CROSS JOIN LATERAL (
    SELECT id, jobs.tenant_id, kept_since(t, default_days) - completed_at AS overdue FROM jobs
    WHERE jobs.tenant_id = t.id AND purged_at IS NULL AND completed_at IS NOT NULL
      AND completed_at < kept_since(t, default_days)
      AND NOT EXISTS (SELECT FROM purge_failures f WHERE f.id = jobs.id AND f.retry_at > now())
    ORDER BY completed_at LIMIT at_most) j
  ORDER BY j.overdue DESC LIMIT at_most;
$$;

-- Deletes those of these jobs that are overdue and that nobody holds. Of each that was tried: `error` is NULL where it
-- is gone.
CREATE FUNCTION purge_overdue(picked uuid[], default_days integer)
RETURNS TABLE (job_id uuid, tenant_id text, error text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  held uuid[];
  bytes text[];
  job jobs;
BEGIN
  SELECT array_agg(h.id) INTO held FROM (
    SELECT j.id FROM jobs j JOIN tenants t ON t.id = j.tenant_id
    WHERE j.id = ANY (picked) AND j.purged_at IS NULL AND j.completed_at < kept_since(t, default_days)
    ORDER BY j.id FOR UPDATE OF j SKIP LOCKED) h;
  -- All at once and in one order, as in 0017; where somebody holds the bytes, the job is left to the next sweep.
  bytes := array(SELECT d.object_key FROM documents d JOIN jobs j ON j.document_id = d.id WHERE j.id = ANY (held));
  SELECT array_agg(o.key) INTO bytes FROM (
    SELECT key FROM objects WHERE key = ANY (bytes) ORDER BY key FOR UPDATE SKIP LOCKED) o;
  FOR job IN SELECT j.* FROM jobs j LEFT JOIN documents d ON d.id = j.document_id
    WHERE j.id = ANY (held) AND (d.object_key IS NULL OR d.object_key = ANY (bytes)) ORDER BY j.id
  LOOP
    job_id := job.id;
    tenant_id := job.tenant_id;
    error := NULL;
    BEGIN
      PERFORM empty_job(job, 'retention');
      DELETE FROM purge_failures f WHERE f.id = job.id;
    EXCEPTION WHEN OTHERS THEN
      error := SQLSTATE;
      PERFORM purge_failed(job.id, job.tenant_id, SQLSTATE);
    END;
    RETURN NEXT;
  END LOOP;
END $$;

-- As in 0017, for the version before: it goes on past what fails as well.
CREATE OR REPLACE FUNCTION purge_expired(default_days integer, at_most integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT count(*)::integer FROM purge_overdue(
    array(SELECT late.job_id FROM overdue_jobs(default_days, at_most) late), default_days) tried
  WHERE tried.error IS NULL;
$$;

-- Uploads that no job names, as forget_uploads (0017) has them. Of each that was tried: `error` is NULL where it is gone.
CREATE FUNCTION purge_uploads(default_days integer, at_most integer)
RETURNS TABLE (document_id uuid, tenant_id text, error text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  found uuid[];
  bytes text[];
  each record;
BEGIN
  SELECT array_agg(late.id) INTO found FROM (
    SELECT d.id FROM tenants t CROSS JOIN LATERAL (
      SELECT d.id FROM documents d
      WHERE d.tenant_id = t.id AND d.purged_at IS NULL AND d.upload_until IS NOT NULL
        AND (d.created_at < kept_since(t, default_days) OR d.upload_until < now() - interval '1 day'
          AND EXISTS (SELECT FROM objects o WHERE o.key = d.object_key AND o.stored_at IS NULL))
        AND NOT EXISTS (SELECT FROM jobs WHERE document_id = d.id)
        AND NOT EXISTS (SELECT FROM purge_failures f WHERE f.id = d.id AND f.retry_at > now())
      LIMIT at_most) d LIMIT at_most) late;
  bytes := array(SELECT object_key FROM documents WHERE id = ANY (found));
  SELECT array_agg(o.key) INTO bytes FROM (
    SELECT key FROM objects WHERE key = ANY (bytes) ORDER BY key FOR UPDATE SKIP LOCKED) o;
  FOR each IN SELECT d.id, d.tenant_id FROM documents d
    WHERE d.id = ANY (found) AND d.purged_at IS NULL AND d.object_key = ANY (bytes) ORDER BY d.id
  LOOP
    document_id := each.id;
    tenant_id := each.tenant_id;
    error := NULL;
    BEGIN
      PERFORM forget_document(each.id); -- which looks once more whether a job names it
      DELETE FROM purge_failures f WHERE f.id = each.id;
      CONTINUE WHEN EXISTS (SELECT FROM documents WHERE id = each.id AND purged_at IS NULL);
    EXCEPTION WHEN OTHERS THEN
      error := SQLSTATE;
      PERFORM purge_failed(each.id, each.tenant_id, SQLSTATE);
    END;
    RETURN NEXT;
  END LOOP;
  DELETE FROM purge_failures f WHERE f.retry_at < now() - interval '7 days'; -- somebody else deleted what they are of
END $$;

-- For how many seconds the oldest content is past its time: of jobs and uploads, and of what has to leave the bucket. 0
-- where none is. One look into an index each, for each tenant.
CREATE FUNCTION overdue_content_s(default_days integer) RETURNS double precision
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce(extract(epoch FROM greatest(interval '0',
    (SELECT max(kept_since(t, default_days) - j.completed_at) FROM tenants t CROSS JOIN LATERAL (
      SELECT completed_at FROM jobs WHERE tenant_id = t.id AND purged_at IS NULL AND completed_at IS NOT NULL
      ORDER BY completed_at LIMIT 1) j),
    (SELECT max(kept_since(t, default_days) - d.created_at) FROM tenants t CROSS JOIN LATERAL (
      SELECT created_at FROM documents
      WHERE tenant_id = t.id AND purged_at IS NULL AND upload_until IS NOT NULL
        AND created_at < kept_since(t, default_days) AND NOT EXISTS (SELECT FROM jobs WHERE document_id = documents.id)
      ORDER BY created_at LIMIT 1) d),
    (SELECT now() - due_at FROM deletions ORDER BY due_at LIMIT 1))), 0)::float8;
$$;

REVOKE ALL ON FUNCTION purge_failed(uuid, text, text), overdue_jobs(integer, integer), purge_overdue(uuid[], integer),
  purge_uploads(integer, integer), overdue_content_s(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION purge_failed(uuid, text, text), overdue_jobs(integer, integer), purge_overdue(uuid[], integer),
  purge_uploads(integer, integer), overdue_content_s(integer) TO claimcheck_worker;
