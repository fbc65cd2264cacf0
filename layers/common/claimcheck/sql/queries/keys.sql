-- name: find_key
-- `stale`: its use is to be noted once more. A usage key counts once API Gateway surely knows it everywhere: where it
-- does not, it refuses the request.
SELECT k.tenant_id, k.key_sha256, k.scopes,
  CASE WHEN t.planned_at < now() - interval '2 minutes' THEN t.usage_key END AS usage_key,
  coalesce(k.last_used_at < now() - interval '1 hour', true) AS stale
FROM api_keys k JOIN tenants t ON t.id = k.tenant_id
WHERE k.prefix = %(prefix)s AND key_is_live(k)

-- name: note_use
-- Once an hour; who comes meanwhile does not wait for it.
UPDATE api_keys SET last_used_at = now()
WHERE prefix = (SELECT prefix FROM api_keys
  WHERE prefix = %(prefix)s AND coalesce(last_used_at < now() - interval '1 hour', true)
  FOR NO KEY UPDATE SKIP LOCKED)
RETURNING prefix

-- name: issue_key
-- A tenant that was deleted gets none: its jobs would be deleted as soon as they are final. Its row is held first: of a
-- deletion at the same moment this one sees the end.
WITH owner AS MATERIALIZED (
  SELECT deleted_at FROM tenants WHERE id = %(tenant_id)s FOR NO KEY UPDATE
)
SELECT CASE WHEN (SELECT deleted_at IS NOT NULL FROM owner) THEN jsonb_build_object('outcome', 'deleted')
  ELSE issue_key(%(tenant_id)s, %(prefix)s, %(key_sha256)s, %(name)s, %(scopes)s::text[],
    make_interval(secs => %(lasts_s)s), make_interval(secs => %(grace_s)s), %(replaced)s, %(at_most)s) END AS answer

-- name: revoke_key
WITH found AS MATERIALIZED (
  SELECT * FROM api_keys WHERE prefix = %(prefix)s AND tenant_id = %(tenant_id)s FOR NO KEY UPDATE
), revoked AS (
  UPDATE api_keys k SET revoked_at = now() FROM found WHERE k.prefix = found.prefix AND k.revoked_at IS NULL
  RETURNING k.*
), event AS (
  INSERT INTO tenant_events (tenant_id, type, detail)
  SELECT tenant_id, 'key.revoked', jsonb_build_object('prefix', 'ck_' || prefix, 'name', name) FROM revoked
)
SELECT EXISTS (SELECT FROM revoked) AS revoked,
  (SELECT count(*) FROM api_keys k
    WHERE k.tenant_id = %(tenant_id)s AND k.prefix <> %(prefix)s AND key_is_live(k)) AS live
FROM found

-- name: list_keys
SELECT key_json(k) AS key FROM api_keys k WHERE k.tenant_id = %(tenant_id)s ORDER BY k.created_at DESC, k.prefix
