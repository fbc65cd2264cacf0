-- name: live_secrets
SELECT sealed, iso(created_at) AS created_at, iso(expires_at) AS expires_at FROM webhook_secrets
WHERE tenant_id = %(tenant_id)s AND (expires_at IS NULL OR expires_at > now())
ORDER BY created_at DESC

-- name: insert_secret
-- Only the first of two at once makes one; both then read the same.
INSERT INTO webhook_secrets (tenant_id, sealed) VALUES (%(tenant_id)s, %(sealed)s)
ON CONFLICT (tenant_id) WHERE expires_at IS NULL DO NOTHING
RETURNING id::text AS secret_id

-- name: rotate_secret
-- The current secret signs beside the new one for a while. Nothing happens while an older one still does: of two
-- rotations at once, the second finds the current one retired.
WITH retired AS (
  UPDATE webhook_secrets s SET expires_at = now() + make_interval(secs => %(overlap_s)s)
  WHERE s.tenant_id = %(tenant_id)s AND s.expires_at IS NULL AND NOT EXISTS (
    SELECT FROM webhook_secrets o WHERE o.tenant_id = s.tenant_id AND o.expires_at > now())
  RETURNING s.tenant_id, s.expires_at
), made AS (
  INSERT INTO webhook_secrets (tenant_id, sealed) SELECT tenant_id, %(sealed)s FROM retired
), event AS (
  INSERT INTO tenant_events (tenant_id, type, detail)
  SELECT tenant_id, 'webhook_secret.rotated', jsonb_build_object('old_expires_at', iso(expires_at)) FROM retired
), forgotten AS (
  DELETE FROM webhook_secrets WHERE tenant_id = %(tenant_id)s AND expires_at <= now()
)
SELECT iso(expires_at) AS old_expires_at FROM retired

-- name: list_addresses
SELECT json_build_object('addresses', coalesce(json_agg(json_build_object('url', address,
    'status', CASE WHEN disabled_at IS NULL THEN 'failing' ELSE 'disabled' END, 'reason', reason,
    'failing_since', iso(failing_since), 'paused_until', CASE WHEN paused_until > now() THEN iso(paused_until) END,
    'disabled_at', iso(disabled_at)) ORDER BY disabled_at DESC NULLS LAST, address), '[]'))::text AS body
FROM (SELECT * FROM webhook_addresses
  WHERE tenant_id = %(tenant_id)s AND (disabled_at IS NOT NULL OR failing_since IS NOT NULL)
  ORDER BY disabled_at DESC NULLS LAST, failing_since DESC LIMIT 1000) a

-- name: enable_address
WITH enabled AS (
  UPDATE webhook_addresses SET disabled_at = NULL, reason = NULL, failing_since = NULL, failed_at = NULL,
    paused_until = NULL
  WHERE tenant_id = %(tenant_id)s AND address_digest(address) = address_digest(webhook_address(%(url)s))
    AND disabled_at IS NOT NULL
  RETURNING tenant_id, address
), event AS (
  INSERT INTO tenant_events (tenant_id, type, detail)
  SELECT tenant_id, 'webhook_address.enabled', jsonb_build_object('url', address, 'reason', 'request') FROM enabled
)
SELECT address FROM enabled

-- name: list_events
SELECT id::text AS event_id, json_build_object('event_id', id, 'at', iso(at), 'type', type, 'detail', detail)::text
  AS body
FROM tenant_events
WHERE tenant_id = %(tenant_id)s AND (%(before)s::uuid IS NULL OR id < %(before)s)
ORDER BY id DESC LIMIT %(limit)s
