-- Economy jobs (docs/economy.md). A question is not called for: it is parked, with others it makes a batch, and what the
-- batch says of it is a paid answer like any other. A parked question is a row of model_calls that has not ended, so that
-- what it may cost is reserved as for a call, and a row of batch_requests until its result is there.

ALTER TABLE jobs
  ADD COLUMN economy_fallback text,                      -- of an economy job: what follows when a batch ends without its answer
  ADD COLUMN fell_back boolean NOT NULL DEFAULT false,   -- from now on it is called for, question by question
  ADD CONSTRAINT jobs_economy_fallback_check CHECK (economy_fallback IN ('standard', 'fail')) NOT VALID;
ALTER TABLE model_calls ADD COLUMN batch uuid;           -- in whose results its end was read; NULL: a call of its own

CREATE TABLE batches (
  id uuid PRIMARY KEY,
  model text NOT NULL,
  requests integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),         -- the intent: before the API is asked for anything
  due_at timestamptz NOT NULL,                           -- looked at next; whoever looks pushes it ahead
  looks integer NOT NULL DEFAULT 0,
  sent_at timestamptz,                                   -- when its name was written down
  api_id text UNIQUE,                                    -- its name at the API
  expires_at timestamptz,                                -- when the API gives it up
  foreign_ids text[] NOT NULL DEFAULT '{}',              -- batches of others that were taken for it at first
  closed_at timestamptz,                                 -- nothing more will come of it
  outcome text,
  CONSTRAINT batches_closed CHECK ((closed_at IS NULL) = (outcome IS NULL))
);
CREATE INDEX batches_due ON batches (due_at) WHERE closed_at IS NULL;
CREATE INDEX batches_closed ON batches (closed_at) WHERE closed_at IS NOT NULL;

CREATE TABLE batch_requests (
  call_id uuid PRIMARY KEY REFERENCES model_calls ON DELETE CASCADE,
  job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
  model text NOT NULL,
  parked_at timestamptz NOT NULL DEFAULT now(),
  bytes integer NOT NULL,
  body bytea,                                            -- what the API is asked, until the batch's name is known:
  body_key text,                                         -- here, or in the bucket; neither where the job was purged
  at_most integer,                                       -- in one batch: one with more was refused
  batch uuid REFERENCES batches
) WITH (fillfactor = 80);
CREATE INDEX batch_requests_job ON batch_requests (job_id);
CREATE INDEX batch_requests_parked ON batch_requests (model, parked_at) INCLUDE (call_id, bytes) WHERE batch IS NULL;
CREATE INDEX batch_requests_batch ON batch_requests (batch) WHERE batch IS NOT NULL;

-- As begin_model_call_within (0018), for a question that is to wait for a batch. `waits`: it does, since now or before. Said
-- again after a lost connection it finds its own work done.
CREATE FUNCTION park_call(
  asking_job uuid, fence integer, parking uuid, asked_model text, question bytea, worst numeric, usd_per_day numeric,
  size integer, content bytea, place text,
  OUT paid_id uuid, OUT answer text, OUT outcome text, OUT over_cap boolean, OUT over_day text, OUT resets_s integer,
  OUT waits boolean
) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM jobs WHERE id = asking_job AND attempt = fence AND status = 'running'
    AND (cancel_at IS NULL OR cancel_at > now()) FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  over_cap := false;
  waits := EXISTS (SELECT FROM batch_requests r JOIN model_calls c ON c.id = r.call_id
    WHERE r.job_id = asking_job AND c.question_sha256 = question AND c.finished_at IS NULL);
  IF NOT waits THEN
    SELECT b.* INTO paid_id, answer, outcome, over_cap, over_day, resets_s
    FROM begin_model_call_within(asking_job, fence, parking, asked_model, question, worst, usd_per_day) b;
    waits := paid_id IS NULL AND NOT over_cap AND over_day IS NULL;
    IF waits THEN
      INSERT INTO batch_requests (call_id, job_id, model, bytes, body, body_key)
      VALUES (parking, asking_job, asked_model, size, content, place);
    END IF;
  END IF;
  RETURN NEXT;
END $$;

-- A running job back to pending, to be woken by the last of its results; at once where that is there by now. `due_s`: when
-- it is due. No row where the fence is lost; asked again, it finds its own work done.
CREATE FUNCTION park_job(parked uuid, fence integer, code text, message text, hold_s float8, OUT due_s float8)
RETURNS SETOF float8 LANGUAGE plpgsql AS $$
DECLARE
  job jobs;
  open integer;
BEGIN
  SELECT * INTO job FROM jobs WHERE id = parked AND attempt = fence FOR NO KEY UPDATE;
  IF NOT FOUND OR job.status NOT IN ('running', 'pending') THEN
    RETURN;
  END IF;
  IF job.status = 'running' THEN
    SELECT count(*) INTO open FROM batch_requests WHERE job_id = parked; -- by now: who settles one holds the job
    UPDATE jobs SET status = 'pending', lease_expires_at = NULL, waits = 0, rings = 1, rung_at = now(), updated_at = now(),
      available_at = now() + CASE WHEN open > 0 THEN make_interval(secs => hold_s) ELSE interval '0' END,
      last_failure = jsonb_build_object('code', code, 'message', message)
    WHERE id = parked RETURNING * INTO job;
    INSERT INTO job_events (job_id, type, status, attempt, detail)
    VALUES (parked, 'batched', job.status, fence, jsonb_build_object('code', code, 'questions', open));
  END IF;
  due_s := greatest(0, extract(epoch FROM job.available_at - now()))::float8;
  RETURN NEXT;
END $$;

-- A question that was never sent, and whose job has ended: nothing was paid for it. The caller holds the job.
CREATE FUNCTION withdraw_request(withdrawn uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  request batch_requests;
BEGIN
  UPDATE model_calls SET finished_at = now(), outcome = 'withdrawn', input_tokens = 0, cache_read_tokens = 0,
    cache_write_tokens = 0, output_tokens = 0, cost_usd = 0
  WHERE id = withdrawn AND finished_at IS NULL;
  DELETE FROM batch_requests WHERE call_id = withdrawn RETURNING * INTO request;
  IF request.body_key IS NOT NULL THEN
    PERFORM delete_from_bucket(j.tenant_id, request.body_key) FROM jobs j WHERE j.id = request.job_id;
  END IF;
END $$;

-- A job that ends takes back what was not sent yet; what was is paid for, and its result is noted when it comes.
CREATE FUNCTION withdraw_requests() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM withdraw_request(call_id) FROM (
    SELECT call_id FROM batch_requests WHERE job_id = NEW.id AND batch IS NULL ORDER BY call_id FOR UPDATE) r;
  RETURN NULL;
END $$;
CREATE TRIGGER jobs_withdraw AFTER UPDATE OF completed_at ON jobs FOR EACH ROW
  WHEN (NEW.priority = 'economy' AND OLD.completed_at IS NULL AND NEW.completed_at IS NOT NULL)
  EXECUTE FUNCTION withdraw_requests();

-- A purged job's questions hold its document: they go with it, whatever has become of them.
CREATE FUNCTION purge_requests() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE batch_requests SET body = NULL, body_key = NULL WHERE job_id = NEW.id;
  IF NEW.attempt > 0 THEN
    PERFORM delete_from_bucket(NEW.tenant_id, 'requests/' || NEW.tenant_id || '/' || NEW.id);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER jobs_purge_requests AFTER UPDATE OF purged_at ON jobs FOR EACH ROW
  WHEN (NEW.priority = 'economy' AND OLD.purged_at IS NULL AND NEW.purged_at IS NOT NULL)
  EXECUTE FUNCTION purge_requests();

-- Makes a batch of what has waited for `wait_s` seconds, or of `enough` together, of one model: the intent, before the API
-- hears of it. No row where nothing is to be sent.
CREATE FUNCTION intend_batch(
  intended uuid, wait_s float8, enough integer, most integer, most_bytes bigint, lease_s float8, OUT model text
) RETURNS SETOF text LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  chosen uuid[];
  asked text;
BEGIN
  SELECT w.model INTO asked FROM (
    SELECT r.model, min(r.parked_at) AS oldest, count(*) AS waiting FROM batch_requests r WHERE r.batch IS NULL
    GROUP BY r.model) w
  WHERE w.oldest <= now() - make_interval(secs => wait_s) OR w.waiting >= enough ORDER BY w.oldest LIMIT 1;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT array_agg(picked.call_id) INTO chosen FROM (
    SELECT held.call_id, sum(held.bytes) OVER so_far AS total, count(*) OVER so_far AS number,
      min(held.at_most) OVER so_far AS at_most
    FROM (SELECT r.call_id, r.parked_at, r.bytes::bigint AS bytes, r.at_most FROM batch_requests r
      WHERE r.batch IS NULL AND r.model = asked ORDER BY r.parked_at, r.call_id LIMIT most
      FOR UPDATE SKIP LOCKED) held
    WINDOW so_far AS (ORDER BY held.parked_at, held.call_id ROWS UNBOUNDED PRECEDING)) picked
  WHERE picked.number = 1 OR picked.total <= most_bytes AND picked.number <= coalesce(picked.at_most, most);
  IF chosen IS NULL THEN
    RETURN; -- somebody else takes them at this moment
  END IF;
  INSERT INTO batches (id, model, requests, due_at)
  VALUES (intended, asked, array_length(chosen, 1), now() + make_interval(secs => lease_s));
  UPDATE batch_requests SET batch = intended WHERE call_id = ANY (chosen);
  model := asked;
  RETURN NEXT;
END $$;

-- The questions of an intended batch whose jobs have not ended meanwhile; the others are taken back. `requests` is from now
-- on how many the API is asked.
CREATE FUNCTION load_batch(intended uuid) RETURNS TABLE (call_id uuid, body bytea, body_key text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  gone record;
BEGIN
  FOR gone IN SELECT r.call_id, r.job_id FROM batch_requests r JOIN jobs j ON j.id = r.job_id
    WHERE r.batch = intended AND (j.completed_at IS NOT NULL OR num_nonnulls(r.body, r.body_key) = 0)
    ORDER BY r.job_id, r.call_id
  LOOP
    PERFORM FROM jobs WHERE id = gone.job_id FOR NO KEY UPDATE;
    PERFORM withdraw_request(gone.call_id);
  END LOOP;
  UPDATE batches SET requests = (SELECT count(*) FROM batch_requests r WHERE r.batch = intended) WHERE id = intended;
  RETURN QUERY SELECT r.call_id, r.body, r.body_key FROM batch_requests r WHERE r.batch = intended ORDER BY r.call_id;
END $$;

-- The API has taken a batch under this name: what was asked is kept no longer. False where it was given up before, and its
-- questions are asked in another one: then what comes of it is noted as well.
CREATE FUNCTION batch_sent(sent uuid, named text, until timestamptz, look_s float8) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  known batches;
BEGIN
  SELECT * INTO known FROM batches WHERE id = sent FOR UPDATE;
  IF known.api_id IS NULL THEN
    UPDATE batches SET api_id = named, sent_at = now(), expires_at = until, closed_at = NULL, outcome = NULL,
      due_at = now() + make_interval(secs => look_s)
    WHERE id = sent;
    PERFORM delete_from_bucket(j.tenant_id, r.body_key) FROM batch_requests r JOIN jobs j ON j.id = r.job_id
    WHERE r.batch = sent AND r.body_key IS NOT NULL;
    UPDATE batch_requests SET body = NULL, body_key = NULL WHERE batch = sent;
  END IF;
  RETURN known.closed_at IS NULL;
END $$;

-- A batch that the API does not have: its questions are parked again, at most so many together.
CREATE FUNCTION release_batch(released uuid, why text, together integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  freed integer := 0;
BEGIN
  PERFORM FROM batches WHERE id = released AND api_id IS NULL AND closed_at IS NULL FOR UPDATE;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  UPDATE batch_requests SET batch = NULL, at_most = coalesce(together, at_most) WHERE batch = released;
  GET DIAGNOSTICS freed = ROW_COUNT;
  UPDATE batches SET closed_at = now(), outcome = why WHERE id = released;
  RETURN freed;
END $$;

-- Results of a batch: each call is settled once, and the jobs that wait for nothing more are due; those it gives. Said again,
-- also by another, it changes nothing. A second answer to a call, out of a batch that was taken for lost, is noted by itself.
CREATE FUNCTION settle_batch(told_of uuid, told jsonb, lease_s float8) RETURNS TABLE (job_id text, tenant_id text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  each record;
  job jobs;
  noted model_calls;
  twice uuid;
BEGIN
  UPDATE batches SET due_at = now() + make_interval(secs => lease_s) WHERE id = told_of AND closed_at IS NULL;
  FOR each IN SELECT c.job_id AS of_job, t.* FROM jsonb_to_recordset(told) AS t (
      call_id uuid, outcome text, model text, request_id text, unknown boolean, input_tokens bigint,
      cache_read_tokens bigint, cache_write_tokens bigint, output_tokens bigint, cost_usd numeric, answer text)
    JOIN model_calls c ON c.id = t.call_id ORDER BY c.job_id, c.id
  LOOP
    SELECT * INTO job FROM jobs WHERE id = each.of_job FOR NO KEY UPDATE;
    SELECT * INTO noted FROM model_calls WHERE id = each.call_id;
    IF noted.finished_at IS NULL THEN
      UPDATE model_calls SET batch = told_of WHERE id = each.call_id;
      PERFORM settle_call(each.call_id, each.outcome, each.model, each.unknown, each.request_id, each.input_tokens,
        each.cache_read_tokens, each.cache_write_tokens, each.output_tokens, each.cost_usd, each.answer, 'unclear', 1);
    ELSIF noted.batch IS DISTINCT FROM told_of AND each.cost_usd > 0 THEN
      twice := md5(told_of::text || each.call_id)::uuid;
      INSERT INTO model_calls (id, job_id, attempt, model, worst_usd)
      VALUES (twice, noted.job_id, noted.attempt, noted.model, 0) ON CONFLICT DO NOTHING;
      UPDATE model_calls SET batch = told_of WHERE id = twice AND finished_at IS NULL;
      PERFORM settle_call(twice, 'paid_twice', each.model, false, each.request_id, each.input_tokens,
        each.cache_read_tokens, each.cache_write_tokens, each.output_tokens, each.cost_usd, NULL, 'unclear', 1);
    END IF;
    DELETE FROM batch_requests r WHERE r.call_id = each.call_id;
    CONTINUE WHEN NOT FOUND;
    UPDATE jobs SET updated_at = now(), fell_back = fell_back
      OR each.outcome = 'batch_expired' AND economy_fallback IS NOT DISTINCT FROM 'standard'
    WHERE id = each.of_job;
    IF job.status = 'pending' AND NOT EXISTS (SELECT FROM batch_requests r WHERE r.job_id = each.of_job) THEN
      UPDATE jobs SET available_at = now(), rung_at = now(), rings = 1 WHERE id = each.of_job;
      INSERT INTO job_events (job_id, type, status, attempt, detail) SELECT id, 'answered', status, attempt,
        jsonb_build_object('by', 'batch') || CASE WHEN fell_back THEN '{"fell_back": true}' ELSE '{}' END::jsonb
      FROM jobs WHERE id = each.of_job;
      job_id := each.of_job;
      tenant_id := job.tenant_id;
      RETURN NEXT;
    END IF;
  END LOOP;
END $$;

-- All results were read, or none will ever be: of what is still open nobody knows what it cost. The jobs that are due.
CREATE FUNCTION close_batch(closing uuid, why text, code text) RETURNS TABLE (job_id text, tenant_id text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT * FROM settle_batch(closing, (
    SELECT coalesce(jsonb_agg(jsonb_build_object('call_id', r.call_id, 'outcome', code, 'unknown', true,
      'input_tokens', 0, 'cache_read_tokens', 0, 'cache_write_tokens', 0, 'output_tokens', 0, 'cost_usd', 0)), '[]')
    FROM batch_requests r WHERE r.batch = closing), 0);
  UPDATE batches SET closed_at = now(), outcome = why WHERE id = closing AND closed_at IS NULL;
END $$;

-- As in 0036. A job whose questions go into batches (`batched`) calls no model: it is held by no circuit, and stands in no
-- line. The one of 0036 is for the version before.
CREATE FUNCTION claim_due_job(
  asked_job uuid, lease_s double precision, standard text, economy text, probe_s double precision,
  batches boolean,
  OUT held_s double precision, OUT in_line boolean, OUT tenant_id text, OUT model text,
  OUT job_id text, OUT task text, OUT params jsonb, OUT attempt integer, OUT failures integer, OUT waits integer,
  OUT lost_leases integer, OUT max_cost_usd double precision, OUT age_s double precision, OUT due_s double precision,
  OUT traceparent text, OUT document_id text, OUT name text, OUT media_type text, OUT sha256 bytea, OUT size_bytes bigint,
  OUT content bytea, OUT object_key text, OUT chars integer, OUT text_content text, OUT text_key text,
  OUT text_is_content boolean, OUT page_starts integer[], OUT unread_pages integer[], OUT image_pages integer[],
  OUT findings jsonb, OUT unread jsonb, OUT priority text, OUT batched boolean
) RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
  asked record;
  circuit record;
  job jobs;
  document documents;
  standing boolean;
BEGIN
  SELECT j.priority, j.tenant_id, j.placed_at, j.fell_back INTO asked FROM jobs j
  WHERE j.id = asked_job AND j.status = 'pending' AND j.available_at <= now() AND j.document_until IS NULL
    AND (j.cancel_at IS NULL OR j.cancel_at > now());
  IF NOT FOUND THEN
    RETURN;
  END IF;
  model := CASE asked.priority WHEN 'economy' THEN economy ELSE standard END;
  batched := batches AND asked.priority = 'economy' AND NOT asked.fell_back;
  standing := NOT batched AND asked.placed_at IS NULL AND EXISTS (SELECT FROM rate_lines l
    WHERE l.model = claim_due_job.model AND l.tenant_id = asked.tenant_id AND l.ends_at > now() + interval '1 second');

  SELECT c.retry_at, c.probe_job INTO circuit FROM model_circuits c
  WHERE NOT batched AND c.model = claim_due_job.model AND c.opened_at IS NOT NULL;
  IF FOUND THEN
    IF NOT standing THEN
      UPDATE model_circuits c SET retry_at = now() + make_interval(secs => probe_s), probe_job = asked_job
      WHERE c.model = claim_due_job.model AND c.opened_at IS NOT NULL AND c.retry_at <= now();
    END IF;
    IF standing OR NOT FOUND THEN
      -- While a probe is under way its answer may come at any moment, long before the next one may be made.
      held_s := greatest(extract(epoch FROM circuit.retry_at - now()), 0);
      held_s := CASE WHEN circuit.probe_job IS NULL THEN held_s ELSE least(held_s, 10) END + random() * 20;
      UPDATE jobs j SET available_at = now() + make_interval(secs => held_s), rung_at = now(), rings = 1,
        updated_at = now()
      WHERE j.id = asked_job AND j.status = 'pending' AND j.available_at <= now()
      RETURNING j.tenant_id INTO claim_due_job.tenant_id;
      in_line := false;
      IF FOUND THEN
        RETURN NEXT;
      END IF;
      RETURN;
    END IF;
  END IF;

  IF standing THEN
    held_s := take_place(model, asked.tenant_id);
    UPDATE jobs j SET available_at = now() + make_interval(secs => held_s), placed_at = now(), rings = 1,
      rung_at = now() + make_interval(secs => least(held_s, 900)), updated_at = now()
    WHERE j.id = asked_job AND j.status = 'pending' AND j.available_at <= now()
    RETURNING * INTO job;
    IF NOT FOUND THEN
      RETURN;
    END IF;
    INSERT INTO job_events (job_id, type, status, attempt, detail)
    VALUES (job.id, 'placed', job.status, job.attempt,
      jsonb_build_object('code', 'model_paced', 'delay_ms', (held_s * 1000)::integer));
    in_line := true;
    tenant_id := job.tenant_id;
    RETURN NEXT;
    RETURN;
  END IF;

  UPDATE jobs j SET status = 'running', attempt = j.attempt + 1, updated_at = now(),
    started_at = coalesce(j.started_at, now()), lease_expires_at = now() + make_interval(secs => lease_s)
  WHERE j.id = asked_job AND j.status = 'pending' AND j.available_at <= now() AND j.document_until IS NULL
  RETURNING * INTO job;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  INSERT INTO job_events (job_id, type, status, attempt) VALUES (job.id, 'claimed', job.status, job.attempt);
  in_line := false;
  tenant_id := job.tenant_id;
  job_id := job.id;
  task := job.task;
  params := job.params;
  attempt := job.attempt;
  failures := job.failures;
  waits := job.waits;
  lost_leases := job.lost_leases;
  max_cost_usd := job.max_cost_usd;
  age_s := extract(epoch FROM now() - job.accepted_at);
  due_s := extract(epoch FROM now() - job.available_at);
  traceparent := job.traceparent;
  SELECT * INTO document FROM documents d WHERE d.id = job.document_id;
  SELECT o.size_bytes, o.content INTO size_bytes, content FROM objects o WHERE o.key = document.object_key;
  document_id := document.id;
  name := coalesce(job.document_name, document.name);
  media_type := document.media_type;
  sha256 := document.sha256;
  object_key := document.object_key;
  chars := document.chars;
  text_content := document.text_content;
  text_key := document.text_key;
  text_is_content := document.text_is_content;
  page_starts := document.page_starts;
  unread_pages := document.unread_pages;
  image_pages := document.image_pages;
  findings := document.findings;
  unread := document.unread;
  priority := asked.priority;
  RETURN NEXT;
END $$;

-- As in 0028, with what an economy job may fall back on. The one of 0028 is for the version before.
CREATE FUNCTION accept_job(
  tenant text, route text, asked jsonb, urgency text, extra jsonb, hook text, thin boolean, most_usd numeric,
  cancel_after_s double precision, trace text,
  key_given text, body_digest bytea, keep_key_s double precision,
  named_document uuid, given_name text, given_type text, bytes bigint, digest bytea, place text, given_content bytea,
  upload_wait_s double precision,
  jobs_in_flight integer, usd_per_day numeric, document_bytes bigint, fallback text,
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
    webhook_thin, max_cost_usd, cancel_at, document_until, traceparent, economy_fallback)
  VALUES (uuidv7(), tenant, route, urgency, document.id, CASE WHEN named_document IS NOT NULL THEN given_name END,
    asked, extra, hook, thin, most_usd, now() + make_interval(secs => cancel_after_s),
    CASE WHEN document.waits THEN now() + make_interval(secs => upload_wait_s) END, trace,
    CASE urgency WHEN 'economy' THEN fallback END)
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

-- As in 0005, with what waits for a batch.
CREATE OR REPLACE FUNCTION job_body(job jobs, with_result boolean, base text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  self text := base || '/jobs/' || job.id;
  unknown record;
  parked record;
  head text;
  tail text;
BEGIN
  -- Calls that may have been paid for: the worker died in the middle, or nobody told us. Those that wait for a batch's end
  -- will be told of.
  IF job.priority = 'economy' THEN
    SELECT count(c.id) FILTER (WHERE r.call_id IS NULL AND (c.outcome_unknown OR c.finished_at IS NULL
        AND (c.attempt < job.attempt OR job.status <> 'running'))) AS calls,
      coalesce(sum(c.worst_usd) FILTER (WHERE r.call_id IS NULL AND (c.outcome_unknown OR c.finished_at IS NULL
        AND (c.attempt < job.attempt OR job.status <> 'running'))), 0)::float8 AS usd INTO unknown
    FROM model_calls c LEFT JOIN batch_requests r ON r.call_id = c.id WHERE c.job_id = job.id;
    SELECT count(*) AS questions, min(parked_at) AS since INTO parked FROM batch_requests WHERE job_id = job.id;
  ELSE
    SELECT count(*) AS calls, coalesce(sum(worst_usd), 0)::float8 AS usd INTO unknown FROM model_calls
    WHERE job_id = job.id
      AND (outcome_unknown OR finished_at IS NULL AND (attempt < job.attempt OR job.status <> 'running'));
    SELECT 0::bigint AS questions, NULL::timestamptz AS since INTO parked;
  END IF;
  head := json_build_object(
    'job_id', job.id, 'task', job.task, 'status', job.status, 'attempt', job.attempt,
    'priority', job.priority, 'created_at', iso(job.created_at), 'started_at', iso(job.started_at),
    'completed_at', iso(job.completed_at),
    'waits_for', CASE WHEN job.status = 'pending' AND job.document_until IS NOT NULL THEN json_build_object(
      'document', base || '/documents/' || job.document_id, 'until', iso(job.document_until)) END,
    'batch', CASE WHEN parked.questions > 0 THEN json_build_object(
      'questions', parked.questions, 'since', iso(parked.since)) END,
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

ALTER TABLE batches ENABLE ROW LEVEL SECURITY;
ALTER TABLE batch_requests ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker ON batches TO claimcheck_worker USING (true);
CREATE POLICY worker ON batch_requests TO claimcheck_worker USING (true);
CREATE POLICY api ON batch_requests FOR SELECT TO claimcheck_api
  USING (EXISTS (SELECT FROM jobs WHERE jobs.id = batch_requests.job_id));
GRANT SELECT (call_id, job_id, parked_at) ON batch_requests TO claimcheck_api;
GRANT SELECT (id) ON model_calls TO claimcheck_api;
GRANT INSERT (economy_fallback), UPDATE (fell_back) ON jobs TO claimcheck_api;
GRANT UPDATE (fell_back) ON jobs TO claimcheck_worker;
GRANT UPDATE (batch) ON model_calls TO claimcheck_worker;
GRANT SELECT, INSERT (id, model, requests, due_at), UPDATE (requests, due_at, looks, foreign_ids, closed_at, outcome),
  DELETE ON batches TO claimcheck_worker;
GRANT SELECT, INSERT (call_id, job_id, model, bytes, body, body_key), UPDATE (batch, at_most), DELETE ON batch_requests
  TO claimcheck_worker;

ALTER FUNCTION claim_due_job(uuid, double precision, text, text, double precision, boolean) OWNER TO claimcheck_owner;
REVOKE EXECUTE ON FUNCTION claim_due_job(uuid, double precision, text, text, double precision, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_due_job(uuid, double precision, text, text, double precision, boolean)
  TO claimcheck_worker;
ALTER FUNCTION accept_job(text, text, jsonb, text, jsonb, text, boolean, numeric, double precision, text, text, bytea,
  double precision, uuid, text, text, bigint, bytea, text, bytea, double precision, integer, numeric, bigint, text)
  OWNER TO claimcheck_owner;
REVOKE EXECUTE ON FUNCTION accept_job(text, text, jsonb, text, jsonb, text, boolean, numeric, double precision, text,
  text, bytea, double precision, uuid, text, text, bigint, bytea, text, bytea, double precision, integer, numeric, bigint,
  text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accept_job(text, text, jsonb, text, jsonb, text, boolean, numeric, double precision, text,
  text, bytea, double precision, uuid, text, text, bigint, bytea, text, bytea, double precision, integer, numeric, bigint,
  text) TO claimcheck_api;
REVOKE ALL ON FUNCTION park_call(uuid, integer, uuid, text, bytea, numeric, numeric, integer, bytea, text),
  park_job(uuid, integer, text, text, float8), withdraw_request(uuid), withdraw_requests(), purge_requests(),
  intend_batch(uuid, float8, integer, integer, bigint, float8), load_batch(uuid),
  batch_sent(uuid, text, timestamptz, float8), release_batch(uuid, text, integer), settle_batch(uuid, jsonb, float8),
  close_batch(uuid, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION park_call(uuid, integer, uuid, text, bytea, numeric, numeric, integer, bytea, text),
  park_job(uuid, integer, text, text, float8), withdraw_request(uuid),
  intend_batch(uuid, float8, integer, integer, bigint, float8), load_batch(uuid),
  batch_sent(uuid, text, timestamptz, float8), release_batch(uuid, text, integer), settle_batch(uuid, jsonb, float8),
  close_batch(uuid, text, text) TO claimcheck_worker;
