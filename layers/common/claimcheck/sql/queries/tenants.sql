-- name: insert_tenant
WITH made AS (
  INSERT INTO tenants (id) VALUES (%(tenant_id)s) ON CONFLICT (id) DO NOTHING RETURNING id
), event AS (
  INSERT INTO tenant_events (tenant_id, type) SELECT id, 'tenant.created' FROM made
)
SELECT id FROM made

-- name: set_retention
WITH changed AS (
  UPDATE tenants t SET retention_days = %(days)s FROM tenants before
  WHERE t.id = %(tenant_id)s AND before.id = t.id RETURNING t.id, before.retention_days AS was, t.retention_days AS days
), event AS (
  INSERT INTO tenant_events (tenant_id, type, detail)
  SELECT id, 'tenant.retention', jsonb_build_object('days', days, 'was', was) FROM changed WHERE days IS DISTINCT FROM was
)
SELECT id FROM changed

-- name: list_tenants
SELECT t.id AS tenant, t.retention_days, iso(t.created_at) AS created_at,
  (SELECT count(*) FROM api_keys k WHERE k.tenant_id = t.id AND key_is_live(k)) AS live_keys
FROM tenants t ORDER BY t.id

-- name: tenant_exists
SELECT id FROM tenants WHERE id = %(tenant_id)s
