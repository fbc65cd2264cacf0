-- What is held of a tenant, line by line, and the end of a tenant.

-- The things of a tenant, in the order of their ids, as keys of their lines.
CREATE FUNCTION export_ids(owner text, what text, after text) RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  past uuid := CASE WHEN what NOT IN ('tenant', 'keys') THEN nullif(after, '')::uuid END;
BEGIN
  CASE what
    WHEN 'tenant' THEN RETURN QUERY SELECT t.id FROM tenants t WHERE t.id = owner AND after = '';
    WHEN 'keys' THEN RETURN QUERY SELECT prefix FROM api_keys WHERE tenant_id = owner AND prefix > after ORDER BY prefix;
    WHEN 'events' THEN RETURN QUERY SELECT e.id::text FROM tenant_events e
      WHERE e.tenant_id = owner AND (past IS NULL OR e.id > past) ORDER BY e.id;
    WHEN 'addresses' THEN RETURN QUERY SELECT a.id::text FROM webhook_addresses a
      WHERE a.tenant_id = owner AND (past IS NULL OR a.id > past) ORDER BY a.id;
    WHEN 'documents' THEN RETURN QUERY SELECT d.id::text FROM documents d
      WHERE d.tenant_id = owner AND (past IS NULL OR d.id > past) ORDER BY d.id;
    WHEN 'deliveries' THEN RETURN QUERY SELECT d.id::text FROM deliveries d
      WHERE d.tenant_id = owner AND (past IS NULL OR d.id > past) ORDER BY d.id;
    ELSE RETURN QUERY SELECT j.id::text FROM jobs j
      WHERE j.tenant_id = owner AND (past IS NULL OR j.id > past) ORDER BY j.id;
  END CASE;
END $$;

-- One of them, as JSON in one line; numbers as they were stored. Hashes of keys and sealed secrets are not in it.
CREATE FUNCTION export_line(what text, key text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_variable
DECLARE
  job jobs;
  line text;
BEGIN
  CASE what
    WHEN 'tenant' THEN SELECT json_build_object('tenant', id, 'created_at', iso(created_at), 'retention_days',
        retention_days, 'deleted_at', iso(deleted_at), 'webhook_secrets', (
          SELECT coalesce(json_agg(json_build_object('created_at', iso(s.created_at), 'expires_at', iso(s.expires_at))
            ORDER BY s.created_at), '[]') FROM webhook_secrets s WHERE s.tenant_id = t.id))
      INTO line FROM tenants t WHERE id = key;
    WHEN 'keys' THEN SELECT key_json(k) INTO line FROM api_keys k WHERE prefix = key;
    WHEN 'events' THEN SELECT json_build_object('event_id', id, 'at', iso(at), 'type', type, 'detail', detail)
      INTO line FROM tenant_events WHERE id = key::uuid;
    WHEN 'addresses' THEN SELECT json_build_object('url', address, 'standing', standing, 'failing_since',
        iso(failing_since), 'paused_until', iso(paused_until), 'disabled_at', iso(disabled_at), 'reason', reason)
      INTO line FROM webhook_addresses WHERE id = key::uuid;
    WHEN 'documents' THEN SELECT json_build_object('document_id', d.id, 'name', d.name, 'media_type', d.media_type,
        'bytes', coalesce(o.size_bytes, d.size_bytes), 'sha256', encode(d.sha256, 'hex'),
        'created_at', iso(d.created_at), 'purged_at', iso(d.purged_at), 'chars', d.chars, 'page_starts', d.page_starts,
        'unread_pages', d.unread_pages, 'image_pages', d.image_pages, 'findings', d.findings, 'unread', d.unread,
        'text', CASE WHEN d.text_is_content THEN convert_from(o.content, 'UTF8') ELSE d.text_content END,
        'text_key', CASE WHEN d.text_is_content AND o.content IS NULL THEN d.object_key ELSE d.text_key END,
        'object_key', CASE WHEN o.content IS NULL AND o.stored_at IS NOT NULL THEN d.object_key END,
        'content', replace(encode(o.content, 'base64'), E'\n', ''))
      INTO line FROM documents d LEFT JOIN objects o ON o.key = d.object_key WHERE d.id = key::uuid;
    WHEN 'deliveries' THEN SELECT left(delivery_json(d)::text, -1) || ', "job_id" : ' ||
        coalesce(to_json(d.job_id)::text, 'null') || ', "body" : ' || coalesce(to_json(d.body)::text, 'null') || '}'
      INTO line FROM deliveries d WHERE d.id = key::uuid;
    WHEN 'jobs' THEN
      SELECT * INTO job FROM jobs WHERE id = key::uuid;
      line := left(job_body(job, true, ''), -1) || ', ' || substr(json_build_object('params', job.params,
        'document_id', job.document_id, 'document_name', job.document_name, 'webhook_url', job.webhook_url,
        'webhook_thin', job.webhook_thin, 'max_cost_usd', job.max_cost_usd, 'last_failure', job.last_failure,
        'purged_at', iso(job.purged_at), 'purged', job.purged_at IS NOT NULL)::text, 2);
    WHEN 'trails' THEN SELECT json_build_object('job_id', id, 'digest_key', encode(digest_key, 'hex'), 'events', (
        SELECT coalesce(json_agg(json_build_object('seq', seq, 'at', iso(at), 'type', type, 'status', status,
          'attempt', attempt, 'detail', detail, 'prev_hash', encode(prev_hash, 'hex'), 'hash', encode(hash, 'hex'))
          ORDER BY seq), '[]') FROM job_events WHERE job_id = jobs.id))
      INTO line FROM jobs WHERE id = key::uuid;
    WHEN 'calls' THEN SELECT json_build_object('job_id', key, 'calls', coalesce(json_agg(json_build_object('call_id', id,
        'attempt', attempt, 'model', model, 'started_at', iso(started_at), 'finished_at', iso(finished_at),
        'outcome', outcome, 'outcome_unknown', outcome_unknown, 'rejected', rejected, 'request_id', request_id,
        'input_tokens', input_tokens, 'cache_read_tokens', cache_read_tokens, 'cache_write_tokens',
        cache_write_tokens, 'output_tokens', output_tokens, 'cost_usd', cost_usd, 'answer', answer) ORDER BY id), '[]'))
      INTO line FROM model_calls WHERE job_id = key::uuid;
  END CASE;
  RETURN line;
END $$;

-- A piece of the export: of one kind, after the thing `after`, without the first `skip` characters of the next one's line.
-- Where that line is not the one any more of which so many were given (`stamp`), it begins anew.
CREATE FUNCTION export_page(owner text, what text, after text, skip integer, stamp text, at_most integer)
RETURNS TABLE (id text, piece text, whole integer, mark text, anew boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  room integer := at_most;
BEGIN
  FOR id IN SELECT * FROM export_ids(owner, what, after) LOOP
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
END $$;

-- What is held of a tenant, to be shown before it is deleted.
CREATE FUNCTION tenant_holds(owner text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT jsonb_build_object('tenant', t.id, 'deleted_at', iso(t.deleted_at),
    'jobs', (SELECT count(*) FROM jobs WHERE tenant_id = owner AND purged_at IS NULL),
    'open_jobs', (SELECT count(*) FROM jobs WHERE tenant_id = owner AND status IN ('pending', 'running')),
    'documents', (SELECT count(*) FROM documents WHERE tenant_id = owner AND purged_at IS NULL),
    'bytes', (SELECT coalesce(sum(size_bytes), 0) FROM objects WHERE tenant_id = owner),
    'deliveries', (SELECT count(*) FROM deliveries WHERE tenant_id = owner),
    'keys', (SELECT count(*) FROM api_keys WHERE tenant_id = owner),
    'secrets', (SELECT count(*) FROM webhook_secrets WHERE tenant_id = owner),
    'addresses', (SELECT count(*) FROM webhook_addresses WHERE tenant_id = owner),
    'events', (SELECT count(*) FROM tenant_events WHERE tenant_id = owner))
  FROM tenants t WHERE t.id = owner;
$$;

-- The events of a tenant that was deleted may be deleted; the trail of jobs never.
CREATE FUNCTION refuse_change_of_events() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' AND EXISTS (SELECT FROM tenants WHERE id = OLD.tenant_id AND deleted_at IS NOT NULL) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'the events are append-only: % on % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE OR REPLACE TRIGGER tenant_events_append_only BEFORE UPDATE OR DELETE ON tenant_events
  FOR EACH ROW EXECUTE FUNCTION refuse_change_of_events();

-- A part of a tenant's end; how much is left (0: nothing but the trails and what was paid). Its keys go first, so that
-- nobody hands in more; what came by a key that an authorizer still remembers is deleted by sweep (kept_since).
CREATE FUNCTION delete_tenant(owner text, at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  job jobs;
  each uuid;
  ended uuid[];
  unused uuid[];
BEGIN
  UPDATE tenants SET deleted_at = coalesce(deleted_at, now()) WHERE id = owner;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  DELETE FROM api_keys WHERE tenant_id = owner;
  WITH cancelled AS (
    UPDATE jobs SET status = 'cancelled', completed_at = now(), updated_at = now(), lease_expires_at = NULL
    WHERE id IN (SELECT id FROM jobs WHERE tenant_id = owner AND status IN ('pending', 'running')
      LIMIT at_most FOR UPDATE SKIP LOCKED)
    RETURNING *
  )
  INSERT INTO job_events (job_id, type, status, attempt, detail)
  SELECT id, 'cancelled', status, attempt, jsonb_build_object('reason', 'tenant') FROM cancelled;
  SELECT array_agg(held.id) INTO ended FROM (
    SELECT id FROM jobs WHERE tenant_id = owner AND purged_at IS NULL AND completed_at IS NOT NULL
    ORDER BY completed_at LIMIT at_most FOR UPDATE SKIP LOCKED) held;
  SELECT array_agg(d.id) INTO unused FROM (
    SELECT id FROM documents d WHERE tenant_id = owner AND purged_at IS NULL
      AND NOT EXISTS (SELECT FROM jobs WHERE document_id = d.id) LIMIT at_most) d;
  PERFORM FROM objects WHERE key IN (
    SELECT d.object_key FROM documents d JOIN jobs j ON j.document_id = d.id WHERE j.id = ANY (ended)
    UNION SELECT object_key FROM documents WHERE id = ANY (unused))
  ORDER BY key FOR UPDATE;
  FOR job IN SELECT * FROM jobs WHERE id = ANY (ended) ORDER BY id LOOP
    PERFORM empty_job(job, 'tenant');
  END LOOP;
  FOREACH each IN ARRAY coalesce(unused, '{}') LOOP
    PERFORM forget_document(each);
  END LOOP;
  DELETE FROM idempotency_keys WHERE tenant_id = owner AND job_id IN (
    SELECT id FROM jobs WHERE tenant_id = owner AND purged_at IS NOT NULL);
  DELETE FROM delivery_attempts WHERE delivery_id IN (
    SELECT id FROM deliveries WHERE tenant_id = owner AND job_id IS NULL LIMIT at_most);
  DELETE FROM deliveries d WHERE tenant_id = owner AND job_id IS NULL
    AND NOT EXISTS (SELECT FROM delivery_attempts WHERE delivery_id = d.id);
  DELETE FROM webhook_addresses a WHERE tenant_id = owner
    AND NOT EXISTS (SELECT FROM deliveries d WHERE d.address_id = a.id);
  DELETE FROM webhook_secrets WHERE tenant_id = owner;
  DELETE FROM tenant_events WHERE id IN (SELECT id FROM tenant_events WHERE tenant_id = owner LIMIT at_most * 10);
  RETURN (SELECT count(*) FROM jobs WHERE tenant_id = owner AND purged_at IS NULL)
    + (SELECT count(*) FROM documents WHERE tenant_id = owner AND purged_at IS NULL)
    + (SELECT count(*) FROM deliveries WHERE tenant_id = owner)
    + (SELECT count(*) FROM tenant_events WHERE tenant_id = owner);
END $$;

-- As in 0017; of a tenant that was deleted nothing is kept.
CREATE OR REPLACE FUNCTION kept_since(tenant tenants, default_days integer) RETURNS timestamptz
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN CASE WHEN tenant.deleted_at IS NOT NULL THEN now()
    ELSE now() - make_interval(days => coalesce(tenant.retention_days, default_days)) END;

REVOKE ALL ON FUNCTION export_ids(text, text, text), export_line(text, text),
  export_page(text, text, text, integer, text, integer), tenant_holds(text), delete_tenant(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION export_page(text, text, text, integer, text, integer), tenant_holds(text),
  delete_tenant(text, integer) TO claimcheck_operator;
