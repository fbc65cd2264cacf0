-- What bench/growing/rows.py fills a database with: statements in blocks that begin with `-- name: NAME`.

-- name: tenants
INSERT INTO tenants (id) SELECT 'tenant-' || n FROM generate_series(1, 9) n
UNION ALL SELECT 'small-' || n FROM generate_series(0, 499) n;
UPDATE tenants SET deleted_at = now() WHERE id = 'small-0';
INSERT INTO webhook_addresses (tenant_id, address, standing)
SELECT id, 'https://hooks.example.com/' || id || '/jobs', 'prompt' FROM tenants;
INSERT INTO tenant_spend (tenant_id, day, spent_usd)
SELECT id, current_date - n, 1 FROM tenants, generate_series(0, 29) n

-- name: seed_table
CREATE TEMP TABLE seeds (n bigint, id uuid, document uuid, tenant text, at timestamptz, task text, status text,
  attempt integer, kept boolean, hook boolean, uploaded boolean, digest bytea)

-- name: seeds
-- Half of all jobs are the first tenant's, a quarter the second's and so on; a thousandth is 500 small ones'.
-- `kept` and `hook` (a webhook) and `uploaded` (the document came by the bucket) decide what belongs to a job.
INSERT INTO seeds
SELECT n, uuidv7(at - now()), uuidv7(at - now()),
  CASE WHEN half = 0 THEN %(tenant)s WHEN half < 10 THEN 'tenant-' || half ELSE 'small-' || floor(any3 * 500) END,
  at, (ARRAY['summarise', 'extract', 'extract', 'evaluate'])[1 + floor(any3 * 4)::int],
  CASE WHEN any1 < 0.9 THEN 'completed' WHEN any1 < 0.94 THEN 'partial' WHEN any1 < 0.98 THEN 'failed'
    ELSE 'cancelled' END,
  CASE WHEN any1 >= 0.98 THEN 0 WHEN any2 < 0.1 THEN 2 ELSE 1 END,
  at > now() - %(kept)s * interval '1 day', any2 > 0.8, any3 < 0.1, sha256(int8send(n))
FROM (
  SELECT n, floor(-log(2, (1 - random())::numeric))::int AS half, random() AS any1, random() AS any2, random() AS any3,
    now() - interval '10 minutes' - (1 - n::float8 / %(jobs)s) * %(days)s * interval '1 day' AS at
  FROM generate_series(%(first)s::bigint, %(last)s::bigint) n) drawn

-- name: documents
INSERT INTO documents (id, tenant_id, name, media_type, size_bytes, sha256, object_key, text_key, text_is_content, chars,
  page_starts, created_at, upload_until, purged_at)
SELECT document, tenant, CASE WHEN kept THEN 'agreement-' || n || '.txt' END, CASE WHEN kept THEN 'text/plain' ELSE '' END,
  CASE WHEN kept THEN 1200 ELSE 0 END, CASE WHEN kept THEN digest ELSE decode(repeat('00', 32), 'hex') END,
  CASE WHEN kept THEN 'documents/' || tenant || '/' || encode(digest, 'hex') END,
  CASE WHEN kept AND uploaded THEN 'texts/' || tenant || '/' || document END, kept AND NOT uploaded,
  CASE WHEN kept THEN 1200 END, CASE WHEN kept THEN ARRAY[0] END, at,
  CASE WHEN kept AND uploaded THEN at + interval '1 day' END,
  CASE WHEN NOT kept THEN at + %(kept)s * interval '1 day' END
FROM seeds

-- name: objects
INSERT INTO objects (tenant_id, sha256, content, size_bytes, stored_at, touched_at, looked_at)
SELECT tenant, digest, CASE WHEN NOT uploaded THEN %(content)s::bytea END, 1200, at, at, at FROM seeds WHERE kept
ON CONFLICT DO NOTHING

-- name: jobs
INSERT INTO jobs (id, tenant_id, task, status, attempt, priority, document_id, params, metadata, webhook_url, digest_key,
  result, error, progress_done, model, calls, input_tokens, output_tokens, cost_usd, created_at, accepted_at,
  available_at, rung_at, started_at, completed_at, updated_at, purged_at)
SELECT id, tenant, task, status, attempt, 'standard', CASE WHEN kept THEN document END,
  CASE WHEN kept THEN '{"focus": "fees and terms of payment"}'::jsonb ELSE '{}' END,
  CASE WHEN kept THEN jsonb_build_object('order', n) ELSE '{}' END,
  CASE WHEN kept AND hook THEN 'https://hooks.example.com/' || tenant || '/jobs?n=' || n END,
  CASE WHEN kept THEN uuid_send(id) END,
  CASE WHEN kept AND status IN ('completed', 'partial') THEN %(result)s::jsonb END,
  CASE WHEN status = 'failed' THEN CASE WHEN kept THEN '{"code": "model_unavailable", "message": "The model did not answer.",
    "retryable": true, "attempts": 5}'::jsonb ELSE '{"code": "model_unavailable"}' END END,
  0, CASE WHEN attempt > 0 THEN 'claude-sonnet-5-5' END, attempt, attempt * 2500, attempt * 400, attempt * 0.009, at, at,
  at, at, CASE WHEN attempt > 0 THEN at + interval '1 second' END, at + interval '40 seconds', at + interval '40 seconds',
  CASE WHEN NOT kept THEN at + %(kept)s * interval '1 day' END
FROM seeds

-- name: events
-- The hashes link each event to the one before it; they are not those of its content, which takes too long here.
INSERT INTO job_events (job_id, seq, at, type, status, attempt, detail, prev_hash, hash)
SELECT id, seq, at + seq * interval '5 seconds', type,
  CASE type WHEN 'accepted' THEN 'pending' WHEN 'claimed' THEN 'running' WHEN 'retry' THEN 'pending'
    WHEN 'purged' THEN seeds.status ELSE type END, attempt,
  CASE type WHEN 'accepted' THEN jsonb_build_object('task', task, 'input_digest', encode(digest, 'hex'),
      'document_digest', encode(digest, 'hex'))
    WHEN 'claimed' THEN '{}' WHEN 'retry' THEN '{"code": "model_unavailable", "delay_ms": 2000}'
    WHEN 'purged' THEN '{"reason": "retention"}' WHEN 'cancelled' THEN '{}'
    ELSE '{"usage": {"calls": 1, "model": "claude-sonnet-5-5", "cost_usd": 0.009, "input_tokens": 2500,
      "output_tokens": 400, "cache_read_tokens": 0, "cache_write_tokens": 0}}' END::jsonb,
  CASE WHEN seq = 1 THEN decode(repeat('00', 32), 'hex') ELSE sha256(uuid_send(id) || int4send(seq::int - 1)) END,
  sha256(uuid_send(id) || int4send(seq::int))
FROM seeds CROSS JOIN LATERAL unnest(ARRAY['accepted'] || CASE attempt WHEN 2 THEN ARRAY['claimed', 'retry', 'claimed']
    WHEN 1 THEN ARRAY['claimed'] ELSE '{}' END || CASE WHEN status IN ('pending', 'running') THEN '{}'
    ELSE ARRAY[status] END || CASE WHEN kept THEN '{}' ELSE ARRAY['purged'] END) WITH ORDINALITY AS e (type, seq)

-- name: calls
INSERT INTO model_calls (id, job_id, attempt, model, started_at, finished_at, outcome, request_id, input_tokens,
  cache_read_tokens, cache_write_tokens, output_tokens, cost_usd, answer, question_sha256, worst_usd)
SELECT uuidv7(at - now()), id, a, 'claude-sonnet-5-5', at + interval '2 seconds', at + interval '30 seconds', 'end_turn',
  'req_' || substr(id::text, 25), 2500, 0, 0, 400, 0.009, CASE WHEN kept THEN %(answer)s END,
  CASE WHEN kept THEN digest END, 0.05
FROM seeds CROSS JOIN LATERAL generate_series(1, attempt) a WHERE status NOT IN ('pending', 'running')

-- name: deliveries
WITH made AS (
  INSERT INTO deliveries (id, tenant_id, job_id, event_type, url, status, attempt, next_attempt_at, created_at, completed_at,
    address_id, body)
  SELECT uuidv7(at - now()), tenant, seeds.id, 'job.' || status, 'https://hooks.example.com/' || tenant || '/jobs?n=' || n,
    'delivered', 1, at, at + interval '40 seconds', at + interval '41 seconds', a.id, %(answer)s
  FROM seeds JOIN webhook_addresses a ON a.tenant_id = tenant
  WHERE kept AND hook AND status NOT IN ('pending', 'running')
  RETURNING *
)
INSERT INTO delivery_attempts (delivery_id, attempt, at, url, status_code, duration_ms, response_head)
SELECT id, 1, created_at, url, 204, 80, '' FROM made

-- name: keys
INSERT INTO idempotency_keys (tenant_id, route, key, body_sha256, job_id, created_at)
SELECT tenant, task, id::text, digest, id, at FROM seeds WHERE at > now() - interval '1 day' AND n %% 3 = 0

-- name: in_flight
INSERT INTO seeds
SELECT -n, uuidv7(), uuidv7(), CASE WHEN n %% %(every)s = 0 THEN %(tenant)s ELSE 'tenant-' || 1 + n %% 9 END, now(),
  (ARRAY['summarise', 'extract', 'evaluate'])[1 + n %% 3],
  CASE WHEN n <= %(pending)s THEN 'pending' ELSE 'running' END, CASE WHEN n <= %(pending)s THEN 0 ELSE 1 END,
  true, false, false, sha256(int8send(-n))
FROM generate_series(1, %(pending)s + %(running)s) n

-- name: jobs_in_flight
INSERT INTO jobs (id, tenant_id, task, status, attempt, priority, document_id, params, metadata, available_at, started_at,
  lease_expires_at)
SELECT id, tenant, task, status, attempt, 'standard', document, '{"focus": "fees and terms of payment"}', '{}',
  CASE WHEN n %% 3 = 0 AND attempt = 0 THEN at + interval '1 day' ELSE at END, CASE WHEN attempt > 0 THEN at END,
  CASE WHEN attempt > 0 THEN at + interval '1 day' END
FROM seeds

-- name: secondary
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = ANY (%s::regclass[]) AND NOT indisprimary AND NOT indisunique ORDER BY 1
