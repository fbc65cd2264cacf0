-- What still comes of a tenant that was deleted goes with the next sweep. An authorizer remembers a key for a minute: by it
-- come samples, addresses, a secret that signs them, events that tell of it. Jobs and uploads are retention's (kept_since).

CREATE FUNCTION forget_ended(at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  found uuid[];
  gone integer;
  forgotten integer := 0;
BEGIN
  -- Of each kind a look into its index for each such tenant: whatever the others have.
  SELECT array_agg(late.id) INTO found FROM (
    SELECT d.id FROM tenants t CROSS JOIN LATERAL (
      SELECT id FROM deliveries WHERE tenant_id = t.id AND job_id IS NULL LIMIT at_most FOR UPDATE SKIP LOCKED) d
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
      SELECT id FROM tenant_events WHERE tenant_id = t.id ORDER BY id LIMIT at_most) e
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

REVOKE ALL ON FUNCTION forget_ended(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_ended(integer) TO claimcheck_worker;
