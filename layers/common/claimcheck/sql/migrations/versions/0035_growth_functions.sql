-- Functions of sweep that read more the more there was: what they look for is found by an index now, and nothing else is
-- looked at on the way (tests/integration/store/test_store_growth.py).

-- As in 0026. Uploads that a job names and that are kept were each looked at in every sweep: those that never came are found
-- among the bytes that are waited for, those that nobody used by their age.
CREATE OR REPLACE FUNCTION purge_uploads(default_days integer, at_most integer)
RETURNS TABLE (document_id uuid, tenant_id text, error text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  found uuid[];
  bytes text[];
  each record;
BEGIN
  SELECT array_agg(late.id) INTO found FROM (
    (SELECT d.id FROM tenants t CROSS JOIN LATERAL (
      SELECT d.id FROM documents d
      WHERE d.tenant_id = t.id AND d.purged_at IS NULL AND d.upload_until IS NOT NULL
        AND d.created_at < kept_since(t, default_days)
        AND NOT EXISTS (SELECT FROM jobs WHERE document_id = d.id)
        AND NOT EXISTS (SELECT FROM purge_failures f WHERE f.id = d.id AND f.retry_at > now())
      ORDER BY d.created_at LIMIT at_most) d LIMIT at_most)
    UNION
    (SELECT d.id FROM objects o JOIN documents d ON d.object_key = o.key
      WHERE o.stored_at IS NULL AND d.purged_at IS NULL AND d.upload_until < now() - interval '1 day'
        AND NOT EXISTS (SELECT FROM jobs WHERE document_id = d.id)
        AND NOT EXISTS (SELECT FROM purge_failures f WHERE f.id = d.id AND f.retry_at > now())
      LIMIT at_most)
    LIMIT at_most) late;
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

-- As in 0017. Samples are gone through tenant by tenant, the oldest first: those of this week are not looked at.
CREATE OR REPLACE FUNCTION forget_samples(default_days integer, at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  found uuid[];
  named uuid[];
BEGIN
  SELECT array_agg(late.id), array_agg(late.address_id) INTO found, named FROM (
    SELECT d.id, d.address_id FROM tenants t CROSS JOIN LATERAL (
      SELECT id, address_id FROM deliveries
      WHERE tenant_id >= t.id AND tenant_id <= t.id AND job_id IS NULL AND created_at < now() - interval '7 days'
      ORDER BY tenant_id, created_at LIMIT at_most FOR UPDATE SKIP LOCKED) d
    LIMIT at_most) late;
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

-- As in 0029. A tenant's samples and events are asked for in the order of their own index. By `tenant_id =` alone the
-- planner takes another order for as good, and goes through all other tenants' where it thinks that one has most of them.
CREATE OR REPLACE FUNCTION forget_ended(at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  found uuid[];
  gone integer;
  forgotten integer := 0;
BEGIN
  -- Of each kind a look into its index for each such tenant: whatever the others have.
  SELECT array_agg(late.id) INTO found FROM (
    SELECT d.id FROM tenants t CROSS JOIN LATERAL (
      SELECT id FROM deliveries WHERE tenant_id >= t.id AND tenant_id <= t.id AND job_id IS NULL
      ORDER BY tenant_id, created_at LIMIT at_most FOR UPDATE SKIP LOCKED) d
    WHERE t.deleted_at IS NOT NULL LIMIT at_most) late;
  DELETE FROM delivery_attempts WHERE delivery_id = ANY (found);
  DELETE FROM deliveries WHERE id = ANY (found);
  GET DIAGNOSTICS gone = ROW_COUNT;
  forgotten := forgotten + gone;
  SELECT array_agg(late.id) INTO found FROM (
    SELECT a.id FROM tenants t CROSS JOIN LATERAL (
      SELECT id FROM webhook_addresses WHERE tenant_id = t.id
        AND NOT EXISTS (SELECT FROM deliveries d WHERE d.address_id = webhook_addresses.id)
      LIMIT at_most FOR UPDATE SKIP LOCKED) a
    WHERE t.deleted_at IS NOT NULL LIMIT at_most) late;
  DELETE FROM webhook_addresses a WHERE a.id = ANY (found)
    AND NOT EXISTS (SELECT FROM deliveries d WHERE d.address_id = a.id);
  GET DIAGNOSTICS gone = ROW_COUNT;
  forgotten := forgotten + gone;
  SELECT array_agg(late.id) INTO found FROM (
    SELECT e.id FROM tenants t CROSS JOIN LATERAL (
      SELECT id FROM tenant_events WHERE tenant_id >= t.id AND tenant_id <= t.id
      ORDER BY tenant_id, id DESC LIMIT at_most) e
    WHERE t.deleted_at IS NOT NULL LIMIT at_most) late;
  DELETE FROM tenant_events WHERE id = ANY (found);
  GET DIAGNOSTICS gone = ROW_COUNT;
  forgotten := forgotten + gone;
  DELETE FROM webhook_secrets s USING tenants t WHERE t.id = s.tenant_id AND t.deleted_at IS NOT NULL;
  GET DIAGNOSTICS gone = ROW_COUNT;
  forgotten := forgotten + gone;
  DELETE FROM api_keys k USING tenants t WHERE t.id = k.tenant_id AND t.deleted_at IS NOT NULL;
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN forgotten + gone;
END $$;

-- Planned for the tenant that is asked about: by a plan for any tenant, one that has little is looked for among all others'.
ALTER FUNCTION tenant_keys(text, text, text, integer) SET plan_cache_mode = force_custom_plan;
