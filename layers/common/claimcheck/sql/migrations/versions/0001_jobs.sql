-- Tenants, keys, documents, jobs with their trail, model calls, webhook deliveries.

-- ISO 8601 in UTC with microseconds: the one form in which times leave the database (trail hashes use it too).
CREATE FUNCTION iso(at timestamptz) RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

-- SHA-256 over a job's own random key and a content: without the key, a purged content cannot be guessed from it.
CREATE FUNCTION keyed_digest(key bytea, content bytea) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN encode(sha256(key || content), 'hex');

CREATE TABLE tenants (
  id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_keys (
  prefix text PRIMARY KEY,                       -- the public part, by which a key is looked up
  tenant_id text NOT NULL REFERENCES tenants,
  key_sha256 bytea NOT NULL CHECK (octet_length(key_sha256) = 32),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  revoked_at timestamptz
);
CREATE INDEX api_keys_tenant ON api_keys (tenant_id);

CREATE TABLE webhook_secrets (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id text NOT NULL REFERENCES tenants,
  sealed bytea NOT NULL,                         -- AES-256-GCM under the key in Secrets Manager
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz
);
CREATE UNIQUE INDEX webhook_secrets_current ON webhook_secrets (tenant_id) WHERE expires_at IS NULL;

CREATE TABLE documents (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id text NOT NULL REFERENCES tenants,
  name text,
  media_type text NOT NULL,
  size_bytes bigint NOT NULL,
  sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
  content bytea,                                 -- the bytes as handed in, where they are small
  object_key text,                               -- else where they are in the bucket
  -- what the worker read out of it; NULL until then
  text_content text,
  text_key text,
  text_is_content boolean NOT NULL DEFAULT false, -- the bytes are the text: it is not stored twice
  chars integer,
  page_starts integer[],
  unread_pages integer[],
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT documents_one_place CHECK (num_nonnulls(content, object_key) <= 1),
  CONSTRAINT documents_one_text CHECK (num_nonnulls(text_content, text_key) + text_is_content::int <= 1)
);
CREATE INDEX documents_tenant ON documents (tenant_id, sha256);

CREATE TABLE jobs (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id text NOT NULL REFERENCES tenants,
  task text NOT NULL,
  status text NOT NULL DEFAULT 'pending'
    CHECK (status IN ('pending', 'running', 'completed', 'partial', 'failed', 'cancelled')),
  attempt integer NOT NULL DEFAULT 0,            -- the fence: each claim raises it, each write of a worker names it
  failures integer NOT NULL DEFAULT 0,           -- attempts used up; throttling uses none
  priority text NOT NULL CHECK (priority IN ('standard', 'economy')),
  document_id uuid NOT NULL REFERENCES documents,
  params jsonb NOT NULL,
  metadata jsonb NOT NULL,
  webhook_url text,
  max_cost_usd numeric(14, 6),
  digest_key bytea DEFAULT uuid_send(gen_random_uuid()),
  result jsonb,
  error jsonb,
  progress_done integer NOT NULL DEFAULT 0,
  progress_total integer NOT NULL DEFAULT 1,
  model text,
  calls integer NOT NULL DEFAULT 0,
  input_tokens bigint NOT NULL DEFAULT 0,
  cache_read_tokens bigint NOT NULL DEFAULT 0,
  cache_write_tokens bigint NOT NULL DEFAULT 0,
  output_tokens bigint NOT NULL DEFAULT 0,
  cost_usd numeric(14, 6) NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  available_at timestamptz NOT NULL DEFAULT now(), -- not to be claimed before
  rung_at timestamptz NOT NULL DEFAULT now(),      -- when its doorbell was last rung
  started_at timestamptz,
  completed_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now(),
  lease_expires_at timestamptz,
  CONSTRAINT jobs_final_has_end CHECK
    ((completed_at IS NOT NULL) = (status IN ('completed', 'partial', 'failed', 'cancelled'))),
  CONSTRAINT jobs_running_has_lease CHECK ((lease_expires_at IS NOT NULL) = (status = 'running')),
  CONSTRAINT jobs_result_needs_answer CHECK (result IS NULL OR status IN ('completed', 'partial')),
  CONSTRAINT jobs_failed_has_error CHECK ((error IS NOT NULL) = (status = 'failed'))
);
CREATE INDEX jobs_newest ON jobs (tenant_id, id DESC);
CREATE INDEX jobs_due ON jobs (available_at) WHERE status = 'pending';
CREATE INDEX jobs_leases ON jobs (lease_expires_at) WHERE status = 'running';
CREATE INDEX jobs_document ON jobs (document_id);

-- The transitions of claimcheck.jobs.states; a test compares the two.
CREATE FUNCTION refuse_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.status, NEW.status) NOT IN (
    ('pending', 'running'), ('pending', 'failed'), ('pending', 'cancelled'),
    ('running', 'pending'), ('running', 'completed'), ('running', 'partial'),
    ('running', 'failed'), ('running', 'cancelled')
  ) THEN
    RAISE EXCEPTION 'a job may not go from % to %', OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'jobs_transition';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER jobs_transition BEFORE UPDATE OF status ON jobs
  FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION refuse_transition();

-- The trail: append-only, each event sealed with the hash of the one before (docs/trail.md).
CREATE TABLE job_events (
  job_id uuid NOT NULL REFERENCES jobs,
  seq integer NOT NULL,
  at timestamptz NOT NULL,
  type text NOT NULL,
  status text NOT NULL,
  attempt integer NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}',
  prev_hash bytea NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (job_id, seq)
);

CREATE FUNCTION seal_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  previous record;
BEGIN
  -- Writers of one job's events hold its row's lock, so the last event cannot change meanwhile.
  SELECT seq, hash INTO previous FROM job_events WHERE job_id = NEW.job_id ORDER BY seq DESC LIMIT 1;
  NEW.seq := coalesce(previous.seq, 0) + 1;
  NEW.prev_hash := coalesce(previous.hash, decode(repeat('00', 32), 'hex'));
  NEW.at := clock_timestamp();
  NEW.hash := sha256(convert_to(concat_ws(E'\n',
    encode(NEW.prev_hash, 'hex'), NEW.job_id::text, NEW.seq::text, iso(NEW.at),
    NEW.type, NEW.status, NEW.attempt::text, NEW.detail::text), 'UTF8'));
  RETURN NEW;
END $$;
CREATE TRIGGER job_events_seal BEFORE INSERT ON job_events FOR EACH ROW EXECUTE FUNCTION seal_event();

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the trail is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER job_events_append_only BEFORE UPDATE OR DELETE ON job_events
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER job_events_no_truncate BEFORE TRUNCATE ON job_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A row before each call, completed after it: a call whose outcome is unknown stays visible.
CREATE TABLE model_calls (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  job_id uuid NOT NULL REFERENCES jobs,
  attempt integer NOT NULL,
  model text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  outcome text,                                  -- stop reason, or the code of the failure
  request_id text,
  input_tokens bigint,
  cache_read_tokens bigint,
  cache_write_tokens bigint,
  output_tokens bigint,
  cost_usd numeric(14, 6),
  answer text                                    -- as it came, before it is validated
);
CREATE INDEX model_calls_job ON model_calls (job_id);

CREATE TABLE deliveries (
  id uuid PRIMARY KEY DEFAULT uuidv7(),          -- webhook-id is msg_ and this, over all attempts
  tenant_id text NOT NULL REFERENCES tenants,
  job_id uuid NOT NULL REFERENCES jobs,
  event_type text NOT NULL,
  url text NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'exhausted')),
  attempt integer NOT NULL DEFAULT 0,            -- the fence of its outcomes
  failures integer NOT NULL DEFAULT 0,           -- attempts that reached out and failed
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz
);
CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE status = 'pending';
CREATE INDEX deliveries_job ON deliveries (job_id);

CREATE TABLE delivery_attempts (
  delivery_id uuid NOT NULL REFERENCES deliveries,
  attempt integer NOT NULL,
  at timestamptz NOT NULL,
  url text NOT NULL,
  status_code integer,
  duration_ms integer NOT NULL,
  error text,
  response_head text NOT NULL DEFAULT '',
  PRIMARY KEY (delivery_id, attempt)
);

-- When each periodic worker last ran, so that its absence can be noticed.
CREATE TABLE heartbeats (
  name text PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  detail jsonb NOT NULL DEFAULT '{}'
);
