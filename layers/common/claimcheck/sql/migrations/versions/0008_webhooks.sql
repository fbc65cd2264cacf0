-- Webhooks: how many at once to one address, addresses that are disabled or ask for a pause, replays and samples,
-- thin bodies, and what happened to a tenant's own things. Nothing here reads a whole table: the locks are short.
-- Indexes follow in 0009, and queries do without them for that long.

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

-- A webhook's address: its URL without query and fragment, scheme and host in small letters. Ids belong in the query.
CREATE FUNCTION webhook_address(url text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN coalesce(
    lower(substring(url FROM '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*'))
      || coalesce(substring(url FROM '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*(/[^?#]*)'), '/'),
    url);

-- What an address is looked up by: an index takes 2,700 bytes, an address may have more.
CREATE FUNCTION address_digest(address text) RETURNS bytea
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN sha256(convert_to(address, 'UTF8'));

-- A tenant's addresses. `standing` is how the last call was answered: within three seconds, or not. While it fails
-- without a success, `failing_since` is the first failure and `failed_at` the last.
CREATE TABLE webhook_addresses (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id text NOT NULL REFERENCES tenants,
  address text NOT NULL,
  standing text NOT NULL DEFAULT 'new' CHECK (standing IN ('new', 'prompt', 'slow')),
  failing_since timestamptz,
  failed_at timestamptz,
  paused_until timestamptz,                      -- the receiver's own wish: Retry-After
  disabled_at timestamptz,
  reason text CHECK (reason IN ('gone', 'failing')),
  CONSTRAINT webhook_addresses_disabled_why CHECK ((disabled_at IS NULL) = (reason IS NULL))
);
CREATE UNIQUE INDEX webhook_addresses_key ON webhook_addresses (tenant_id, address_digest(address));

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
-- sample): if it fails, the delivery is again what it was, and due again when it was. Checks are for new rows: an
-- old row has nothing else, and looking at all of them would keep every writer waiting.
ALTER TABLE deliveries
  ALTER COLUMN job_id DROP NOT NULL,
  ADD COLUMN address_id uuid,                    -- NULL in rows that ended before this version
  ADD COLUMN in_flight_until timestamptz,        -- an attempt is on its way; its outcome is expected until then
  ADD COLUMN losses smallint NOT NULL DEFAULT 0, -- attempts in a row of which no outcome came back
  ADD COLUMN returns_to text,
  ADD COLUMN resumes_at timestamptz,
  DROP CONSTRAINT deliveries_status_check,
  ADD CONSTRAINT deliveries_status_check
    CHECK (status IN ('pending', 'delivered', 'exhausted', 'disabled')) NOT VALID,
  ADD CONSTRAINT deliveries_returns_to_check
    CHECK (returns_to IN ('pending', 'delivered', 'exhausted', 'disabled')) NOT VALID,
  ADD CONSTRAINT deliveries_sample_check CHECK (job_id IS NOT NULL OR event_type = 'webhook.test') NOT VALID,
  ADD CONSTRAINT deliveries_address_fkey FOREIGN KEY (address_id) REFERENCES webhook_addresses NOT VALID;

-- Whichever statement makes a delivery, its address is known. What has ended has nothing in flight; nor has what was
-- given another time and no further attempt, as a version before this one records a failure.
CREATE FUNCTION place_delivery() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  named text := webhook_address(NEW.url);
BEGIN
  IF NEW.address_id IS NULL THEN
    INSERT INTO webhook_addresses (tenant_id, address) VALUES (NEW.tenant_id, named) ON CONFLICT DO NOTHING;
    NEW.address_id := (SELECT id FROM webhook_addresses
      WHERE tenant_id = NEW.tenant_id AND address_digest(address) = address_digest(named));
  END IF;
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
CREATE TRIGGER deliveries_place BEFORE INSERT OR UPDATE OF status, next_attempt_at ON deliveries
  FOR EACH ROW EXECUTE FUNCTION place_delivery();
UPDATE deliveries SET status = status WHERE status = 'pending';

-- A row is written when an attempt is made, and `lost` until its outcome comes. `replay`: outside of the schedule.
ALTER TABLE delivery_attempts
  ALTER COLUMN duration_ms DROP NOT NULL,
  ADD COLUMN replay boolean NOT NULL DEFAULT false,
  ADD COLUMN lost boolean NOT NULL DEFAULT false;

-- Takes due deliveries for one attempt each, of the addresses of `wanted`, or of any that has something due. Not
-- more at once to one address than its standing allows: so a receiver that hangs holds few of the senders. Its row
-- is locked first, and what is in flight counted after: two that take at once do not exceed the limit together.
-- A replay or a sample has a place of its own, and goes to an address that is paused or disabled, too.
-- Until its outcome is recorded, or five minutes have passed without one, a delivery is not due again; each time that
-- none came, twice as long. Locks are taken in one order: addresses, then deliveries that nobody else holds.
-- Where one address has most of what is due, the planner takes every address for such a one, and would read the
-- whole table for each: here each look is one into an index.
CREATE FUNCTION take_deliveries(wanted uuid[], at_most integer, most_prompt integer, most_new integer,
  most_slow integer)
RETURNS TABLE (delivery_id text, tenant_id text, attempt integer, url text, body text, planned_at timestamptz,
  is_slow boolean)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
  chosen uuid[];
  single boolean;
BEGIN
  IF wanted IS NOT NULL THEN
    SELECT array_agg(a.id) INTO chosen FROM (
      SELECT a.id FROM webhook_addresses a
      WHERE a.id IN (SELECT d.address_id FROM deliveries d WHERE d.id = ANY (wanted))
      ORDER BY a.id FOR NO KEY UPDATE) a;
  ELSE
    -- Whose oldest is due for longest comes first: nobody waits behind others for ever.
    SELECT array_agg(a.id) INTO chosen FROM (
      SELECT a.id FROM webhook_addresses a CROSS JOIN LATERAL (
        SELECT CASE a.standing WHEN 'prompt' THEN most_prompt WHEN 'new' THEN most_new ELSE most_slow END
          - count(*) AS free
        FROM deliveries d WHERE d.address_id = a.id AND d.in_flight_until > now()
      ) room CROSS JOIN LATERAL (SELECT least(
        (SELECT d.next_attempt_at FROM deliveries d
          WHERE room.free > 0 AND a.disabled_at IS NULL AND coalesce(a.paused_until <= now(), true)
            AND d.address_id = a.id AND d.status = 'pending' AND d.returns_to IS NULL AND d.next_attempt_at <= now()
          ORDER BY d.next_attempt_at LIMIT 1),
        (SELECT d.next_attempt_at FROM deliveries d
          WHERE room.free >= 0 AND d.address_id = a.id AND d.status = 'pending' AND d.returns_to IS NOT NULL
            AND d.next_attempt_at <= now()
          ORDER BY d.next_attempt_at LIMIT 1)) AS at) oldest
      WHERE oldest.at IS NOT NULL
      ORDER BY oldest.at LIMIT at_most FOR NO KEY UPDATE OF a SKIP LOCKED) a;
  END IF;
  -- A single attempt of which no outcome came is over; so is a delivery of which none came for five days.
  UPDATE deliveries d SET
    status = coalesce(d.returns_to, 'exhausted'), next_attempt_at = coalesce(d.resumes_at, now()),
    completed_at = CASE WHEN d.returns_to = 'pending' THEN NULL ELSE coalesce(d.completed_at, now()) END,
    returns_to = NULL, resumes_at = NULL, in_flight_until = NULL
  WHERE d.id IN (
    SELECT l.id FROM deliveries l WHERE l.address_id = ANY (chosen) AND l.status = 'pending'
      AND l.in_flight_until <= now() AND (l.returns_to IS NOT NULL OR l.created_at < now() - interval '5 days')
    LIMIT at_most FOR UPDATE SKIP LOCKED);
  FOREACH single IN ARRAY ARRAY[true, false] LOOP
    RETURN QUERY
    WITH room AS MATERIALIZED (
      SELECT a.id, a.standing = 'slow' AS is_slow,
        CASE a.standing WHEN 'prompt' THEN most_prompt WHEN 'new' THEN most_new ELSE most_slow END
          + CASE WHEN single THEN 1 ELSE 0 END - (
          SELECT count(*) FROM deliveries d WHERE d.address_id = a.id AND d.in_flight_until > now()) AS free
      FROM webhook_addresses a
      WHERE a.id = ANY (chosen)
        AND (single OR a.disabled_at IS NULL AND coalesce(a.paused_until <= now(), true))
    ), due AS MATERIALIZED (
      SELECT d.*, room.is_slow FROM room CROSS JOIN LATERAL (
        SELECT d.id, d.attempt, d.url FROM deliveries d
        WHERE d.address_id = room.id AND d.status = 'pending' AND d.next_attempt_at <= now()
          AND (d.in_flight_until IS NULL OR d.in_flight_until <= now())
          AND (single AND d.returns_to IS NOT NULL OR NOT single AND d.returns_to IS NULL)
        ORDER BY d.next_attempt_at LIMIT greatest(room.free, 0) FOR UPDATE SKIP LOCKED) d
      LIMIT at_most
    ), logged AS (
      INSERT INTO delivery_attempts (delivery_id, attempt, at, url, replay, lost)
      SELECT due.id, due.attempt + 1, now(), due.url, single, true FROM due
      ON CONFLICT DO NOTHING
    )
    UPDATE deliveries d SET attempt = d.attempt + 1, in_flight_until = now() + interval '5 minutes',
      losses = CASE WHEN d.in_flight_until IS NULL THEN d.losses ELSE least(d.losses + 1, 100) END,
      next_attempt_at = now() + interval '5 minutes'
        * CASE WHEN d.in_flight_until IS NULL THEN 1 ELSE 2 ^ least(d.losses + 1, 6) END,
      body = coalesce(d.body, (SELECT event_body(jobs, d.event_type, d.created_at)
        FROM jobs WHERE jobs.id = d.job_id))
    FROM due WHERE d.id = due.id
    RETURNING d.id::text, d.tenant_id, d.attempt, d.url, d.body, now(), due.is_slow;
  END LOOP;
END $$;

-- A delivery and its attempts, as the API shows them.
CREATE FUNCTION delivery_json(d deliveries) RETURNS json LANGUAGE sql STABLE PARALLEL SAFE
RETURN json_build_object('delivery_id', d.id, 'webhook_id', 'msg_' || d.id, 'event', d.event_type, 'url', d.url,
  'status', d.status, 'created_at', iso(d.created_at),
  'completed_at', CASE WHEN d.status <> 'pending' THEN iso(d.completed_at) END,
  'next_attempt_at', CASE WHEN d.status = 'pending' AND coalesce(d.in_flight_until <= now(), true)
    THEN iso(d.next_attempt_at) END,
  'attempts', (SELECT coalesce(json_agg(json_build_object('attempt', a.attempt, 'at', iso(a.at), 'url', a.url,
      'status_code', a.status_code, 'duration_ms', a.duration_ms,
      'error', CASE WHEN a.lost AND a.attempt = d.attempt AND d.in_flight_until > now() THEN 'on its way'
        WHEN a.lost THEN 'no outcome came back; it may have arrived' ELSE a.error END,
      'response_head', a.response_head, 'replay', a.replay AND d.job_id IS NOT NULL) ORDER BY a.attempt), '[]')
    FROM delivery_attempts a WHERE a.delivery_id = d.id));
