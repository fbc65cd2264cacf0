-- name: take_deliveries
-- Takes due deliveries for one attempt each, as far as each receiver's limit allows (migration 0008).
SELECT delivery_id, tenant_id, attempt, url, body, planned_at, is_slow,
  (SELECT d.job_id::text FROM deliveries d WHERE d.id = taken.delivery_id::uuid) AS job_id,
  (SELECT j.traceparent FROM deliveries d JOIN jobs j ON j.id = d.job_id WHERE d.id = taken.delivery_id::uuid)
    AS traceparent
FROM take_deliveries(%(delivery_ids)s::uuid[], %(limit)s, %(prompt)s, %(new)s, %(slow)s) AS taken

-- name: not_signed
-- What was taken and could not be signed was not sent. It is due again in five minutes, as it is in its row.
WITH said AS (
  UPDATE delivery_attempts SET lost = false, error = 'could not be signed; not sent'
  WHERE (delivery_id, attempt) IN (SELECT * FROM unnest(%(delivery_ids)s::uuid[], %(attempts)s::integer[])) AND lost
  RETURNING delivery_id
)
UPDATE deliveries SET in_flight_until = NULL FROM said WHERE id = said.delivery_id AND status = 'pending'
RETURNING id

-- name: delivery_state
SELECT tenant_id, failures, returns_to IS NOT NULL AS replay FROM deliveries WHERE id = %(delivery_id)s

-- name: record_attempt
-- One outcome, once: the attempt is the fence, its row in the log is overwritten once. A success needs no fence: a
-- webhook that arrived has arrived, even if its outcome was given up and another attempt is on its way. A message that
-- says that it was not sent is believed while nobody else can have sent it. Delivery first, then address: one order
-- of locks for all outcomes.
WITH held AS MATERIALIZED (
  SELECT id, tenant_id, address_id, url, attempt, status, in_flight_until FROM deliveries
  WHERE id = %(delivery_id)s AND %(attempt)s BETWEEN 1 AND attempt FOR UPDATE
), logged AS (
  INSERT INTO delivery_attempts AS a
    (delivery_id, attempt, at, url, status_code, duration_ms, error, response_head)
  SELECT id, %(attempt)s, %(at)s, url, %(status_code)s, %(duration_ms)s, %(error)s, %(response_head)s FROM held
  WHERE NOT %(stale)s OR attempt = %(attempt)s AND in_flight_until > now()
  ON CONFLICT (delivery_id, attempt) DO UPDATE SET at = excluded.at, status_code = excluded.status_code,
    duration_ms = excluded.duration_ms, error = excluded.error, response_head = excluded.response_head, lost = false
    WHERE a.lost
  RETURNING delivery_id
), current AS (
  SELECT held.*, status = 'pending' AND attempt = %(attempt)s AS fenced FROM held
  WHERE EXISTS (SELECT FROM logged)
), before AS MATERIALIZED (
  SELECT a.*, current.fenced AND %(charged)s = 1 AS fails,
    a.failed_at >= now() - make_interval(secs => %(silence_s)s) AS goes_on
  FROM webhook_addresses a JOIN current ON a.id = current.address_id FOR NO KEY UPDATE OF a
), judged AS (
  UPDATE webhook_addresses a SET
    standing = coalesce(%(standing)s, a.standing),
    failing_since = CASE WHEN %(status)s = 'delivered' THEN NULL
      WHEN b.fails AND NOT coalesce(b.goes_on, false) THEN now() ELSE a.failing_since END,
    failed_at = CASE WHEN %(status)s = 'delivered' THEN NULL WHEN b.fails THEN now() ELSE a.failed_at END,
    paused_until = CASE WHEN %(status)s = 'delivered' THEN NULL
      ELSE greatest(a.paused_until, now() + make_interval(secs => %(pause_s)s::float8)) END,
    disabled_at = CASE WHEN %(status)s = 'delivered' THEN NULL ELSE coalesce(a.disabled_at,
      CASE WHEN %(gone)s OR b.fails AND b.goes_on
        AND a.failing_since < now() - make_interval(secs => %(disable_after_s)s) THEN now() END) END,
    reason = CASE WHEN %(status)s = 'delivered' THEN NULL ELSE coalesce(a.reason,
      CASE WHEN %(gone)s THEN 'gone' WHEN b.fails AND b.goes_on
        AND a.failing_since < now() - make_interval(secs => %(disable_after_s)s) THEN 'failing' END) END
  FROM before b WHERE a.id = b.id
  RETURNING a.tenant_id, a.address, a.reason, a.failing_since, b.disabled_at AS was, a.disabled_at AS is
), event AS (
  INSERT INTO tenant_events (tenant_id, type, detail)
  SELECT tenant_id, 'webhook_address.disabled', jsonb_build_object('url', address, 'reason', reason,
    'failing_since', iso(failing_since), 'delivery_id', %(delivery_id)s::text)
  FROM judged WHERE was IS NULL AND judged.is IS NOT NULL
  UNION ALL
  SELECT tenant_id, 'webhook_address.enabled', jsonb_build_object('url', address, 'reason', 'delivered',
    'delivery_id', %(delivery_id)s::text)
  FROM judged WHERE was IS NOT NULL AND judged.is IS NULL
), ends AS (
  SELECT EXISTS (SELECT FROM judged WHERE judged.is IS NOT NULL) AND %(status)s IN ('pending', 'exhausted')
    AND NOT %(stale)s AS disabled
)
UPDATE deliveries d SET
  status = CASE WHEN %(status)s = 'returned' THEN coalesce(d.returns_to, 'exhausted')
    WHEN ends.disabled THEN 'disabled' ELSE %(status)s END,
  failures = d.failures + %(charged)s, losses = 0, in_flight_until = NULL,
  next_attempt_at = CASE WHEN %(status)s = 'returned' THEN coalesce(d.resumes_at, now())
    ELSE now() + make_interval(secs => %(delay_s)s) END,
  returns_to = CASE WHEN %(status)s = 'pending' THEN d.returns_to END,
  resumes_at = CASE WHEN %(status)s = 'pending' THEN d.resumes_at END,
  completed_at = CASE WHEN %(status)s = 'pending' AND NOT ends.disabled THEN d.completed_at
    WHEN %(status)s = 'returned' THEN CASE WHEN d.returns_to <> 'pending' THEN coalesce(d.completed_at, now()) END
    ELSE now() END
FROM current, ends
WHERE d.id = current.id AND (current.fenced OR %(status)s = 'delivered' AND d.status <> 'delivered')
RETURNING d.status

-- name: stop_disabled
-- What waits for an address that is disabled ends; replays and samples go there all the same.
WITH stopped AS MATERIALIZED (
  SELECT d.id FROM webhook_addresses a JOIN deliveries d ON d.address_id = a.id AND d.status = 'pending'
    AND d.returns_to IS NULL AND coalesce(d.in_flight_until <= now(), true)
  WHERE a.disabled_at IS NOT NULL LIMIT %(limit)s FOR UPDATE OF d SKIP LOCKED
)
UPDATE deliveries d SET status = 'disabled', completed_at = now() FROM stopped WHERE d.id = stopped.id
RETURNING d.id::text AS delivery_id

-- name: replay_delivery
-- Once more, outside of the schedule. Where an attempt is on its way, or a replay is due, that is the one. The
-- fence is raised: an old outcome that comes yet is not this one's.
WITH replayed AS (
  UPDATE deliveries SET returns_to = status, resumes_at = next_attempt_at, status = 'pending', next_attempt_at = now(),
    attempt = attempt + 1, in_flight_until = NULL
  WHERE id = %(delivery_id)s AND job_id = %(job_id)s AND tenant_id = %(tenant_id)s AND returns_to IS NULL
    AND (in_flight_until IS NULL OR in_flight_until <= now())
  RETURNING id
)
SELECT id::text AS delivery_id, EXISTS (SELECT FROM replayed) AS replayed FROM deliveries
WHERE id = %(delivery_id)s AND job_id = %(job_id)s AND tenant_id = %(tenant_id)s

-- name: insert_sample
-- A delivery of no job: one attempt. A tenant has a few of them in a minute.
INSERT INTO deliveries (tenant_id, event_type, url, body, returns_to)
SELECT %(tenant_id)s, 'webhook.test', %(url)s, %(body)s::text || '"timestamp":"' || iso(now()) || '"}', 'exhausted'
WHERE (SELECT count(*) FROM deliveries WHERE tenant_id = %(tenant_id)s AND job_id IS NULL
  AND created_at > now() - interval '1 minute') < %(most)s
RETURNING id::text AS delivery_id

-- name: get_delivery
SELECT delivery_json(d)::text AS body, d.status FROM deliveries d
WHERE d.id = %(delivery_id)s AND d.tenant_id = %(tenant_id)s

-- name: get_deliveries
SELECT json_build_object('job_id', id, 'deliveries', (
    SELECT coalesce(json_agg(delivery_json(d) ORDER BY d.id), '[]') FROM deliveries d WHERE d.job_id = jobs.id)
  )::text AS body
FROM jobs WHERE id = %(job_id)s AND tenant_id = %(tenant_id)s AND purged_at IS NULL
