-- name: insert_tenant
WITH made AS (
  INSERT INTO tenants (id) VALUES (%(tenant_id)s) ON CONFLICT (id) DO NOTHING RETURNING id
), event AS (
  INSERT INTO tenant_events (tenant_id, type) SELECT id, 'tenant.created' FROM made
)
SELECT id FROM made

-- name: list_tenants
SELECT t.id AS tenant, iso(t.created_at) AS created_at,
  (SELECT count(*) FROM api_keys k WHERE k.tenant_id = t.id AND key_is_live(k)) AS live_keys
FROM tenants t ORDER BY t.id

-- name: tenant_exists
SELECT id FROM tenants WHERE id = %(tenant_id)s
