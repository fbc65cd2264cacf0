-- name: get_usage
-- Days of what has been added up, with what has not been yet (0046) and jobs that are open: all in one snapshot.
-- A fraction of jobs took no longer than the first bucket up to which there are as many (0.957 to 1.045 times 2^(b/8) seconds).
WITH changes AS MATERIALIZED (
  SELECT * FROM usage_changes WHERE tenant_id = %(tenant_id)s AND day BETWEEN %(first)s::date AND %(last)s::date
), parts AS (
  SELECT day, task, completed, partial, failed, cancelled, 0 AS waiting, calls, input_tokens, cache_read_tokens,
    cache_write_tokens, output_tokens, cost_usd
  FROM usage_days WHERE tenant_id = %(tenant_id)s AND day BETWEEN %(first)s::date AND %(last)s::date
  UNION ALL
  SELECT day, task, completed, partial, failed, cancelled, 0, calls, input_tokens, cache_read_tokens, cache_write_tokens,
    output_tokens, cost_usd FROM changes
  UNION ALL
  SELECT (created_at AT TIME ZONE 'UTC')::date, task, 0, 0, 0, 0, 1, calls, input_tokens, cache_read_tokens,
    cache_write_tokens, output_tokens, cost_usd
  FROM jobs WHERE tenant_id = %(tenant_id)s AND status IN ('pending', 'running')
    AND created_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
    AND created_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
), days AS (
  SELECT day, task, sum(completed) AS completed, sum(partial) AS partial, sum(failed) AS failed,
    sum(cancelled) AS cancelled, sum(waiting) AS waiting, sum(calls) AS calls, sum(input_tokens) AS input_tokens,
    sum(cache_read_tokens) AS cache_read_tokens, sum(cache_write_tokens) AS cache_write_tokens,
    sum(output_tokens) AS output_tokens, sum(cost_usd) AS cost_usd
  FROM parts GROUP BY day, task HAVING sum(completed + partial + failed + cancelled + waiting) > 0
), buckets AS (
  SELECT day, task, bucket, sum(jobs) AS jobs FROM (
    SELECT day, task, bucket, jobs FROM usage_seconds
    WHERE tenant_id = %(tenant_id)s AND day BETWEEN %(first)s::date AND %(last)s::date
    UNION ALL SELECT day, task, bucket, 1 FROM changes WHERE bucket IS NOT NULL
  ) counted GROUP BY day, task, bucket
), ranked AS (
  SELECT day, task, bucket, sum(jobs) OVER (PARTITION BY day, task ORDER BY bucket) AS up_to,
    sum(jobs) OVER (PARTITION BY day, task) AS answered FROM buckets
), quantiles AS (
  SELECT day, task, min(bucket) FILTER (WHERE up_to >= 0.5 * answered) AS median,
    min(bucket) FILTER (WHERE up_to >= 0.95 * answered) AS p95
  FROM ranked GROUP BY day, task
)
SELECT coalesce(json_agg(json_build_object(
    'day', day, 'task', task, 'jobs', completed + partial + failed + cancelled + waiting, 'completed', completed,
    'partial', partial, 'failed', failed, 'cancelled', cancelled, 'waiting', waiting,
    'seconds', json_build_object('median', round(power(2::numeric, q.median / 8.0), 3),
      'p95', round(power(2::numeric, q.p95 / 8.0), 3)),
    'input_tokens', input_tokens, 'cache_read_tokens', cache_read_tokens, 'cache_write_tokens', cache_write_tokens,
    'output_tokens', output_tokens, 'calls', calls, 'cost_usd', cost_usd::float8) ORDER BY day, task), '[]')::text AS days
FROM days LEFT JOIN quantiles q USING (day, task)
