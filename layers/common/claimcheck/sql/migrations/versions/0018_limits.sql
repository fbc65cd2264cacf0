-- A tenant's limits: jobs in flight, money a day, the size of a document (docs/keys.md). The index that jobs in flight
-- are counted by follows in 0019.

ALTER TABLE tenants                              -- NULL: the deployment's
  ADD COLUMN max_jobs_in_flight integer,
  ADD COLUMN max_usd_per_day numeric(14, 6),
  ADD COLUMN max_document_bytes bigint,
  ADD CONSTRAINT tenants_limits_check
    CHECK (max_jobs_in_flight >= 0 AND max_usd_per_day >= 0 AND max_document_bytes >= 0) NOT VALID;

-- What a tenant's calls of one day (UTC, when they began) cost, and what those under way may cost at most. Of a call
-- whose end nobody told us the worst is taken for spent; that of a worker that died stays reserved for this day.
CREATE TABLE tenant_spend (
  tenant_id text NOT NULL REFERENCES tenants,
  day date NOT NULL,
  spent_usd numeric(14, 6) NOT NULL DEFAULT 0,
  reserved_usd numeric(14, 6) NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, day)
);

-- By triggers, so that the version before this one keeps the account as well. They fire at the end of their statement,
-- when it holds its job's row already: the day's row always comes last.
CREATE FUNCTION reserve_spend() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO tenant_spend AS s (tenant_id, day, reserved_usd)
  SELECT j.tenant_id, (NEW.started_at AT TIME ZONE 'UTC')::date, NEW.worst_usd FROM jobs j WHERE j.id = NEW.job_id
  ON CONFLICT (tenant_id, day) DO UPDATE SET reserved_usd = s.reserved_usd + excluded.reserved_usd;
  RETURN NULL;
END $$;
CREATE TRIGGER model_calls_reserve AFTER INSERT ON model_calls
  FOR EACH ROW WHEN (NEW.worst_usd > 0) EXECUTE FUNCTION reserve_spend();

CREATE FUNCTION settle_spend() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  cost numeric := CASE WHEN NEW.outcome_unknown THEN NEW.worst_usd ELSE NEW.cost_usd END;
BEGIN
  INSERT INTO tenant_spend AS s (tenant_id, day, spent_usd)
  SELECT j.tenant_id, (NEW.started_at AT TIME ZONE 'UTC')::date, coalesce(cost, 0) FROM jobs j WHERE j.id = NEW.job_id
  ON CONFLICT (tenant_id, day) DO UPDATE SET spent_usd = s.spent_usd + excluded.spent_usd,
    reserved_usd = greatest(s.reserved_usd - coalesce(NEW.worst_usd, 0), 0);
  RETURN NULL;
END $$;
CREATE TRIGGER model_calls_settle AFTER UPDATE OF finished_at ON model_calls
  FOR EACH ROW WHEN (OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL
    AND (NEW.worst_usd > 0 OR NEW.cost_usd > 0)) EXECUTE FUNCTION settle_spend();

-- Why a tenant may hand in nothing more, NULL where it may: a document's size, and with `counting` its jobs in flight
-- and what it has spent today. Far below the limit of jobs nobody waits; near it one tenant's submissions come one
-- after the other, and each counts what those before it have made: statements inside of this function see them.
CREATE FUNCTION tenant_refusal(tenant text, bytes bigint, counting boolean, jobs_in_flight integer, usd_per_day numeric,
  document_bytes bigint) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  own record;
  jobs_now integer;
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
  IF EXISTS (SELECT FROM tenant_spend WHERE tenant_id = tenant AND day = (now() AT TIME ZONE 'UTC')::date
      AND spent_usd >= own.usd) OR own.usd = 0 THEN
    RETURN jsonb_build_object('code', 'spend_limit', 'limit', own.usd::float8, 'resets_at', iso(midnight),
      'resets_s', ceil(extract(epoch FROM midnight - now()))::integer);
  END IF;
  IF own.jobs IS NULL THEN
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
  RETURN NULL;
END $$;

-- Whether a call that may cost `worst` fits into its tenant's day: NULL if so. `soon`: not while others are under way,
-- `today`: not before the day is over, `ever`: it is more than a whole day's. Until the commit nobody else asks.
CREATE FUNCTION day_refusal(asking_job uuid, worst numeric, usd_per_day numeric) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  owner text;
  most numeric;
  spend tenant_spend;
BEGIN
  SELECT t.id, coalesce(t.max_usd_per_day, usd_per_day) INTO owner, most
  FROM jobs j JOIN tenants t ON t.id = j.tenant_id WHERE j.id = asking_job;
  IF most IS NULL OR worst > most THEN
    RETURN CASE WHEN worst > most THEN 'ever' END;
  END IF;
  INSERT INTO tenant_spend (tenant_id, day) VALUES (owner, (now() AT TIME ZONE 'UTC')::date) ON CONFLICT DO NOTHING;
  SELECT * INTO spend FROM tenant_spend
  WHERE tenant_id = owner AND day = (now() AT TIME ZONE 'UTC')::date FOR NO KEY UPDATE;
  RETURN CASE WHEN spend.spent_usd + worst > most THEN 'today'
    WHEN spend.spent_usd + spend.reserved_usd + worst > most THEN 'soon' END;
END $$;

-- As begin_model_call (0003), and the worst case fits what its tenant may spend on this day. `resets_s`: when to ask again.
CREATE FUNCTION begin_model_call_within(
  asking_job uuid, fence integer, call_id uuid, asked_model text, question bytea, worst numeric, usd_per_day numeric,
  OUT paid_id uuid, OUT answer text, OUT outcome text, OUT over_cap boolean, OUT over_day text, OUT resets_s integer
) RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
  job record;
  spent numeric;
BEGIN
  SELECT cost_usd, max_cost_usd INTO job FROM jobs
  WHERE id = asking_job AND attempt = fence AND status = 'running'
    AND (cancel_at IS NULL OR cancel_at > now())
  FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT c.id, c.answer, c.outcome INTO paid_id, answer, outcome FROM model_calls c
  WHERE c.job_id = asking_job AND c.question_sha256 = question
    AND c.finished_at IS NOT NULL AND c.answer IS NOT NULL AND NOT c.rejected
  ORDER BY c.started_at DESC LIMIT 1;
  over_cap := false;
  IF paid_id IS NULL THEN
    SELECT job.cost_usd + coalesce(sum(c.worst_usd), 0) INTO spent FROM model_calls c
    WHERE c.job_id = asking_job AND c.id <> call_id AND (c.finished_at IS NULL OR c.outcome_unknown);
    over_cap := coalesce(spent + worst > job.max_cost_usd, false);
    -- One that is noted already, and asked for again after a lost connection, has its place in the day.
    IF NOT over_cap AND worst > 0 AND NOT EXISTS (SELECT FROM model_calls c WHERE c.id = call_id) THEN
      over_day := day_refusal(asking_job, worst, usd_per_day);
      resets_s := CASE over_day WHEN 'soon' THEN 30 WHEN 'today' THEN ceil(extract(epoch FROM
        date_trunc('day', now() AT TIME ZONE 'UTC') + interval '1 day' - now() AT TIME ZONE 'UTC')) END;
    END IF;
    IF NOT over_cap AND over_day IS NULL THEN
      INSERT INTO model_calls (id, job_id, attempt, model, question_sha256, worst_usd)
      VALUES (call_id, asking_job, fence, asked_model, question, worst) ON CONFLICT (id) DO NOTHING;
    END IF;
  END IF;
  RETURN NEXT;
END $$;

REVOKE EXECUTE ON FUNCTION tenant_refusal(text, bigint, boolean, integer, numeric, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenant_refusal(text, bigint, boolean, integer, numeric, bigint) TO claimcheck_api;
REVOKE EXECUTE ON FUNCTION day_refusal(uuid, numeric, numeric) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION day_refusal(uuid, numeric, numeric) TO claimcheck_worker;
ALTER TABLE tenant_spend ENABLE ROW LEVEL SECURITY;
CREATE POLICY operator ON tenant_spend FOR SELECT TO claimcheck_operator USING (true);
GRANT SELECT ON tenant_spend TO claimcheck_operator;
