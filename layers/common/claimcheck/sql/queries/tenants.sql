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
-- `limits` are a tenant's own; null: the deployment's.
SELECT t.id AS tenant, t.retention_days, iso(t.created_at) AS created_at, iso(t.deleted_at) AS deleted_at,
  (SELECT count(*) FROM api_keys k WHERE k.tenant_id = t.id AND key_is_live(k)) AS live_keys,
  jsonb_build_object('jobs_in_flight', t.max_jobs_in_flight, 'usd_per_day', t.max_usd_per_day,
    'document_bytes', t.max_document_bytes) AS limits,
  coalesce(s.spent_usd, 0)::float8 AS spent_today_usd
FROM tenants t LEFT JOIN tenant_days s ON s.tenant_id = t.id AND s.day = (now() AT TIME ZONE 'UTC')::date
ORDER BY t.id

-- name: set_limits
-- What is given is set, what is in `reset` is the deployment's again, the rest stays.
WITH before AS MATERIALIZED (
  SELECT * FROM tenants WHERE id = %(tenant_id)s FOR NO KEY UPDATE
), changed AS (
  UPDATE tenants t SET
    max_jobs_in_flight = coalesce(%(jobs_in_flight)s::integer,
      CASE WHEN NOT 'jobs_in_flight' = ANY (%(reset)s::text[]) THEN before.max_jobs_in_flight END),
    max_usd_per_day = coalesce(%(usd_per_day)s::numeric,
      CASE WHEN NOT 'usd_per_day' = ANY (%(reset)s::text[]) THEN before.max_usd_per_day END),
    max_document_bytes = coalesce(%(document_bytes)s::bigint,
      CASE WHEN NOT 'document_bytes' = ANY (%(reset)s::text[]) THEN before.max_document_bytes END)
  FROM before WHERE t.id = before.id
  RETURNING t.id, jsonb_build_object('jobs_in_flight', t.max_jobs_in_flight, 'usd_per_day', t.max_usd_per_day,
      'document_bytes', t.max_document_bytes) AS after,
    jsonb_build_object('jobs_in_flight', before.max_jobs_in_flight, 'usd_per_day', before.max_usd_per_day,
      'document_bytes', before.max_document_bytes) AS was
), event AS (
  INSERT INTO tenant_events (tenant_id, type, detail)
  SELECT id, 'tenant.limits', jsonb_build_object('limits', after, 'before', was) FROM changed WHERE after <> was
)
SELECT after AS limits FROM changed

-- name: usage_key
SELECT usage_key, planned_at IS NOT NULL AS planned FROM tenants WHERE id = %(tenant_id)s

-- name: set_planned
-- That a tenant's usage key is in a plan of API Gateway's (with numbers of its own, or null), or is not.
WITH changed AS (
  UPDATE tenants SET planned_at = CASE WHEN %(planned)s THEN now() END WHERE id = %(tenant_id)s RETURNING id
), event AS (
  INSERT INTO tenant_events (tenant_id, type, detail)
  SELECT id, 'tenant.throttle', jsonb_build_object('planned', %(planned)s::boolean, 'rate', %(rate)s::float8,
    'burst', %(burst)s::integer) FROM changed
)
SELECT id FROM changed

-- name: tenant_exists
SELECT id FROM tenants WHERE id = %(tenant_id)s

-- name: tenant_deleted
SELECT deleted_at IS NOT NULL AS deleted FROM tenants WHERE id = %(tenant_id)s

-- name: tenant_holds
SELECT tenant_holds(%(tenant_id)s) AS holds

-- name: end_tenant
SELECT end_tenant(%(tenant_id)s) AS known

-- name: delete_tenant_page
SELECT delete_tenant_page(%(tenant_id)s, %(kind)s, %(after)s, %(limit)s) AS last
