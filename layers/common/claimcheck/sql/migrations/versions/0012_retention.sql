-- Hard deletion and retention (docs/retention.md). A purged job keeps its trail and what it cost, and nothing of what
-- was in it. Nothing here reads a whole table: the locks are short. Indexes and the checks of old rows follow in 0013.

ALTER TABLE tenants
  ADD COLUMN retention_days integer,             -- NULL: the deployment's
  ADD COLUMN deleted_at timestamptz,             -- its content is gone, and it gets no other
  ADD CONSTRAINT tenants_retention_days_check CHECK (retention_days BETWEEN 1 AND 3650) NOT VALID;

ALTER TABLE documents
  ADD COLUMN purged_at timestamptz,
  ADD CONSTRAINT documents_purged_is_empty CHECK (purged_at IS NULL OR
    num_nonnulls(name, object_key, text_content, text_key, chars, page_starts, unread_pages, image_pages, findings,
      unread, upload_until) = 0
    AND media_type = '' AND size_bytes = 0 AND NOT text_is_content AND sha256 = decode(repeat('00', 32), 'hex'))
    NOT VALID;

ALTER TABLE jobs
  ADD COLUMN purged_at timestamptz,
  ADD COLUMN result_apart boolean,               -- a result may lie in the bucket; NULL: accepted before this version
  -- Of a purged job alone, which the version before shows without its document.
  -- squawk-ignore ban-drop-not-null
  ALTER COLUMN document_id DROP NOT NULL,
  ADD CONSTRAINT jobs_document_or_purged CHECK (document_id IS NOT NULL OR purged_at IS NOT NULL) NOT VALID,
  -- Of an error its code stays, which the trail says as well.
  ADD CONSTRAINT jobs_purged_is_empty CHECK (purged_at IS NULL OR
    completed_at IS NOT NULL AND params = '{}' AND metadata = '{}' AND error - 'code' IS NOT DISTINCT FROM
      CASE WHEN error IS NOT NULL THEN '{}'::jsonb END
    AND num_nonnulls(document_id, document_name, document_until, webhook_url, digest_key, result, last_failure) = 0)
    NOT VALID;
ALTER TABLE jobs ALTER COLUMN result_apart SET DEFAULT false;

-- As in 0003; and what was purged stays what it is.
CREATE OR REPLACE FUNCTION refuse_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.status, NEW.status) NOT IN (
    ('pending', 'running'), ('pending', 'failed'), ('pending', 'cancelled'),
    ('running', 'pending'), ('running', 'completed'), ('running', 'partial'),
    ('running', 'failed'), ('running', 'cancelled'), ('failed', 'pending')
  ) OR OLD.purged_at IS NOT NULL THEN
    RAISE EXCEPTION 'a job may not go from % to %', OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'jobs_transition';
  END IF;
  RETURN NEW;
END $$;

-- A worker that was in the middle of a call when its job was purged: what it cost is written, what it said is not.
CREATE FUNCTION forget_answer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM jobs WHERE id = NEW.job_id AND purged_at IS NOT NULL) THEN
    NEW.answer := NULL;
    NEW.question_sha256 := NULL;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER model_calls_purged BEFORE UPDATE OF answer ON model_calls
  FOR EACH ROW WHEN (NEW.answer IS NOT NULL) EXECUTE FUNCTION forget_answer();

-- What has to leave the bucket: written in the transaction that takes its last name away, worked off by sweep. A row
-- stays until what was on its way to the bucket at that time must have arrived, and everything was deleted once more.
CREATE TABLE deletions (
  key text PRIMARY KEY,                          -- of an object, or what several keys begin with
  tenant_id text NOT NULL REFERENCES tenants,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  due_at timestamptz NOT NULL DEFAULT now(),
  leased_until timestamptz                       -- somebody is deleting it
);
CREATE INDEX deletions_due ON deletions (due_at);

CREATE FUNCTION delete_from_bucket(owner text, named text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  INSERT INTO deletions (tenant_id, key) VALUES (owner, named)
  ON CONFLICT (key) DO UPDATE SET requested_at = clock_timestamp(), due_at = now();
$$;

-- Bytes that are to lie in the bucket. Whoever makes their row takes back their deletion, or is refused while it is
-- being carried out: what is put there now would be lost. One that says that they are there already finds the row of
-- whoever put them there: where it went meanwhile, so did the bytes.
CREATE FUNCTION keep_in_bucket() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  named text := 'documents/' || NEW.tenant_id || '/' || encode(NEW.sha256, 'hex');
BEGIN
  IF NEW.stored_at IS NOT NULL THEN
    PERFORM FROM objects WHERE key = named FOR KEY SHARE;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'these bytes were deleted meanwhile'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'objects_wanted_first';
    END IF;
    RETURN NEW;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended(named, 1)); -- as take_deletions does
  DELETE FROM deletions WHERE key = named AND (leased_until IS NULL OR leased_until <= clock_timestamp());
  IF EXISTS (SELECT FROM deletions WHERE key = named) THEN
    RAISE EXCEPTION 'these bytes are being deleted at this moment'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'objects_leaving';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER objects_in_bucket BEFORE INSERT ON objects
  FOR EACH ROW WHEN (NEW.content IS NULL) EXECUTE FUNCTION keep_in_bucket();

-- Takes deletions that are due, for so many seconds. What is wanted again by now is left where it is.
CREATE FUNCTION take_deletions(at_most integer, lease_s double precision)
RETURNS TABLE (key text, requested_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  each record;
BEGIN
  FOR each IN SELECT d.key, d.requested_at FROM deletions d
    WHERE d.due_at <= now() AND (d.leased_until IS NULL OR d.leased_until <= clock_timestamp())
    ORDER BY d.due_at LIMIT at_most FOR UPDATE SKIP LOCKED
  LOOP
    CONTINUE WHEN NOT pg_try_advisory_xact_lock(hashtextextended(each.key, 1));
    IF EXISTS (SELECT FROM objects o WHERE o.key = each.key AND o.content IS NULL) THEN
      DELETE FROM deletions d WHERE d.key = each.key;
    ELSE
      UPDATE deletions d SET leased_until = clock_timestamp() + make_interval(secs => lease_s) WHERE d.key = each.key;
      key := each.key;
      requested_at := each.requested_at;
      RETURN NEXT;
    END IF;
  END LOOP;
END $$;

-- A document that nobody names any more: of its row the id stays. Its object's row is held by the caller, then its own:
-- whoever names either of them holds it until that is committed, and is seen by what is asked after.
CREATE FUNCTION forget_document(forgotten uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  document record;
  object record;
BEGIN
  SELECT * INTO document FROM documents WHERE id = forgotten AND purged_at IS NULL FOR UPDATE;
  IF NOT FOUND OR EXISTS (SELECT FROM jobs WHERE document_id = forgotten) THEN
    RETURN;
  END IF;
  UPDATE documents SET name = NULL, media_type = '', size_bytes = 0, sha256 = decode(repeat('00', 32), 'hex'),
    object_key = NULL, text_content = NULL, text_key = NULL, text_is_content = false, chars = NULL,
    page_starts = NULL, unread_pages = NULL, image_pages = NULL, findings = NULL, unread = NULL,
    upload_until = NULL, purged_at = now()
  WHERE id = forgotten;
  -- A text of up to 262,144 characters is in the row; one that is being read may turn out to be longer.
  IF document.text_key IS NOT NULL OR coalesce(document.chars > 200000, true) THEN
    PERFORM delete_from_bucket(document.tenant_id, 'texts/' || document.tenant_id || '/' || forgotten);
  END IF;
  IF EXISTS (SELECT FROM documents WHERE object_key = document.object_key) THEN
    RETURN;
  END IF;
  DELETE FROM objects WHERE key = document.object_key RETURNING content IS NULL AS in_bucket INTO object;
  IF object.in_bucket OR document.upload_until IS NOT NULL THEN
    PERFORM delete_from_bucket(document.tenant_id, document.object_key);
  END IF;
END $$;

-- Everything that was in a final job, whose row the caller holds. One order of locks: jobs, objects, documents, calls,
-- deliveries, addresses.
CREATE FUNCTION empty_job(job jobs, why text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  named uuid[];
BEGIN
  PERFORM FROM objects WHERE key = (SELECT object_key FROM documents WHERE id = job.document_id) FOR UPDATE;
  UPDATE jobs SET params = '{}', metadata = '{}', result = NULL, last_failure = NULL, digest_key = NULL,
    error = CASE WHEN jobs.error IS NOT NULL THEN jsonb_build_object('code', jobs.error -> 'code') END,
    document_id = NULL, document_name = NULL, document_until = NULL, webhook_url = NULL,
    progress_done = 0, progress_total = 1, purged_at = now(), updated_at = now()
  WHERE id = job.id;
  INSERT INTO job_events (job_id, type, status, attempt, detail)
  VALUES (job.id, 'purged', job.status, job.attempt, jsonb_build_object('reason', why));
  PERFORM forget_document(job.document_id);
  IF job.attempt > 0 AND (job.result_apart IS NOT FALSE OR octet_length(job.result::text) > 1000000) THEN
    PERFORM delete_from_bucket(job.tenant_id, 'results/' || job.tenant_id || '/' || job.id);
  END IF;
  UPDATE model_calls SET answer = NULL, question_sha256 = NULL
  WHERE job_id = job.id AND num_nonnulls(answer, question_sha256) > 0;
  DELETE FROM idempotency_keys WHERE job_id = job.id;
  -- Nobody makes an attempt of what is held; what is on its way finds nothing to be recorded in.
  SELECT array_agg(d.address_id) INTO named FROM (
    SELECT address_id FROM deliveries WHERE job_id = job.id ORDER BY id FOR UPDATE) d;
  IF named IS NOT NULL THEN
    DELETE FROM delivery_attempts WHERE delivery_id IN (SELECT id FROM deliveries WHERE job_id = job.id);
    DELETE FROM deliveries WHERE job_id = job.id;
    PERFORM forget_addresses(named);
  END IF;
END $$;

-- Addresses in good standing that no delivery goes to. One that fails or is disabled is remembered.
CREATE FUNCTION forget_addresses(named uuid[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  held uuid[];
BEGIN
  SELECT array_agg(a.id) INTO held FROM (
    SELECT id FROM webhook_addresses WHERE id = ANY (named) AND num_nonnulls(failing_since, disabled_at) = 0
      AND NOT EXISTS (SELECT FROM deliveries d WHERE d.address_id = webhook_addresses.id)
    ORDER BY id FOR UPDATE) a;
  DELETE FROM webhook_addresses a WHERE a.id = ANY (held)
    AND NOT EXISTS (SELECT FROM deliveries d WHERE d.address_id = a.id);
END $$;

-- As in 0008; an address that is found is held until the delivery is there: nobody forgets it meanwhile.
CREATE OR REPLACE FUNCTION place_delivery() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  named text := webhook_address(NEW.url);
BEGIN
  WHILE NEW.address_id IS NULL LOOP
    INSERT INTO webhook_addresses (tenant_id, address) VALUES (NEW.tenant_id, named) ON CONFLICT DO NOTHING;
    SELECT id INTO NEW.address_id FROM webhook_addresses
    WHERE tenant_id = NEW.tenant_id AND address_digest(address) = address_digest(named) FOR KEY SHARE;
  END LOOP;
  IF NEW.status <> 'pending' THEN
    NEW.in_flight_until := NULL;
    NEW.returns_to := NULL;
    NEW.resumes_at := NULL;
  ELSIF TG_OP = 'UPDATE' AND NEW.attempt = OLD.attempt AND NEW.next_attempt_at <> OLD.next_attempt_at
      AND NEW.in_flight_until IS NOT DISTINCT FROM OLD.in_flight_until THEN
    NEW.in_flight_until := NULL;
  END IF;
  RETURN NEW;
END $$;

-- `DELETE /jobs/{id}`: gone, gone before, open (to be cancelled first), or NULL for another tenant's or none.
CREATE FUNCTION purge_job(asked uuid, owner text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  job jobs;
BEGIN
  SELECT * INTO job FROM jobs WHERE id = asked AND tenant_id = owner FOR UPDATE;
  IF NOT FOUND THEN
    RETURN NULL;
  ELSIF job.purged_at IS NOT NULL THEN
    RETURN 'gone before';
  ELSIF job.completed_at IS NULL THEN
    RETURN 'open';
  END IF;
  PERFORM empty_job(job, 'request');
  RETURN 'gone';
END $$;

-- `DELETE /documents/{id}`: gone, gone before, in use (a job names it), or NULL for another tenant's or none.
CREATE FUNCTION purge_document(asked uuid, owner text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  found_at timestamptz;
BEGIN
  PERFORM FROM objects WHERE key = (SELECT object_key FROM documents WHERE id = asked AND tenant_id = owner) FOR UPDATE;
  SELECT purged_at INTO found_at FROM documents WHERE id = asked AND tenant_id = owner FOR UPDATE;
  IF NOT FOUND THEN
    RETURN NULL;
  ELSIF found_at IS NOT NULL THEN
    RETURN 'gone before';
  ELSIF EXISTS (SELECT FROM jobs WHERE document_id = asked) THEN
    RETURN 'in use';
  END IF;
  PERFORM forget_document(asked);
  RETURN 'gone';
END $$;

-- Bytes that came although nobody waits for them, or that are in their row already.
CREATE FUNCTION discard_object(arrived text, owner text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(arrived, 1));
  IF NOT EXISTS (SELECT FROM objects WHERE key = arrived AND content IS NULL)
      AND EXISTS (SELECT FROM tenants WHERE id = owner) THEN
    PERFORM delete_from_bucket(owner, arrived);
  END IF;
END $$;

-- These do their work for whoever may call them, and for the tenant that they are told; nobody may do it by hand.
REVOKE ALL ON FUNCTION purge_job(uuid, text), purge_document(uuid, text), discard_object(text, text),
  take_deletions(integer, double precision), delete_from_bucket(text, text), forget_document(uuid),
  empty_job(jobs, text), forget_addresses(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION purge_job(uuid, text), purge_document(uuid, text) TO claimcheck_api;
GRANT EXECUTE ON FUNCTION discard_object(text, text), take_deletions(integer, double precision) TO claimcheck_worker;
GRANT SELECT, UPDATE (due_at, leased_until), DELETE ON deletions TO claimcheck_worker;
GRANT UPDATE (result_apart) ON jobs TO claimcheck_worker;
