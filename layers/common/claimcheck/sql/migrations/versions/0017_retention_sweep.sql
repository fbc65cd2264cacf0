-- What sweep deletes when its time has come: each a bounded batch, found by an index, in one short transaction. Nobody is
-- waited for but on bytes that a submission names at this moment; two sweeps at once share the work.

-- From when on a tenant's content is too old. NULL for a number of days that is none.
CREATE FUNCTION kept_since(tenant tenants, default_days integer) RETURNS timestamptz
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN now() - make_interval(days => coalesce(tenant.retention_days, default_days));

-- Jobs whose final state is older than their tenant keeps it: those that are overdue for longest first, whoever's they are.
CREATE FUNCTION purge_expired(default_days integer, at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  found uuid[];
  job jobs;
  purged integer := 0;
BEGIN
  SELECT array_agg(late.id) INTO found FROM (
    SELECT j.id FROM tenants t CROSS JOIN LATERAL (
      SELECT id, kept_since(t, default_days) - completed_at AS overdue FROM jobs
      WHERE tenant_id = t.id AND purged_at IS NULL AND completed_at IS NOT NULL
        AND completed_at < kept_since(t, default_days)
      ORDER BY completed_at LIMIT at_most) j
    ORDER BY j.overdue DESC LIMIT at_most) late;
  SELECT array_agg(held.id) INTO found FROM (
    SELECT id FROM jobs WHERE id = ANY (found) AND purged_at IS NULL AND completed_at IS NOT NULL
    FOR UPDATE SKIP LOCKED) held;
  -- All at once and in one order: two that hold each other's next one would wait for ever.
  PERFORM FROM objects WHERE key IN (
    SELECT d.object_key FROM documents d JOIN jobs j ON j.document_id = d.id WHERE j.id = ANY (found))
  ORDER BY key FOR UPDATE;
  FOR job IN SELECT * FROM jobs WHERE id = ANY (found) ORDER BY id LOOP
    PERFORM empty_job(job, 'retention');
    purged := purged + 1;
  END LOOP;
  RETURN purged;
END $$;

-- Uploads that no job names: never used for as long as a job would be kept, or announced and not come within a day
-- after their time.
CREATE FUNCTION forget_uploads(default_days integer, at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  found uuid[];
  each uuid;
BEGIN
  SELECT array_agg(late.id) INTO found FROM (
    SELECT d.id FROM tenants t CROSS JOIN LATERAL (
      SELECT d.id FROM documents d
      WHERE d.tenant_id = t.id AND d.purged_at IS NULL AND d.upload_until IS NOT NULL
        AND (d.created_at < kept_since(t, default_days) OR d.upload_until < now() - interval '1 day'
          AND EXISTS (SELECT FROM objects o WHERE o.key = d.object_key AND o.stored_at IS NULL))
        AND NOT EXISTS (SELECT FROM jobs WHERE document_id = d.id)
      LIMIT at_most) d LIMIT at_most) late;
  PERFORM FROM objects WHERE key IN (SELECT object_key FROM documents WHERE id = ANY (found)) ORDER BY key FOR UPDATE;
  FOREACH each IN ARRAY coalesce(found, '{}') LOOP
    PERFORM forget_document(each); -- which looks once more whether a job names it
  END LOOP;
  RETURN (SELECT count(*) FROM documents WHERE id = ANY (found) AND purged_at IS NOT NULL);
END $$;

-- Bytes that were wanted, put into the bucket perhaps, and never came to be a document's: whoever wanted them died.
CREATE FUNCTION forget_orphans(at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  object record;
  forgotten integer := 0;
BEGIN
  FOR object IN SELECT key, tenant_id FROM objects o
    WHERE stored_at IS NULL AND touched_at < now() - interval '1 day'
      AND NOT EXISTS (SELECT FROM documents d WHERE d.object_key = o.key)
    LIMIT at_most FOR UPDATE SKIP LOCKED
  LOOP
    -- Held by now: who names it from here on is refused, who did before is seen.
    CONTINUE WHEN EXISTS (SELECT FROM documents WHERE object_key = object.key);
    DELETE FROM objects WHERE key = object.key;
    PERFORM delete_from_bucket(object.tenant_id, object.key);
    forgotten := forgotten + 1;
  END LOOP;
  RETURN forgotten;
END $$;

-- As in 0012; one that fails is forgotten as well, only one that is disabled is remembered.
CREATE OR REPLACE FUNCTION forget_addresses(named uuid[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  held uuid[];
BEGIN
  SELECT array_agg(a.id) INTO held FROM (
    SELECT id FROM webhook_addresses WHERE id = ANY (named) AND disabled_at IS NULL
      AND NOT EXISTS (SELECT FROM deliveries d WHERE d.address_id = webhook_addresses.id)
    ORDER BY id FOR UPDATE) a;
  DELETE FROM webhook_addresses a WHERE a.id = ANY (held)
    AND NOT EXISTS (SELECT FROM deliveries d WHERE d.address_id = a.id);
END $$;

-- Sample webhooks after a week; disabled addresses that nothing goes to any more, after the time that jobs are kept.
CREATE FUNCTION forget_samples(default_days integer, at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  found uuid[];
  named uuid[];
BEGIN
  SELECT array_agg(d.id), array_agg(d.address_id) INTO found, named FROM (
    SELECT id, address_id FROM deliveries WHERE job_id IS NULL AND created_at < now() - interval '7 days'
    LIMIT at_most FOR UPDATE SKIP LOCKED) d;
  DELETE FROM delivery_attempts WHERE delivery_id = ANY (found);
  DELETE FROM deliveries WHERE id = ANY (found);
  PERFORM forget_addresses(named);
  SELECT array_agg(a.id) INTO named FROM (
    SELECT a.id FROM webhook_addresses a JOIN tenants t ON t.id = a.tenant_id
    WHERE coalesce(a.disabled_at, a.failed_at) < kept_since(t, default_days)
      AND NOT EXISTS (SELECT FROM deliveries d WHERE d.address_id = a.id)
    LIMIT at_most FOR UPDATE OF a SKIP LOCKED) a;
  DELETE FROM webhook_addresses a WHERE a.id = ANY (named)
    AND NOT EXISTS (SELECT FROM deliveries d WHERE d.address_id = a.id);
  RETURN coalesce(array_length(found, 1), 0) + coalesce(array_length(named, 1), 0);
END $$;

-- Signing secrets that sign no more, and API keys that have let nobody in for ninety days.
CREATE FUNCTION forget_secrets(at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  secrets integer;
  keys integer;
BEGIN
  DELETE FROM webhook_secrets WHERE id IN (
    SELECT id FROM webhook_secrets WHERE expires_at <= now() LIMIT at_most FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS secrets = ROW_COUNT;
  DELETE FROM api_keys WHERE prefix IN (
    SELECT prefix FROM api_keys WHERE least(revoked_at, expires_at) < now() - interval '90 days'
    LIMIT at_most FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS keys = ROW_COUNT;
  RETURN secrets + keys;
END $$;

REVOKE ALL ON FUNCTION purge_expired(integer, integer), forget_uploads(integer, integer), forget_orphans(integer),
  forget_samples(integer, integer), forget_secrets(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION purge_expired(integer, integer), forget_uploads(integer, integer), forget_orphans(integer),
  forget_samples(integer, integer), forget_secrets(integer) TO claimcheck_worker;
GRANT UPDATE (retention_days) ON tenants TO claimcheck_operator;
