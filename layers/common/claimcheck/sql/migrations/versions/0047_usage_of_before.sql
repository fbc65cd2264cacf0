-- Jobs that were final before 0046. In one snapshot, each job is counted by 0046's trigger or it is not, together with its
-- row: what is added here is what the rows of all final jobs say less what was counted so far. So nothing is locked, and to
-- run it once more adds nothing. A job whose row has been forgotten by now is not in it.
CREATE FUNCTION count_usage_of_before() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH final AS MATERIALIZED (
    SELECT tenant_id, (created_at AT TIME ZONE 'UTC')::date AS day, task,
      CASE WHEN status IN ('completed', 'partial') THEN usage_bucket(completed_at - created_at) END AS bucket,
      count(*) AS jobs,
      count(*) FILTER (WHERE status = 'completed') AS completed, count(*) FILTER (WHERE status = 'partial') AS partial,
      count(*) FILTER (WHERE status = 'failed') AS failed, count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
      sum(calls) AS calls, sum(input_tokens) AS input_tokens, sum(cache_read_tokens) AS cache_read_tokens,
      sum(cache_write_tokens) AS cache_write_tokens, sum(output_tokens) AS output_tokens, sum(cost_usd) AS cost_usd
    FROM jobs WHERE status IN ('completed', 'partial', 'failed', 'cancelled') GROUP BY 1, 2, 3, 4
  ), missing AS (
    SELECT tenant_id, day, task, sum(completed) AS completed, sum(partial) AS partial, sum(failed) AS failed,
      sum(cancelled) AS cancelled, sum(calls) AS calls, sum(input_tokens) AS input_tokens,
      sum(cache_read_tokens) AS cache_read_tokens, sum(cache_write_tokens) AS cache_write_tokens,
      sum(output_tokens) AS output_tokens, sum(cost_usd) AS cost_usd
    FROM (
      SELECT tenant_id, day, task, completed, partial, failed, cancelled, calls, input_tokens, cache_read_tokens,
        cache_write_tokens, output_tokens, cost_usd FROM final
      UNION ALL SELECT tenant_id, day, task, -completed, -partial, -failed, -cancelled, -calls, -input_tokens,
        -cache_read_tokens, -cache_write_tokens, -output_tokens, -cost_usd FROM usage_days
      UNION ALL SELECT tenant_id, day, task, -completed, -partial, -failed, -cancelled, -calls, -input_tokens,
        -cache_read_tokens, -cache_write_tokens, -output_tokens, -cost_usd FROM usage_changes
    ) parts GROUP BY tenant_id, day, task HAVING sum(completed + partial + failed + cancelled) > 0
  ), days AS (
    INSERT INTO usage_days AS d (tenant_id, day, task, completed, partial, failed, cancelled, calls, input_tokens,
      cache_read_tokens, cache_write_tokens, output_tokens, cost_usd)
    SELECT * FROM missing
    ON CONFLICT (tenant_id, day, task) DO UPDATE SET completed = d.completed + excluded.completed,
      partial = d.partial + excluded.partial, failed = d.failed + excluded.failed,
      cancelled = d.cancelled + excluded.cancelled, calls = d.calls + excluded.calls,
      input_tokens = d.input_tokens + excluded.input_tokens,
      cache_read_tokens = d.cache_read_tokens + excluded.cache_read_tokens,
      cache_write_tokens = d.cache_write_tokens + excluded.cache_write_tokens,
      output_tokens = d.output_tokens + excluded.output_tokens, cost_usd = d.cost_usd + excluded.cost_usd
  )
  INSERT INTO usage_seconds AS s (tenant_id, day, task, bucket, jobs)
  SELECT tenant_id, day, task, bucket, sum(jobs) FROM (
    SELECT tenant_id, day, task, bucket, jobs FROM final WHERE bucket IS NOT NULL
    UNION ALL SELECT tenant_id, day, task, bucket, -jobs FROM usage_seconds
    UNION ALL SELECT tenant_id, day, task, bucket, -1 FROM usage_changes WHERE bucket IS NOT NULL
  ) parts GROUP BY tenant_id, day, task, bucket HAVING sum(jobs) > 0
  ON CONFLICT (tenant_id, day, task, bucket) DO UPDATE SET jobs = s.jobs + excluded.jobs
$$;
REVOKE EXECUTE ON FUNCTION count_usage_of_before() FROM PUBLIC;
SELECT count_usage_of_before();
