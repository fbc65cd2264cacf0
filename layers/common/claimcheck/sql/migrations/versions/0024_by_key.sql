-- A tenant's export and its end go by key: each page begins after the last thing of the one before, found by an index
-- (0025), so that n things cost n steps. export_ids and delete_tenant (0020), which walked over everything at each page,
-- are the version before's, and go with a later one.

-- The next things of a tenant, in the order of their ids, as keys of their lines.
CREATE FUNCTION tenant_keys(owner text, what text, after text, at_most integer) RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  -- Never NULL, and nothing else is asked for: any plan, also one that is kept, begins in the index at this place.
  past uuid := CASE WHEN what NOT IN ('tenant', 'keys')
    THEN coalesce(nullif(after, ''), '00000000-0000-0000-0000-000000000000')::uuid END;
BEGIN
  CASE what
    WHEN 'tenant' THEN RETURN QUERY SELECT t.id FROM tenants t WHERE t.id = owner AND after = '';
    WHEN 'keys' THEN RETURN QUERY SELECT k.prefix FROM api_keys k
      WHERE k.tenant_id = owner AND k.prefix > after ORDER BY k.prefix LIMIT at_most;
    WHEN 'events' THEN RETURN QUERY SELECT e.id::text FROM tenant_events e
      WHERE e.tenant_id = owner AND e.id > past ORDER BY e.id LIMIT at_most;
    WHEN 'addresses' THEN RETURN QUERY SELECT a.id::text FROM webhook_addresses a
      WHERE a.tenant_id = owner AND a.id > past ORDER BY a.id LIMIT at_most;
    WHEN 'documents' THEN RETURN QUERY SELECT d.id::text FROM documents d
      WHERE d.tenant_id = owner AND d.id > past ORDER BY d.id LIMIT at_most;
    WHEN 'deliveries' THEN RETURN QUERY SELECT d.id::text FROM deliveries d
      WHERE d.tenant_id = owner AND d.id > past ORDER BY d.id LIMIT at_most;
    ELSE RETURN QUERY SELECT j.id::text FROM jobs j
      WHERE j.tenant_id = owner AND j.id > past ORDER BY j.id LIMIT at_most;
  END CASE;
END $$;

-- As in 0020; it looks for fifty things at a time, and no further than there is room.
CREATE OR REPLACE FUNCTION export_page(owner text, what text, after text, skip integer, stamp text, at_most integer)
RETURNS TABLE (id text, piece text, whole integer, mark text, anew boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  room integer := at_most;
  last text := after;
  found integer;
BEGIN
  LOOP
    found := 0;
    FOR id IN SELECT * FROM tenant_keys(owner, what, last, 50) LOOP
      found := found + 1;
      last := id;
      piece := export_line(what, id);
      CONTINUE WHEN piece IS NULL; -- deleted at this moment
      piece := replace(piece, E'\n', ' ') || E'\n';
      mark := md5(piece);
      anew := skip > 0 AND mark IS DISTINCT FROM stamp;
      skip := CASE WHEN anew THEN 0 ELSE skip END;
      whole := length(piece);
      piece := substr(piece, skip + 1, room);
      room := room - length(piece);
      skip := 0;
      RETURN NEXT;
      EXIT WHEN room <= 0;
    END LOOP;
    EXIT WHEN room <= 0 OR found < 50;
  END LOOP;
END $$;

-- The beginning of a tenant's end: nobody hands in more. False where there is no such tenant. What came by a key that an
-- authorizer still remembers is deleted by sweep (kept_since).
CREATE FUNCTION end_tenant(owner text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE tenants SET deleted_at = coalesce(deleted_at, now()) WHERE id = owner;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM api_keys WHERE tenant_id = owner;
  DELETE FROM webhook_secrets WHERE tenant_id = owner;
  RETURN true;
END $$;

-- Empties these jobs, whoever's they are, without waiting for anybody; open ones are cancelled, without a webhook.
CREATE FUNCTION end_jobs(picked uuid[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  held uuid[];
  bytes text[];
  job jobs;
BEGIN
  SELECT array_agg(j.id) INTO held FROM (
    SELECT id FROM jobs WHERE id = ANY (picked) AND purged_at IS NULL ORDER BY id FOR UPDATE SKIP LOCKED) j;
  WITH cancelled AS (
    UPDATE jobs SET status = 'cancelled', completed_at = now(), updated_at = now(), lease_expires_at = NULL
    WHERE id = ANY (held) AND status IN ('pending', 'running') RETURNING *
  )
  INSERT INTO job_events (job_id, type, status, attempt, detail)
  SELECT id, 'cancelled', status, attempt, jsonb_build_object('reason', 'tenant') FROM cancelled;
  -- All at once and in one order, as in 0017.
  bytes := array(SELECT d.object_key FROM documents d JOIN jobs j ON j.document_id = d.id WHERE j.id = ANY (held));
  PERFORM FROM objects WHERE key = ANY (bytes) ORDER BY key FOR UPDATE;
  FOR job IN SELECT * FROM jobs WHERE id = ANY (held) ORDER BY id LOOP
    PERFORM empty_job(job, 'tenant');
  END LOOP;
END $$;

-- A page of a deleted tenant's end: its things of one kind after the thing `after`; at most `at_most` are deleted, of the
-- next thousand. Returns the last of those that were looked at, NULL behind the last one. What somebody holds is passed
-- over: whoever asks counts what is left (tenant_holds), and begins again.
CREATE FUNCTION delete_tenant_page(owner text, what text, after text, at_most integer) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  each text;
  last text;
  picked uuid[] := '{}';
  held uuid[];
  bytes text[];
  one uuid;
BEGIN
  IF NOT EXISTS (SELECT FROM tenants WHERE id = owner AND deleted_at IS NOT NULL) THEN
    RAISE EXCEPTION 'this tenant is not at its end' USING ERRCODE = 'insufficient_privilege';
  END IF;
  FOR each IN SELECT * FROM tenant_keys(owner, what, after, 1000) LOOP
    last := each;
    CONTINUE WHEN what = 'jobs' AND EXISTS (SELECT FROM jobs WHERE id = each::uuid AND purged_at IS NOT NULL)
      OR what = 'documents' AND EXISTS (SELECT FROM documents WHERE id = each::uuid AND purged_at IS NOT NULL);
    picked := picked || each::uuid;
    EXIT WHEN cardinality(picked) >= at_most;
  END LOOP;
  IF picked = '{}' THEN
    RETURN last;
  END IF;
  CASE what
    WHEN 'jobs' THEN
      PERFORM end_jobs(picked);
    WHEN 'documents' THEN
      bytes := array(SELECT object_key FROM documents WHERE id = ANY (picked));
      PERFORM FROM objects WHERE key = ANY (bytes) ORDER BY key FOR UPDATE;
      FOREACH one IN ARRAY picked LOOP
        PERFORM forget_document(one); -- which leaves what a job names
      END LOOP;
    WHEN 'deliveries' THEN -- samples: those of jobs went with them
      SELECT array_agg(d.id) INTO held FROM (
        SELECT id FROM deliveries WHERE id = ANY (picked) AND job_id IS NULL ORDER BY id FOR UPDATE SKIP LOCKED) d;
      DELETE FROM delivery_attempts WHERE delivery_id = ANY (held);
      DELETE FROM deliveries WHERE id = ANY (held);
    WHEN 'addresses' THEN
      SELECT array_agg(a.id) INTO held FROM (
        SELECT id FROM webhook_addresses WHERE id = ANY (picked) ORDER BY id FOR UPDATE SKIP LOCKED) a;
      DELETE FROM webhook_addresses a WHERE a.id = ANY (held)
        AND NOT EXISTS (SELECT FROM deliveries d WHERE d.address_id = a.id);
    WHEN 'events' THEN DELETE FROM tenant_events WHERE id = ANY (picked);
  END CASE;
  RETURN last;
END $$;

REVOKE ALL ON FUNCTION tenant_keys(text, text, text, integer), end_tenant(text), end_jobs(uuid[]),
  delete_tenant_page(text, text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION end_tenant(text), delete_tenant_page(text, text, text, integer) TO claimcheck_operator;
