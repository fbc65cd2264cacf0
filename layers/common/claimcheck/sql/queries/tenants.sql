-- name: insert_tenant
WITH made AS (
  INSERT INTO tenants (id) VALUES (%(tenant_id)s) ON CONFLICT (id) DO NOTHING RETURNING id
), event AS (
  INSERT INTO tenant_events (tenant_id, type) SELECT id, 'tenant.created' FROM made
)
SELECT id FROM made

-- name: list_tenants
SELECT t.id AS tenant, iso(t.created_at) AS created_at,
  (SELECT count(*) FROM api_keys k WHERE k.tenant_id = t.id AND k.revoked_at IS NULL
    AND (k.expires_at IS NULL OR k.expires_at > now())) AS live_keys
FROM tenants t ORDER BY t.id
