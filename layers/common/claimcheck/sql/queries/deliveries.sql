-- name: plan_deliveries
-- Takes due deliveries for one attempt each. Until its outcome is recorded, or five minutes have passed
-- without one (the message or its outcome was lost), a delivery is not due again. What it says was written down
-- when the job ended; a version before that did not, so it is written down now.
WITH due AS (
  SELECT id FROM deliveries
  WHERE status = 'pending' AND next_attempt_at <= now()
    AND (%(delivery_ids)s::uuid[] IS NULL OR id = ANY (%(delivery_ids)s))
  ORDER BY next_attempt_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE deliveries SET attempt = attempt + 1, next_attempt_at = now() + interval '5 minutes',
  body = coalesce(body, (SELECT event_body(jobs, deliveries.event_type, deliveries.created_at)
    FROM jobs WHERE jobs.id = deliveries.job_id))
FROM due WHERE deliveries.id = due.id
RETURNING deliveries.id::text AS delivery_id, tenant_id, attempt, url, body, now() AS planned_at

-- name: live_secrets
SELECT sealed, iso(created_at) AS created_at, iso(expires_at) AS expires_at FROM webhook_secrets
WHERE tenant_id = %(tenant_id)s AND (expires_at IS NULL OR expires_at > now())
ORDER BY created_at DESC

-- name: insert_secret
-- Only the first of two at once makes one; both then read the same.
INSERT INTO webhook_secrets (tenant_id, sealed) VALUES (%(tenant_id)s, %(sealed)s)
ON CONFLICT (tenant_id) WHERE expires_at IS NULL DO NOTHING
RETURNING id::text AS secret_id

-- name: record_attempt
-- One outcome, once: the attempt is the fence, the log's key refuses a second copy. A success needs no fence:
-- a webhook that arrived has arrived, even if its outcome was given up and another attempt is on its way.
WITH logged AS (
  INSERT INTO delivery_attempts (delivery_id, attempt, at, url, status_code, duration_ms, error, response_head)
  SELECT id, %(attempt)s, %(at)s, url, %(status_code)s, %(duration_ms)s, %(error)s, %(response_head)s
  FROM deliveries WHERE id = %(delivery_id)s AND attempt >= %(attempt)s
  ON CONFLICT DO NOTHING
  RETURNING delivery_id
)
UPDATE deliveries SET
  status = %(status)s, failures = failures + %(charged)s,
  next_attempt_at = now() + make_interval(secs => %(delay_s)s),
  completed_at = CASE WHEN %(status)s = 'pending' THEN NULL ELSE now() END
FROM logged
WHERE deliveries.id = logged.delivery_id AND deliveries.status = 'pending'
  AND (deliveries.attempt = %(attempt)s OR %(status)s = 'delivered')
RETURNING deliveries.status

-- name: delivery_failures
SELECT failures FROM deliveries WHERE id = %(delivery_id)s
