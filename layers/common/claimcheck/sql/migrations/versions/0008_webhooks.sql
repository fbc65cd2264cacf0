-- Webhooks: how many at once to one receiver, addresses that are disabled or ask for a pause, replays and samples,
-- thin bodies, and what happened to a tenant's own things.

-- Thin bodies: a link instead of the result, by the caller's wish.
ALTER TABLE jobs ADD COLUMN webhook_thin boolean NOT NULL DEFAULT false;

-- As in 0006; also a job whose caller wants it so has a link instead of its result.
CREATE OR REPLACE FUNCTION event_body(job jobs, event text, at timestamptz) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  status text := substr(event, length('job.') + 1);
  data text;
BEGIN
  IF job.completed_at = at AND NOT job.webhook_thin THEN
    data := json_build_object('job_id', job.id, 'task', job.task, 'status', status, 'metadata', job.metadata,
      'result', job.result, 'error', job.error);
  END IF;
  IF data IS NULL OR octet_length(data) > 256000 THEN
    data := json_build_object('job_id', job.id, 'task', job.task, 'status', status, 'metadata', job.metadata,
      'links', json_build_object('self', '/jobs/' || job.id));
  END IF;
  RETURN '{"type":"' || event || '","timestamp":"' || iso(at) || '","data":' || data || '}';
END $$;

-- Whom an address belongs to, as far as an address tells: scheme, host and port.
CREATE FUNCTION webhook_origin(url text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN left(coalesce(lower(substring(url FROM '^[A-Za-z]+://[^/?#\\]+')), url), 300);

-- What an address is looked up by: an index takes 2,700 bytes, an address may have more.
CREATE FUNCTION address_digest(url text) RETURNS bytea
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN sha256(convert_to(url, 'UTF8'));

-- A tenant's receivers. `standing` is how the last call was answered: within three seconds, or not.
CREATE TABLE webhook_origins (
  tenant_id text NOT NULL REFERENCES tenants,
  origin text NOT NULL,
  standing text NOT NULL DEFAULT 'new' CHECK (standing IN ('new', 'prompt', 'slow')),
  PRIMARY KEY (tenant_id, origin)
);

-- Addresses that failed and did not succeed since, or are disabled. An address without a row is in order.
CREATE TABLE webhook_addresses (
  tenant_id text NOT NULL REFERENCES tenants,
  url text NOT NULL,
  failing_since timestamptz,
  paused_until timestamptz,                      -- the receiver's own wish: Retry-After
  disabled_at timestamptz,
  reason text CHECK (reason IN ('gone', 'failing')),
  CONSTRAINT webhook_addresses_disabled_why CHECK ((disabled_at IS NULL) = (reason IS NULL))
);
CREATE UNIQUE INDEX webhook_addresses_key ON webhook_addresses (tenant_id, address_digest(url));

-- Whether the receiver asked for a pause that is not over.
CREATE FUNCTION webhook_paused(of_tenant text, address text) RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN EXISTS (SELECT FROM webhook_addresses a
    WHERE a.tenant_id = of_tenant AND address_digest(a.url) = address_digest(address) AND a.paused_until > now());

-- What happened to a tenant's own things, beside its jobs. Append-only, as the trail of jobs is.
CREATE TABLE tenant_events (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id text NOT NULL REFERENCES tenants,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  type text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX tenant_events_newest ON tenant_events (tenant_id, id DESC);
CREATE TRIGGER tenant_events_append_only BEFORE UPDATE OR DELETE ON tenant_events
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tenant_events_no_truncate BEFORE TRUNCATE ON tenant_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A sample belongs to no job. While `returns_to` is set, one attempt is made outside of the schedule (a replay, a
-- sample): if it fails, the delivery is again what it was, and due again when it was.
ALTER TABLE deliveries
  ALTER COLUMN job_id DROP NOT NULL,
  ADD COLUMN origin text,
  ADD COLUMN in_flight_until timestamptz,        -- an attempt is on its way; its outcome is expected until then
  ADD COLUMN returns_to text,
  ADD COLUMN resumes_at timestamptz,
  DROP CONSTRAINT deliveries_status_check,
  ADD CONSTRAINT deliveries_status_check CHECK (status IN ('pending', 'delivered', 'exhausted', 'disabled')),
  ADD CONSTRAINT deliveries_returns_to_check CHECK (returns_to IN ('pending', 'delivered', 'exhausted', 'disabled')),
  ADD CONSTRAINT deliveries_sample_check CHECK (job_id IS NOT NULL OR event_type = 'webhook.test');
UPDATE deliveries SET origin = webhook_origin(url);
INSERT INTO webhook_origins (tenant_id, origin) SELECT DISTINCT tenant_id, origin FROM deliveries;
ALTER TABLE deliveries ALTER COLUMN origin SET NOT NULL;
CREATE INDEX deliveries_waiting ON deliveries (tenant_id, origin, next_attempt_at) WHERE status = 'pending';
CREATE INDEX deliveries_in_flight ON deliveries (tenant_id, origin) WHERE in_flight_until IS NOT NULL;
CREATE INDEX deliveries_samples ON deliveries (tenant_id, created_at) WHERE job_id IS NULL;

-- Whichever statement makes a delivery, its receiver is known. A delivery that has ended has nothing in flight, also
-- where a version before this one ends it.
CREATE FUNCTION place_delivery() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.origin := webhook_origin(NEW.url);
    INSERT INTO webhook_origins (tenant_id, origin) VALUES (NEW.tenant_id, NEW.origin) ON CONFLICT DO NOTHING;
  ELSIF NEW.status <> 'pending' THEN
    NEW.in_flight_until := NULL;
    NEW.returns_to := NULL;
    NEW.resumes_at := NULL;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER deliveries_place BEFORE INSERT OR UPDATE OF status ON deliveries
  FOR EACH ROW EXECUTE FUNCTION place_delivery();

-- `replay`: made outside of the schedule. `lost`: written because no outcome came in time; one that comes yet
-- takes its place.
ALTER TABLE delivery_attempts
  ALTER COLUMN duration_ms DROP NOT NULL,
  ADD COLUMN replay boolean NOT NULL DEFAULT false,
  ADD COLUMN lost boolean NOT NULL DEFAULT false;

-- Takes due deliveries for one attempt each, of the receivers of `wanted`, or of any that has something due. Not
-- more at once to one receiver than its standing allows: so a receiver that hangs holds few of the senders. Its row
-- is locked first, and what is in flight counted after: two that take at once do not exceed the limit together.
-- Until its outcome is recorded, or five minutes have passed without one, a delivery is not due again.
CREATE FUNCTION take_deliveries(wanted uuid[], at_most integer, most_prompt integer, most_new integer,
  most_slow integer)
RETURNS TABLE (delivery_id text, tenant_id text, attempt integer, url text, body text, planned_at timestamptz,
  is_slow boolean)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  tenants text[];
  origins text[];
BEGIN
  IF wanted IS NOT NULL THEN
    SELECT array_agg(o.tenant_id), array_agg(o.origin) INTO tenants, origins FROM (
      SELECT o.tenant_id, o.origin FROM webhook_origins o
      WHERE (o.tenant_id, o.origin) IN (SELECT d.tenant_id, d.origin FROM deliveries d WHERE d.id = ANY (wanted))
      ORDER BY o.tenant_id, o.origin FOR UPDATE) o;
  ELSE
    -- Whose oldest is due for longest comes first: nobody waits behind others for ever.
    SELECT array_agg(o.tenant_id), array_agg(o.origin) INTO tenants, origins FROM (
      SELECT o.tenant_id, o.origin FROM webhook_origins o CROSS JOIN LATERAL (
        SELECT d.next_attempt_at FROM deliveries d
        WHERE d.tenant_id = o.tenant_id AND d.origin = o.origin AND d.status = 'pending'
          AND d.next_attempt_at <= now() AND (d.returns_to IS NOT NULL OR NOT webhook_paused(d.tenant_id, d.url))
        ORDER BY d.next_attempt_at LIMIT 1) oldest
      WHERE (SELECT count(*) FROM deliveries d
          WHERE d.tenant_id = o.tenant_id AND d.origin = o.origin AND d.in_flight_until > now())
        < CASE o.standing WHEN 'prompt' THEN most_prompt WHEN 'new' THEN most_new ELSE most_slow END
      ORDER BY oldest.next_attempt_at LIMIT at_most FOR UPDATE OF o SKIP LOCKED) o;
  END IF;
  -- What is due to an address that is disabled is not sent any more; replays and samples are.
  UPDATE deliveries SET status = 'disabled', completed_at = now()
  WHERE id IN (
    SELECT d.id FROM unnest(tenants, origins) AS o (tenant_id, origin)
    JOIN deliveries d ON d.tenant_id = o.tenant_id AND d.origin = o.origin AND d.status = 'pending'
      AND d.returns_to IS NULL AND d.next_attempt_at <= now()
    JOIN webhook_addresses a ON a.tenant_id = d.tenant_id AND address_digest(a.url) = address_digest(d.url)
      AND a.disabled_at IS NOT NULL
    FOR UPDATE OF d SKIP LOCKED);
  RETURN QUERY
  WITH room AS MATERIALIZED (
    SELECT o.tenant_id, o.origin, o.standing = 'slow' AS is_slow,
      CASE o.standing WHEN 'prompt' THEN most_prompt WHEN 'new' THEN most_new ELSE most_slow END - (
        SELECT count(*) FROM deliveries d
        WHERE d.tenant_id = o.tenant_id AND d.origin = o.origin AND d.in_flight_until > now()) AS free
    FROM webhook_origins o
    JOIN unnest(tenants, origins) AS l (tenant_id, origin) ON l.tenant_id = o.tenant_id AND l.origin = o.origin
  ), due AS MATERIALIZED (
    SELECT d.*, room.is_slow FROM room CROSS JOIN LATERAL (
      SELECT d.id, d.attempt, d.in_flight_until, d.url, d.returns_to FROM deliveries d
      WHERE d.tenant_id = room.tenant_id AND d.origin = room.origin AND d.status = 'pending'
        AND d.next_attempt_at <= now() AND (d.in_flight_until IS NULL OR d.in_flight_until <= now())
        AND (d.returns_to IS NOT NULL OR NOT webhook_paused(d.tenant_id, d.url))
      ORDER BY d.next_attempt_at LIMIT greatest(room.free, 0) FOR UPDATE SKIP LOCKED) d
    LIMIT at_most
  ), lost AS (
    INSERT INTO delivery_attempts (delivery_id, attempt, at, url, error, replay, lost)
    SELECT due.id, due.attempt, due.in_flight_until - interval '5 minutes', due.url,
      'no outcome came back; it may have arrived', due.returns_to IS NOT NULL, true
    FROM due WHERE due.in_flight_until IS NOT NULL
    ON CONFLICT DO NOTHING
  )
  UPDATE deliveries d SET attempt = d.attempt + 1, next_attempt_at = now() + interval '5 minutes',
    in_flight_until = now() + interval '5 minutes',
    body = coalesce(d.body, (SELECT event_body(jobs, d.event_type, d.created_at) FROM jobs WHERE jobs.id = d.job_id))
  FROM due WHERE d.id = due.id
  RETURNING d.id::text, d.tenant_id, d.attempt, d.url, d.body, now(), due.is_slow;
END $$;

-- A delivery and its attempts, as the API shows them.
CREATE FUNCTION delivery_json(d deliveries) RETURNS json LANGUAGE sql STABLE PARALLEL SAFE
RETURN json_build_object('delivery_id', d.id, 'webhook_id', 'msg_' || d.id, 'event', d.event_type, 'url', d.url,
  'status', d.status, 'created_at', iso(d.created_at),
  'completed_at', CASE WHEN d.status <> 'pending' THEN iso(d.completed_at) END,
  'next_attempt_at', CASE WHEN d.status = 'pending' THEN iso(d.next_attempt_at) END,
  'attempts', (SELECT coalesce(json_agg(json_build_object('attempt', a.attempt, 'at', iso(a.at), 'url', a.url,
      'status_code', a.status_code, 'duration_ms', a.duration_ms, 'error', a.error,
      'response_head', a.response_head, 'replay', a.replay AND d.job_id IS NOT NULL) ORDER BY a.attempt), '[]')
    FROM delivery_attempts a WHERE a.delivery_id = d.id));
