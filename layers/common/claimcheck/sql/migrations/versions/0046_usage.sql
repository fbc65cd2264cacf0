-- What a tenant's jobs came to, by the day on which they were handed in and by task. A final job is counted by the statement
-- that ends it: it appends one row here, so that nobody waits for anybody. Sweep adds those rows up (`fold_usage`) into the
-- two tables below; a reader takes all three in one snapshot, and counts open jobs where they are. What is deleted stays
-- counted: no row here names a job or holds anything of one.
CREATE TABLE usage_changes (
  tenant_id text NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  day date NOT NULL,             -- UTC
  task text NOT NULL,
  completed smallint NOT NULL,   -- -1 to 1: a failed job that is put back is counted no more until it is final again
  partial smallint NOT NULL,
  failed smallint NOT NULL,
  cancelled smallint NOT NULL,
  bucket smallint,               -- of an answered job: see usage_bucket
  calls bigint NOT NULL,
  input_tokens bigint NOT NULL,
  cache_read_tokens bigint NOT NULL,
  cache_write_tokens bigint NOT NULL,
  output_tokens bigint NOT NULL,
  cost_usd numeric(14, 6) NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE TABLE usage_days (
  tenant_id text NOT NULL REFERENCES tenants,
  day date NOT NULL,
  task text NOT NULL,
  completed bigint NOT NULL,
  partial bigint NOT NULL,
  failed bigint NOT NULL,
  cancelled bigint NOT NULL,
  calls bigint NOT NULL,
  input_tokens bigint NOT NULL,
  cache_read_tokens bigint NOT NULL,
  cache_write_tokens bigint NOT NULL,
  output_tokens bigint NOT NULL,
  cost_usd numeric(16, 6) NOT NULL,
  PRIMARY KEY (tenant_id, day, task)
) WITH (fillfactor = 50);

-- How many answered jobs took how long.
CREATE TABLE usage_seconds (
  tenant_id text NOT NULL REFERENCES tenants,
  day date NOT NULL,
  task text NOT NULL,
  bucket smallint NOT NULL,
  jobs bigint NOT NULL,
  PRIMARY KEY (tenant_id, day, task, bucket)
) WITH (fillfactor = 50);

-- Eight buckets each time that the time doubles: bucket b is about 2^(b/8) seconds, from 0.957 to 1.045 times that.
CREATE FUNCTION usage_bucket(took interval) RETURNS smallint LANGUAGE sql IMMUTABLE AS
$$ SELECT round(8 * ln(greatest(extract(epoch FROM took)::float8, 0.001)) / ln(2::float8))::smallint $$;

-- One change of what a final job counts for: it became final, it was put back, or a call of it was paid for after its end.
CREATE FUNCTION note_usage() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  was integer := (OLD.status IN ('completed', 'partial', 'failed', 'cancelled'))::integer; -- counted so far
  is_now integer := (NEW.status IN ('completed', 'partial', 'failed', 'cancelled'))::integer;
BEGIN
  INSERT INTO usage_changes (tenant_id, day, task, completed, partial, failed, cancelled, bucket, calls, input_tokens,
    cache_read_tokens, cache_write_tokens, output_tokens, cost_usd)
  VALUES (NEW.tenant_id, (NEW.created_at AT TIME ZONE 'UTC')::date, NEW.task,
    (NEW.status = 'completed')::integer - (OLD.status = 'completed')::integer,
    (NEW.status = 'partial')::integer - (OLD.status = 'partial')::integer,
    (NEW.status = 'failed')::integer - (OLD.status = 'failed')::integer,
    (NEW.status = 'cancelled')::integer - (OLD.status = 'cancelled')::integer,
    CASE WHEN was = 0 AND NEW.status IN ('completed', 'partial') THEN usage_bucket(NEW.completed_at - NEW.created_at) END,
    is_now * NEW.calls - was * OLD.calls, is_now * NEW.input_tokens - was * OLD.input_tokens,
    is_now * NEW.cache_read_tokens - was * OLD.cache_read_tokens,
    is_now * NEW.cache_write_tokens - was * OLD.cache_write_tokens,
    is_now * NEW.output_tokens - was * OLD.output_tokens, is_now * NEW.cost_usd - was * OLD.cost_usd);
  RETURN NULL;
END $$;
CREATE TRIGGER jobs_usage
  AFTER UPDATE OF status, calls, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, cost_usd ON jobs
  FOR EACH ROW WHEN (
    (OLD.status IN ('completed', 'partial', 'failed', 'cancelled') OR NEW.status IN ('completed', 'partial', 'failed', 'cancelled'))
    AND (OLD.status, OLD.calls, OLD.input_tokens, OLD.cache_read_tokens, OLD.cache_write_tokens, OLD.output_tokens, OLD.cost_usd)
      IS DISTINCT FROM
      (NEW.status, NEW.calls, NEW.input_tokens, NEW.cache_read_tokens, NEW.cache_write_tokens, NEW.output_tokens, NEW.cost_usd))
  EXECUTE FUNCTION note_usage();

-- Sweep: changes into their days, one sweep at a time; how many changes.
CREATE FUNCTION fold_usage(at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  folded integer;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('usage', 3)) THEN
    RETURN 0;
  END IF;
  WITH picked AS MATERIALIZED (
    SELECT tenant_id, id FROM usage_changes ORDER BY tenant_id, id LIMIT at_most FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM usage_changes c USING picked p WHERE c.tenant_id = p.tenant_id AND c.id = p.id RETURNING c.*
  ), days AS (
    INSERT INTO usage_days AS d (tenant_id, day, task, completed, partial, failed, cancelled, calls, input_tokens,
      cache_read_tokens, cache_write_tokens, output_tokens, cost_usd)
    SELECT tenant_id, day, task, sum(completed), sum(partial), sum(failed), sum(cancelled), sum(calls), sum(input_tokens),
      sum(cache_read_tokens), sum(cache_write_tokens), sum(output_tokens), sum(cost_usd)
    FROM gone GROUP BY tenant_id, day, task
    ON CONFLICT (tenant_id, day, task) DO UPDATE SET completed = d.completed + excluded.completed,
      partial = d.partial + excluded.partial, failed = d.failed + excluded.failed,
      cancelled = d.cancelled + excluded.cancelled, calls = d.calls + excluded.calls,
      input_tokens = d.input_tokens + excluded.input_tokens,
      cache_read_tokens = d.cache_read_tokens + excluded.cache_read_tokens,
      cache_write_tokens = d.cache_write_tokens + excluded.cache_write_tokens,
      output_tokens = d.output_tokens + excluded.output_tokens, cost_usd = d.cost_usd + excluded.cost_usd
  ), seconds AS (
    INSERT INTO usage_seconds AS s (tenant_id, day, task, bucket, jobs)
    SELECT tenant_id, day, task, bucket, count(*) FROM gone WHERE bucket IS NOT NULL GROUP BY tenant_id, day, task, bucket
    ON CONFLICT (tenant_id, day, task, bucket) DO UPDATE SET jobs = s.jobs + excluded.jobs
  )
  SELECT count(*) INTO folded FROM gone;
  RETURN folded;
END $$;

ALTER TABLE usage_changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_days ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_seconds ENABLE ROW LEVEL SECURITY;
CREATE POLICY api ON usage_changes FOR SELECT TO claimcheck_api USING (tenant_id = current_setting('claimcheck.tenant', true));
CREATE POLICY api ON usage_days FOR SELECT TO claimcheck_api USING (tenant_id = current_setting('claimcheck.tenant', true));
CREATE POLICY api ON usage_seconds FOR SELECT TO claimcheck_api USING (tenant_id = current_setting('claimcheck.tenant', true));
GRANT SELECT ON usage_changes, usage_days, usage_seconds TO claimcheck_api;
REVOKE EXECUTE ON FUNCTION fold_usage(integer), note_usage() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fold_usage(integer) TO claimcheck_worker;
