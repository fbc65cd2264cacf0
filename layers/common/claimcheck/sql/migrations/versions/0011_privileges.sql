-- Everything belongs to claimcheck_owner, as whom later migrations run; the roles of functions own nothing, and may
-- do what their statements do (docs/database.md has it as a table). A version before this one connects as the user
-- that migrated: it is a member of the owner and works on.

DO $$
DECLARE
  each text;
BEGIN
  IF NOT pg_has_role(current_user, 'claimcheck_owner', 'SET') OR NOT pg_has_role(current_user, 'claimcheck_owner', 'USAGE')
  THEN
    BEGIN
      EXECUTE format('GRANT claimcheck_owner TO %I WITH INHERIT TRUE, SET TRUE', current_user);
    EXCEPTION WHEN insufficient_privilege THEN
      RAISE EXCEPTION '% is no member of claimcheck_owner', current_user USING ERRCODE = 'CLM01',
        HINT = format('Have an administrator run: GRANT claimcheck_owner TO %I.', current_user);
    END;
  END IF;
  FOREACH each IN ARRAY ARRAY['owner', 'api', 'worker', 'auth', 'operator'] LOOP
    IF NOT has_schema_privilege('claimcheck_' || each, 'public', 'USAGE') THEN
      EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', 'claimcheck_' || each);
    END IF;
  END LOOP;
  IF NOT has_schema_privilege('claimcheck_owner', 'public', 'CREATE') THEN
    GRANT CREATE ON SCHEMA public TO claimcheck_owner;
  END IF;
  IF NOT has_schema_privilege('claimcheck_owner', 'public', 'CREATE') THEN
    RAISE EXCEPTION 'claimcheck_owner may not create anything in the schema public' USING ERRCODE = 'CLM01',
      HINT = 'Migrate as the owner of the database, or have him run: GRANT CREATE ON SCHEMA public TO claimcheck_owner.';
  END IF;
  -- Nobody who works here needs a temporary table, in which a name of ours could hide.
  IF (SELECT pg_has_role(current_user, datdba, 'USAGE') FROM pg_database WHERE datname = current_database()) THEN
    EXECUTE format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
  END IF;
END $$;

DO $$
DECLARE
  each regclass;
  routine regprocedure;
BEGIN
  FOREACH each IN ARRAY ARRAY['tenants', 'api_keys', 'webhook_secrets', 'documents', 'jobs', 'job_events', 'model_calls',
    'deliveries', 'delivery_attempts', 'heartbeats', 'idempotency_keys', 'model_circuits', 'objects',
    'webhook_addresses', 'tenant_events', 'schema_version']::regclass[]
  LOOP
    EXECUTE format('ALTER TABLE %s OWNER TO claimcheck_owner', each);
  END LOOP;
  FOR routine IN SELECT oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname IN ('iso',
    'keyed_digest', 'refuse_transition', 'seal_event', 'refuse_change', 'begin_model_call', 'note_health', 'job_body',
    'document_arrived', 'document_body', 'event_body', 'webhook_address', 'address_digest', 'place_delivery',
    'take_deliveries', 'delivery_json')
  LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO claimcheck_owner', routine);
  END LOOP;
END $$;

-- What these triggers do, they do for the table and not for whoever writes to it: the chain of a trail goes on from its
-- last event, whoever may see it, and a delivery's address is known, whoever may write addresses.
ALTER FUNCTION seal_event() SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION place_delivery() SECURITY DEFINER SET search_path = public, pg_temp;

-- As whom a statement works: for the rest of its transaction and no longer. A function, because RDS Proxy takes
-- `SET` and `set_config` in a statement for a change of the session, and would keep the connection for it.
CREATE FUNCTION act_for_tenant(tenant text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM set_config('claimcheck.tenant', tenant, true);
END $$;
ALTER FUNCTION act_for_tenant(text) OWNER TO claimcheck_owner;

-- submit, documents, status, webhooks. Of a job: its acceptance, its end by its owner's wish, its second start. Never
-- what it was asked, what came of it, what it cost.
GRANT SELECT ON jobs, documents, objects, job_events, deliveries, delivery_attempts, webhook_addresses, webhook_secrets,
  idempotency_keys, tenant_events, schema_version TO claimcheck_api;
GRANT INSERT (id, tenant_id, task, priority, document_id, document_name, params, metadata, webhook_url, webhook_thin,
    max_cost_usd, cancel_at, document_until),
  UPDATE (status, error, completed_at, updated_at, lease_expires_at, failures, waits, lost_leases, accepted_at,
    available_at, rung_at, rings, cancel_at, document_until) ON jobs TO claimcheck_api;
GRANT INSERT (tenant_id, name, media_type, size_bytes, sha256, object_key, upload_until), UPDATE (upload_until)
  ON documents TO claimcheck_api;
GRANT INSERT (tenant_id, sha256, content, size_bytes, stored_at),
  UPDATE (content, size_bytes, stored_at, touched_at, looks) ON objects TO claimcheck_api;
GRANT INSERT (job_id, type, status, attempt, detail) ON job_events TO claimcheck_api;
GRANT SELECT (job_id, attempt, finished_at, outcome, worst_usd, outcome_unknown), UPDATE (rejected)
  ON model_calls TO claimcheck_api;
GRANT INSERT (tenant_id, route, key, body_sha256, job_id), UPDATE (body_sha256, job_id, created_at)
  ON idempotency_keys TO claimcheck_api;
GRANT INSERT (tenant_id, job_id, event_type, url, body, returns_to),
  UPDATE (status, attempt, next_attempt_at, completed_at, returns_to, resumes_at, in_flight_until, losses, body)
  ON deliveries TO claimcheck_api;
GRANT INSERT (delivery_id, attempt, at, url, replay, lost), UPDATE (lost, error) ON delivery_attempts TO claimcheck_api;
GRANT UPDATE (disabled_at, reason, failing_since, failed_at, paused_until) ON webhook_addresses TO claimcheck_api;
GRANT INSERT (tenant_id, sealed), UPDATE (expires_at), DELETE ON webhook_secrets TO claimcheck_api;
GRANT INSERT (tenant_id, type, detail) ON tenant_events TO claimcheck_api;

-- process, uploads, record, sweep, deadletters.
GRANT SELECT ON jobs, documents, objects, model_calls, model_circuits, deliveries, delivery_attempts, webhook_addresses,
  webhook_secrets, idempotency_keys, heartbeats TO claimcheck_worker;
GRANT UPDATE (status, attempt, failures, waits, lost_leases, last_failure, result, error, progress_done, progress_total,
    model, calls, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, cost_usd, accepted_at,
    available_at, rung_at, rings, started_at, completed_at, updated_at, lease_expires_at, document_until)
  ON jobs TO claimcheck_worker;
GRANT UPDATE (text_content, text_key, text_is_content, chars, page_starts, unread_pages, image_pages, findings, unread)
  ON documents TO claimcheck_worker;
GRANT UPDATE (stored_at, size_bytes, looked_at, looks) ON objects TO claimcheck_worker;
GRANT INSERT (job_id, type, status, attempt, detail) ON job_events TO claimcheck_worker;
GRANT INSERT (id, job_id, attempt, model, question_sha256, worst_usd), UPDATE (finished_at, outcome, request_id,
    input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, cost_usd, answer, outcome_unknown, rejected)
  ON model_calls TO claimcheck_worker;
GRANT INSERT, UPDATE ON model_circuits, heartbeats TO claimcheck_worker;
GRANT INSERT (tenant_id, job_id, event_type, url, body),
  UPDATE (status, attempt, failures, next_attempt_at, completed_at, returns_to, resumes_at, in_flight_until, losses,
    body) ON deliveries TO claimcheck_worker;
GRANT INSERT (delivery_id, attempt, at, url, status_code, duration_ms, error, response_head, replay, lost),
  UPDATE (at, status_code, duration_ms, error, response_head, lost) ON delivery_attempts TO claimcheck_worker;
GRANT UPDATE (standing, failing_since, failed_at, paused_until, disabled_at, reason) ON webhook_addresses
  TO claimcheck_worker;
GRANT INSERT (tenant_id, sealed) ON webhook_secrets TO claimcheck_worker; -- a tenant's first one
GRANT INSERT (tenant_id, type, detail) ON tenant_events TO claimcheck_worker;
GRANT UPDATE (created_at), DELETE ON idempotency_keys TO claimcheck_worker; -- UPDATE: to hold the rows it deletes

GRANT SELECT ON api_keys TO claimcheck_auth;

-- Tenants and their keys.
GRANT SELECT, INSERT, UPDATE ON tenants, api_keys TO claimcheck_operator;
GRANT INSERT (tenant_id, type, detail) ON tenant_events TO claimcheck_operator;

-- Alembic's next statement, and every later migration, is the owner's.
SET ROLE claimcheck_owner;
