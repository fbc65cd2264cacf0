-- API keys: names, scopes, when they were last used; at most so many live at once; what API Gateway counts by.

-- A key of a version before this one may do what it could: everything.
ALTER TABLE api_keys
  ADD COLUMN name text,
  ADD COLUMN scopes text[] NOT NULL DEFAULT ARRAY['jobs:write', 'jobs:read', 'admin'],
  ADD COLUMN last_used_at timestamptz,           -- to the hour: not written at each request
  ADD CONSTRAINT api_keys_scopes_known
    CHECK (scopes <@ ARRAY['jobs:write', 'jobs:read', 'admin'] AND cardinality(scopes) > 0) NOT VALID;

-- What stands for a tenant in API Gateway's usage plan: the value of an API key there, which opens nothing.
-- `planned_at` is when that key was known to be in the plan.
ALTER TABLE tenants ADD COLUMN usage_key text, ADD COLUMN planned_at timestamptz;
ALTER TABLE tenants ALTER COLUMN usage_key SET DEFAULT gen_random_uuid()::text;
UPDATE tenants SET usage_key = gen_random_uuid()::text;

CREATE FUNCTION key_is_live(key api_keys) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN key.revoked_at IS NULL AND coalesce(key.expires_at > now(), true);

-- A key as the operator sees it.
CREATE FUNCTION key_json(key api_keys) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
RETURN jsonb_build_object('prefix', 'ck_' || key.prefix, 'name', key.name, 'scopes', key.scopes,
  'created_at', iso(key.created_at), 'expires_at', iso(key.expires_at), 'last_used_at', iso(key.last_used_at),
  'state', CASE WHEN key.revoked_at IS NOT NULL THEN 'revoked' WHEN key_is_live(key) THEN 'live' ELSE 'expired' END);

-- Gives a tenant another key, unless it has `at_most` live ones. The tenant's row is locked first and its keys counted
-- after that: of two at once, the second counts what the first has made. With `grace`, it takes the place of
-- `replaced` (NULL: of the only live one), which goes on for that long, and has its name and scopes where none are given.
CREATE FUNCTION issue_key(owner text, new_prefix text, new_sha256 bytea, new_name text, new_scopes text[],
  lasts interval, grace interval, replaced text, at_most integer) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  live api_keys[];
  old api_keys;
  made api_keys;
BEGIN
  PERFORM FROM tenants WHERE id = owner FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN jsonb_build_object('outcome', 'no_tenant');
  END IF;
  SELECT coalesce(array_agg(k ORDER BY k.created_at), '{}') INTO live
  FROM api_keys k WHERE k.tenant_id = owner AND key_is_live(k);
  IF grace IS NOT NULL THEN
    SELECT k.* INTO old FROM unnest(live) k
    WHERE k.prefix = replaced OR replaced IS NULL AND cardinality(live) = 1;
  END IF;
  IF cardinality(live) >= at_most OR grace IS NOT NULL AND old.prefix IS NULL THEN
    RETURN jsonb_build_object('outcome', CASE WHEN cardinality(live) >= at_most THEN 'too_many' ELSE 'no_key' END,
      'live', (SELECT coalesce(jsonb_agg(key_json(k)), '[]') FROM unnest(live) k));
  END IF;
  UPDATE api_keys k SET expires_at = least(k.expires_at, now() + grace) WHERE k.prefix = old.prefix RETURNING * INTO old;
  INSERT INTO api_keys (prefix, tenant_id, key_sha256, name, scopes, expires_at)
  VALUES (new_prefix, owner, new_sha256, coalesce(new_name, old.name), coalesce(new_scopes, old.scopes,
    ARRAY['jobs:write', 'jobs:read', 'admin']), now() + lasts)
  RETURNING * INTO made;
  INSERT INTO tenant_events (tenant_id, type, detail)
  VALUES (owner, CASE WHEN old.prefix IS NULL THEN 'key.created' ELSE 'key.rotated' END,
    key_json(made) - ARRAY['state', 'last_used_at', 'created_at']
      || CASE WHEN old.prefix IS NULL THEN '{}' ELSE jsonb_build_object('old_prefix', 'ck_' || old.prefix,
        'old_expires_at', iso(old.expires_at)) END);
  RETURN jsonb_build_object('outcome', 'made', 'made', key_json(made),
    'old', CASE WHEN old.prefix IS NOT NULL THEN key_json(old) END);
END $$;

GRANT SELECT (id, usage_key) ON tenants TO claimcheck_auth;
GRANT UPDATE (last_used_at) ON api_keys TO claimcheck_auth;
