-- A tenant's day without a hot row. Each call wrote its tenant's row twice and held it until its commit, so that the calls
-- of all workers went one after the other: half of a job's time at a hundred jobs a second. Now each server process writes a
-- slot of its own; a day is `tenant_spend` (0018) and its slots together. Sweep puts the slots into that row
-- (`fold_spend`), which the version before this one reads.
CREATE TABLE spend_slots (
  tenant_id text NOT NULL REFERENCES tenants,
  day date NOT NULL,
  slot smallint NOT NULL,
  spent_usd numeric(14, 6) NOT NULL DEFAULT 0,
  reserved_usd numeric(14, 6) NOT NULL DEFAULT 0, -- below 0 where calls end in a slot that began in others
  PRIMARY KEY (tenant_id, day, slot)
) WITH (fillfactor = 30);

CREATE VIEW tenant_days WITH (security_invoker = true) AS
SELECT tenant_id, day, sum(spent_usd) AS spent_usd, greatest(sum(reserved_usd), 0) AS reserved_usd
FROM (SELECT tenant_id, day, spent_usd, reserved_usd FROM tenant_spend
  UNION ALL SELECT tenant_id, day, spent_usd, reserved_usd FROM spend_slots) parts
GROUP BY tenant_id, day;

CREATE OR REPLACE FUNCTION reserve_spend() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO spend_slots AS s (tenant_id, day, slot, reserved_usd)
  SELECT j.tenant_id, (NEW.started_at AT TIME ZONE 'UTC')::date, pg_backend_pid() % 64, NEW.worst_usd
  FROM jobs j WHERE j.id = NEW.job_id
  ON CONFLICT (tenant_id, day, slot) DO UPDATE SET reserved_usd = s.reserved_usd + excluded.reserved_usd;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION settle_spend() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO spend_slots AS s (tenant_id, day, slot, spent_usd, reserved_usd)
  SELECT j.tenant_id, (NEW.started_at AT TIME ZONE 'UTC')::date, pg_backend_pid() % 64,
    coalesce(CASE WHEN NEW.outcome_unknown THEN NEW.worst_usd ELSE NEW.cost_usd END, 0), -coalesce(NEW.worst_usd, 0)
  FROM jobs j WHERE j.id = NEW.job_id
  ON CONFLICT (tenant_id, day, slot) DO UPDATE
  SET spent_usd = s.spent_usd + excluded.spent_usd, reserved_usd = s.reserved_usd + excluded.reserved_usd;
  RETURN NULL;
END $$;

-- As in 0018, and nobody waits for others' commits far below the limit: where there is room for two hundred such calls, a
-- hundred may be begun at once without knowing of each other. Nearer to it they come one after the other, after those
-- that are being begun; one that finds itself there only now is to ask again.
CREATE OR REPLACE FUNCTION day_refusal(asking_job uuid, worst numeric, usd_per_day numeric) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  owner text;
  most numeric;
  today date := (now() AT TIME ZONE 'UTC')::date;
  turn bigint;
  far boolean;
  spent numeric;
  reserved numeric;
BEGIN
  SELECT t.id, coalesce(t.max_usd_per_day, usd_per_day) INTO owner, most
  FROM jobs j JOIN tenants t ON t.id = j.tenant_id WHERE j.id = asking_job;
  IF most IS NULL OR worst > most THEN
    RETURN CASE WHEN worst > most THEN 'ever' END;
  END IF;
  turn := hashtextextended('usd per day' || E'\n' || owner, 2);
  SELECT coalesce(sum(spent_usd + reserved_usd), 0) + 200 * worst <= most INTO far
  FROM tenant_days WHERE tenant_id = owner AND day = today;
  IF far THEN
    PERFORM pg_advisory_xact_lock_shared(turn);
  ELSE
    PERFORM pg_advisory_xact_lock(turn);
  END IF;
  SELECT coalesce(sum(spent_usd), 0), coalesce(sum(reserved_usd), 0) INTO spent, reserved
  FROM tenant_days WHERE tenant_id = owner AND day = today;
  RETURN CASE WHEN spent + worst > most THEN 'today'
    WHEN spent + reserved + CASE WHEN far THEN 100 ELSE 1 END * worst > most THEN 'soon' END;
END $$;

-- How many jobs a tenant had in flight when they were last counted, where that was far below its limit.
CREATE TABLE tenant_loads (
  tenant_id text PRIMARY KEY REFERENCES tenants,
  jobs integer NOT NULL,
  counted_at timestamptz NOT NULL
) WITH (fillfactor = 30);

-- As in 0018, but for the day's row, and jobs in flight are counted once a second where five thousand more may come: a
-- backlog of thousands was counted anew for each ticket.
CREATE OR REPLACE FUNCTION tenant_refusal(tenant text, bytes bigint, counting boolean, jobs_in_flight integer,
  usd_per_day numeric, document_bytes bigint) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  own record;
  jobs_now integer;
  spare CONSTANT integer := 5000; -- more than come in a second
  midnight timestamptz := (date_trunc('day', now() AT TIME ZONE 'UTC') + interval '1 day') AT TIME ZONE 'UTC';
BEGIN
  IF tenant IS DISTINCT FROM current_setting('claimcheck.tenant', true) THEN -- it runs as the owner, under no policy
    RAISE EXCEPTION 'the transaction works for another tenant' USING ERRCODE = 'insufficient_privilege';
  END IF;
  SELECT coalesce(max_jobs_in_flight, jobs_in_flight) AS jobs, coalesce(max_usd_per_day, usd_per_day) AS usd,
    coalesce(max_document_bytes, document_bytes) AS bytes INTO own FROM tenants WHERE id = tenant;
  IF bytes > own.bytes THEN
    RETURN jsonb_build_object('code', 'document_too_large', 'limit', own.bytes);
  END IF;
  IF NOT counting THEN
    RETURN NULL;
  END IF;
  IF own.usd = 0 OR own.usd <= (SELECT sum(spent_usd) FROM tenant_days
      WHERE tenant_id = tenant AND day = (now() AT TIME ZONE 'UTC')::date) THEN
    RETURN jsonb_build_object('code', 'spend_limit', 'limit', own.usd::float8, 'resets_at', iso(midnight),
      'resets_s', ceil(extract(epoch FROM midnight - now()))::integer);
  END IF;
  IF own.jobs IS NULL THEN
    RETURN NULL;
  END IF;
  IF EXISTS (SELECT FROM tenant_loads WHERE tenant_id = tenant AND jobs + spare <= own.jobs
      AND counted_at BETWEEN clock_timestamp() - interval '1 second' AND clock_timestamp()) THEN
    RETURN NULL;
  END IF;
  FOR round IN 1..2 LOOP
    SELECT count(*) INTO jobs_now FROM (SELECT FROM jobs
      WHERE tenant_id = tenant AND status IN ('pending', 'running') LIMIT own.jobs) open;
    IF jobs_now >= own.jobs THEN
      RETURN jsonb_build_object('code', 'tenant_busy', 'limit', own.jobs);
    END IF;
    EXIT WHEN round = 2 OR jobs_now < own.jobs - greatest(100, own.jobs / 10);
    PERFORM pg_advisory_xact_lock(hashtextextended('jobs in flight' || E'\n' || tenant, 1));
  END LOOP;
  IF jobs_now + spare <= own.jobs THEN
    PERFORM FROM tenant_loads WHERE tenant_id = tenant FOR UPDATE SKIP LOCKED; -- nobody waits to note it
    IF FOUND THEN
      UPDATE tenant_loads SET jobs = jobs_now, counted_at = clock_timestamp() WHERE tenant_id = tenant;
    ELSE
      INSERT INTO tenant_loads (tenant_id, jobs, counted_at) VALUES (tenant, jobs_now, clock_timestamp())
      ON CONFLICT DO NOTHING;
    END IF;
  END IF;
  RETURN NULL;
END $$;

-- Sweep: slots into their day's row; those that somebody writes at this moment, the next time.
CREATE FUNCTION fold_spend(at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  folded integer;
BEGIN
  WITH picked AS MATERIALIZED (
    SELECT tenant_id, day, slot FROM spend_slots ORDER BY tenant_id, day, slot LIMIT at_most FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM spend_slots s USING picked p WHERE s.tenant_id = p.tenant_id AND s.day = p.day AND s.slot = p.slot
    RETURNING s.*
  ), added AS (
    INSERT INTO tenant_spend AS t (tenant_id, day, spent_usd, reserved_usd)
    SELECT tenant_id, day, sum(spent_usd), sum(reserved_usd) FROM gone GROUP BY tenant_id, day ORDER BY tenant_id, day
    ON CONFLICT (tenant_id, day) DO UPDATE
    SET spent_usd = t.spent_usd + excluded.spent_usd, reserved_usd = t.reserved_usd + excluded.reserved_usd
  )
  SELECT count(*) INTO folded FROM gone;
  RETURN folded;
END $$;

ALTER TABLE spend_slots ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_loads ENABLE ROW LEVEL SECURITY; -- by functions alone
CREATE POLICY api ON spend_slots FOR SELECT TO claimcheck_api
  USING (tenant_id = current_setting('claimcheck.tenant', true));
CREATE POLICY operator ON spend_slots FOR SELECT TO claimcheck_operator USING (true);
GRANT SELECT ON spend_slots, tenant_days TO claimcheck_api, claimcheck_operator;
REVOKE EXECUTE ON FUNCTION fold_spend(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fold_spend(integer) TO claimcheck_worker;
