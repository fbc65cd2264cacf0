-- name: take_deliveries
-- Takes due deliveries for one attempt each, as far as each receiver's limit allows (migration 0008).
SELECT delivery_id, tenant_id, attempt, url, body, planned_at, is_slow
FROM take_deliveries(%(delivery_ids)s::uuid[], %(limit)s, %(prompt)s, %(new)s, %(slow)s)

-- name: delivery_state
SELECT failures, returns_to IS NOT NULL AS replay FROM deliveries WHERE id = %(delivery_id)s

-- name: record_attempt
-- One outcome, once: the attempt is the fence, the log's key refuses a second copy. A success needs no fence: a
-- webhook that arrived has arrived, even if its outcome was given up and another attempt is on its way.
WITH logged AS (
  INSERT INTO delivery_attempts AS a
    (delivery_id, attempt, at, url, status_code, duration_ms, error, response_head, replay)
  SELECT id, %(attempt)s, %(at)s, url, %(status_code)s, %(duration_ms)s, %(error)s, %(response_head)s,
    returns_to IS NOT NULL
  FROM deliveries WHERE id = %(delivery_id)s AND attempt >= %(attempt)s
  ON CONFLICT (delivery_id, attempt) DO UPDATE SET at = excluded.at, status_code = excluded.status_code,
    duration_ms = excluded.duration_ms, error = excluded.error, response_head = excluded.response_head, lost = false
    WHERE a.lost
  RETURNING delivery_id
), of AS MATERIALIZED (
  SELECT d.id, d.tenant_id, d.origin, d.url FROM deliveries d JOIN logged ON logged.delivery_id = d.id
), seen AS (
  UPDATE webhook_origins o SET standing = %(standing)s FROM of
  WHERE o.tenant_id = of.tenant_id AND o.origin = of.origin AND o.standing <> %(standing)s
), troubled AS (
  INSERT INTO webhook_addresses AS a (tenant_id, url, failing_since, paused_until, disabled_at, reason)
  SELECT tenant_id, url, now(), now() + make_interval(secs => %(pause_s)s::float8),
    CASE WHEN %(gone)s THEN now() END, CASE WHEN %(gone)s THEN 'gone' END
  FROM of WHERE %(charged)s = 1
  ON CONFLICT (tenant_id, address_digest(url)) DO UPDATE SET
    failing_since = coalesce(a.failing_since, excluded.failing_since), paused_until = excluded.paused_until,
    disabled_at = coalesce(a.disabled_at, excluded.disabled_at,
      CASE WHEN a.failing_since < now() - make_interval(secs => %(disable_after_s)s) THEN now() END),
    reason = coalesce(a.reason, excluded.reason,
      CASE WHEN a.failing_since < now() - make_interval(secs => %(disable_after_s)s) THEN 'failing' END)
  RETURNING tenant_id, url, reason, failing_since, disabled_at IS NOT DISTINCT FROM now() AS newly
), healed AS (
  DELETE FROM webhook_addresses a USING of
  WHERE %(status)s = 'delivered' AND a.tenant_id = of.tenant_id AND address_digest(a.url) = address_digest(of.url)
  RETURNING a.tenant_id, a.url, a.disabled_at
), event AS (
  INSERT INTO tenant_events (tenant_id, type, detail)
  SELECT tenant_id, 'webhook_address.disabled', jsonb_build_object('url', url, 'reason', reason,
    'failing_since', iso(failing_since), 'delivery_id', %(delivery_id)s::text)
  FROM troubled WHERE newly
  UNION ALL
  SELECT tenant_id, 'webhook_address.enabled', jsonb_build_object('url', url, 'reason', 'delivered',
    'delivery_id', %(delivery_id)s::text)
  FROM healed WHERE disabled_at IS NOT NULL
), stopped AS ( -- one that another holds at this moment is stopped when it is due
  UPDATE deliveries SET status = 'disabled', completed_at = now() WHERE id IN (
    SELECT d.id FROM troubled t JOIN deliveries d ON d.tenant_id = t.tenant_id AND d.origin = webhook_origin(t.url)
    WHERE t.newly AND d.url = t.url AND d.status = 'pending' AND d.returns_to IS NULL AND d.id <> %(delivery_id)s
      AND (d.in_flight_until IS NULL OR d.in_flight_until <= now())
    FOR UPDATE OF d SKIP LOCKED)
)
UPDATE deliveries d SET
  status = CASE WHEN %(status)s = 'returned' THEN coalesce(d.returns_to, 'exhausted')
    WHEN EXISTS (SELECT FROM troubled WHERE newly) THEN 'disabled' ELSE %(status)s END,
  failures = d.failures + %(charged)s, in_flight_until = NULL,
  next_attempt_at = CASE WHEN %(status)s = 'returned' THEN coalesce(d.resumes_at, now())
    ELSE now() + make_interval(secs => %(delay_s)s) END,
  returns_to = CASE WHEN %(status)s = 'pending' THEN d.returns_to END,
  resumes_at = CASE WHEN %(status)s = 'pending' THEN d.resumes_at END,
  completed_at = CASE WHEN %(status)s = 'pending' AND NOT EXISTS (SELECT FROM troubled WHERE newly) THEN d.completed_at
    WHEN %(status)s = 'returned' THEN CASE WHEN d.returns_to <> 'pending' THEN coalesce(d.completed_at, now()) END
    ELSE now() END
FROM of
WHERE d.id = of.id AND (%(status)s = 'delivered' AND d.status <> 'delivered'
  OR d.status = 'pending' AND d.attempt = %(attempt)s)
RETURNING d.status

-- name: replay_delivery
-- Once more, outside of the schedule. Where an attempt is on its way, or a replay is due, that is the one.
WITH replayed AS (
  UPDATE deliveries SET returns_to = status, resumes_at = next_attempt_at, status = 'pending', next_attempt_at = now()
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
FROM jobs WHERE id = %(job_id)s AND tenant_id = %(tenant_id)s
