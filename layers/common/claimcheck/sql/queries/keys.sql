-- name: find_key
SELECT tenant_id, key_sha256 FROM api_keys
WHERE prefix = %(prefix)s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())

-- name: insert_key
WITH tenant AS (
  INSERT INTO tenants (id) VALUES (%(tenant_id)s) ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING id
)
INSERT INTO api_keys (prefix, tenant_id, key_sha256)
SELECT %(prefix)s, tenant.id, %(key_sha256)s FROM tenant
RETURNING prefix
