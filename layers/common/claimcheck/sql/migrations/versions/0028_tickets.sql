-- What a client waits for, as functions: the backend keeps their plans, also behind a multiplexer, where a prepared
-- statement would pin the connection. Planning these statements anew took longer than running them (bench/ticket.py).
-- Each says itself for whom it works, so that it needs no other statement before it.

-- As act_for_tenant (0011), inside a function: a transaction that works for one tenant cannot ask for another's.
CREATE FUNCTION work_for_tenant(tenant text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce(current_setting('claimcheck.tenant', true), '') NOT IN ('', tenant) THEN
    RAISE EXCEPTION 'the transaction works for another tenant' USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM set_config('claimcheck.tenant', tenant, true);
END $$;

-- Takes a job: bytes, document, job, first event and idempotency key stand or fall together. `open` is false where a
-- twin with the same key is being worked on at this moment; `refusal` is a limit of the tenant (0018); `first_*` is what
-- the first request with this key made. Neither of these nor a job: there is no such document.
CREATE FUNCTION accept_job(
  tenant text, route text, asked jsonb, urgency text, extra jsonb, hook text, thin boolean, most_usd numeric,
  cancel_after_s double precision, trace text,
  key_given text, body_digest bytea, keep_key_s double precision,
  named_document uuid, given_name text, given_type text, bytes bigint, digest bytea, place text, given_content bytea,
  upload_wait_s double precision,
  jobs_in_flight integer, usd_per_day numeric, document_bytes bigint,
  OUT open boolean, OUT refusal jsonb, OUT job_id text, OUT created_at text, OUT waits boolean,
  OUT first_id text, OUT first_at text, OUT first_body bytea
) LANGUAGE plpgsql AS $$
DECLARE
  job record;
  document record;
  weight bigint := bytes;
BEGIN
  PERFORM work_for_tenant(tenant);
  open := key_given IS NULL
    OR pg_try_advisory_xact_lock(hashtextextended(tenant || E'\n' || route || E'\n' || key_given, 0));
  IF NOT open THEN
    RETURN;
  END IF;
  IF key_given IS NOT NULL THEN
    SELECT j.id, iso(j.created_at), k.body_sha256 INTO first_id, first_at, first_body
    FROM idempotency_keys k JOIN jobs j ON j.id = k.job_id
    WHERE k.tenant_id = tenant AND k.route = accept_job.route AND k.key = key_given
      AND k.created_at >= now() - make_interval(secs => keep_key_s);
    IF FOUND THEN
      RETURN;
    END IF;
  END IF;
  IF named_document IS NOT NULL THEN
    SELECT d.size_bytes INTO weight FROM documents d WHERE d.id = named_document AND d.tenant_id = tenant;
  END IF;
  refusal := tenant_refusal(tenant, weight, true, jobs_in_flight, usd_per_day, document_bytes);
  IF refusal IS NOT NULL THEN
    RETURN;
  END IF;
  IF named_document IS NULL THEN
    -- Not even tried where the bytes are known: a conflict would lock their row.
    IF NOT EXISTS (SELECT FROM objects o
        WHERE o.tenant_id = tenant AND o.sha256 = digest AND o.stored_at IS NOT NULL) THEN
      INSERT INTO objects AS o (tenant_id, sha256, content, size_bytes, stored_at)
      VALUES (tenant, digest, given_content, bytes, now())
      ON CONFLICT (key) DO UPDATE SET content = excluded.content, size_bytes = excluded.size_bytes,
        stored_at = excluded.stored_at, touched_at = now()
      WHERE o.stored_at IS NULL;
    END IF;
    INSERT INTO documents AS d (tenant_id, name, media_type, size_bytes, sha256, object_key)
    VALUES (tenant, given_name, given_type, bytes, digest, place)
    RETURNING d.id, d.sha256, false AS waits INTO document;
  ELSE
    -- Its object is held until the commit: bytes that arrive at this moment find the job. After all that others may
    -- hold: who waits here for its turn holds nothing that they need.
    SELECT d.id, d.sha256, o.stored_at IS NULL AS waits INTO document
    FROM documents d JOIN objects o ON o.key = d.object_key
    WHERE d.id = named_document AND d.tenant_id = tenant AND (o.stored_at IS NOT NULL OR d.upload_until > now())
    FOR SHARE OF o;
    IF NOT FOUND THEN
      RETURN;
    END IF;
    IF document.waits THEN
      UPDATE documents d
      SET upload_until = greatest(d.upload_until, now() + make_interval(secs => upload_wait_s))
      WHERE d.id = document.id;
    END IF;
  END IF;
  INSERT INTO jobs AS j (id, tenant_id, task, priority, document_id, document_name, params, metadata, webhook_url,
    webhook_thin, max_cost_usd, cancel_at, document_until, traceparent)
  VALUES (uuidv7(), tenant, route, urgency, document.id, CASE WHEN named_document IS NOT NULL THEN given_name END,
    asked, extra, hook, thin, most_usd, now() + make_interval(secs => cancel_after_s),
    CASE WHEN document.waits THEN now() + make_interval(secs => upload_wait_s) END, trace)
  RETURNING j.id, j.created_at, j.status, j.params, j.digest_key INTO job;
  INSERT INTO job_events (job_id, type, status, attempt, detail)
  VALUES (job.id, 'accepted', job.status, 0, jsonb_build_object(
    'task', route,
    'input_digest', keyed_digest(job.digest_key,
      convert_to(jsonb_build_object('task', route, 'params', job.params)::text, 'UTF8')),
    'document_digest', keyed_digest(job.digest_key, document.sha256))
    || CASE WHEN document.waits THEN jsonb_build_object('waits_for', 'document') ELSE '{}' END);
  IF key_given IS NOT NULL THEN -- where there is one still, its time is over
    INSERT INTO idempotency_keys AS k (tenant_id, route, key, body_sha256, job_id)
    VALUES (tenant, route, key_given, body_digest, job.id)
    ON CONFLICT ON CONSTRAINT idempotency_keys_pkey DO UPDATE
    SET body_sha256 = excluded.body_sha256, job_id = excluded.job_id, created_at = now();
  END IF;
  job_id := job.id;
  created_at := iso(job.created_at);
  waits := document.waits;
END $$;

-- A tenant's job as the API shows it; job_id is NULL where there is none. Built where the row is: one round trip, and
-- jsonb's numbers arrive as they were stored. A result that makes it longer than most_bytes stays here.
CREATE FUNCTION find_job(
  tenant text, job uuid, base text, most_bytes bigint,
  OUT job_id text, OUT status text, OUT attempt integer, OUT version text, OUT body text, OUT result_left_out boolean,
  OUT purged_at text
) LANGUAGE plpgsql AS $$
DECLARE
  found_job jobs;
BEGIN
  PERFORM work_for_tenant(tenant);
  SELECT * INTO found_job FROM jobs WHERE id = job AND tenant_id = tenant;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  job_id := found_job.id;
  status := found_job.status;
  attempt := found_job.attempt;
  version := found_job.attempt || '-' || (extract(epoch FROM found_job.updated_at) * 1000000)::bigint;
  purged_at := iso(found_job.purged_at);
  body := job_body(found_job, true, base);
  result_left_out := found_job.result IS NOT NULL AND octet_length(body) > most_bytes;
  IF result_left_out THEN
    body := job_body(found_job, false, base);
  END IF;
END $$;

ALTER FUNCTION work_for_tenant(text) OWNER TO claimcheck_owner;
ALTER FUNCTION accept_job(text, text, jsonb, text, jsonb, text, boolean, numeric, double precision, text, text, bytea,
  double precision, uuid, text, text, bigint, bytea, text, bytea, double precision, integer, numeric, bigint)
  OWNER TO claimcheck_owner;
ALTER FUNCTION find_job(text, uuid, text, bigint) OWNER TO claimcheck_owner;
REVOKE EXECUTE ON FUNCTION work_for_tenant(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION work_for_tenant(text) TO claimcheck_api;
REVOKE EXECUTE ON FUNCTION accept_job(text, text, jsonb, text, jsonb, text, boolean, numeric, double precision, text,
  text, bytea, double precision, uuid, text, text, bigint, bytea, text, bytea, double precision, integer, numeric, bigint)
  FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION find_job(text, uuid, text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accept_job(text, text, jsonb, text, jsonb, text, boolean, numeric, double precision, text,
  text, bytea, double precision, uuid, text, text, bigint, bytea, text, bytea, double precision, integer, numeric, bigint)
  TO claimcheck_api;
GRANT EXECUTE ON FUNCTION find_job(text, uuid, text, bigint) TO claimcheck_api;
