-- name: join_prefix
-- What a call is among those that show the same beginning of a prompt (migration 0030).
SELECT join_prefix(%(job_id)s::uuid, %(attempt)s::integer, %(prefix)s::bytea, %(call)s::uuid, %(more)s,
  %(writing_s)s::float8, %(warm_s)s::float8) AS role

-- name: settle_prefix
SELECT settle_prefix(%(job_id)s::uuid, %(prefix)s::bytea, %(call)s::uuid, %(warm_s)s::float8)::text AS done
