-- Idempotency keys, circuits, deadlines, and what bounds repeated work.

ALTER TABLE jobs
  ADD COLUMN accepted_at timestamptz NOT NULL DEFAULT now(), -- its age counts from here: creation, or redrive
  ADD COLUMN cancel_at timestamptz,                          -- the caller's deadline (Cancel-After)
  ADD COLUMN rings smallint NOT NULL DEFAULT 1,              -- doorbells for the present wait
  ADD COLUMN waits integer NOT NULL DEFAULT 0,               -- uncharged retries in a row: their backoff
  ADD COLUMN lost_leases smallint NOT NULL DEFAULT 0,        -- workers that stopped while they held it
  ADD COLUMN last_failure jsonb;                             -- code and message of the latest retry
UPDATE jobs SET accepted_at = created_at;
CREATE INDEX jobs_deadlines ON jobs (cancel_at)
  WHERE cancel_at IS NOT NULL AND status IN ('pending', 'running');
CREATE INDEX jobs_oldest ON jobs (accepted_at) WHERE status = 'pending';

-- A failed job may be put back, by its owner's own call.
CREATE OR REPLACE FUNCTION refuse_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.status, NEW.status) NOT IN (
    ('pending', 'running'), ('pending', 'failed'), ('pending', 'cancelled'),
    ('running', 'pending'), ('running', 'completed'), ('running', 'partial'),
    ('running', 'failed'), ('running', 'cancelled'), ('failed', 'pending')
  ) THEN
    RAISE EXCEPTION 'a job may not go from % to %', OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'jobs_transition';
  END IF;
  RETURN NEW;
END $$;

-- What was asked (so that a paid answer is used again), what it may cost at most, and whether anybody knows.
ALTER TABLE model_calls
  ADD COLUMN question_sha256 bytea,
  ADD COLUMN worst_usd numeric(14, 6) NOT NULL DEFAULT 0,
  ADD COLUMN outcome_unknown boolean NOT NULL DEFAULT false,
  ADD COLUMN rejected boolean NOT NULL DEFAULT false;        -- read, and of no use

-- The first answer to each key, in the transaction that made its job.
CREATE TABLE idempotency_keys (
  tenant_id text NOT NULL REFERENCES tenants,
  route text NOT NULL,
  key text NOT NULL,
  body_sha256 bytea NOT NULL,
  job_id uuid NOT NULL REFERENCES jobs,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, route, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- One row a model that has failed of late. Closed while opened_at is NULL.
CREATE TABLE model_circuits (
  model text PRIMARY KEY,
  failures integer NOT NULL DEFAULT 0,           -- in a row
  openings integer NOT NULL DEFAULT 0,           -- in a row: each waits twice as long
  opened_at timestamptz,
  retry_at timestamptz,                          -- from when one call may probe
  probe_job uuid,                                -- whose call that is
  CONSTRAINT model_circuits_open CHECK ((opened_at IS NULL) = (retry_at IS NULL))
);

-- Before a model is paid: the fence is held, the worst case fits the cap, and nobody has paid for the same
-- question before. Calls whose outcome is unknown count at their worst. The job's row is locked first, and what
-- stands there is read after that: two calls of one job cannot both take what is left. Asked again with the
-- same call id, it notes the call once.
CREATE FUNCTION begin_model_call(
  asking_job uuid, fence integer, call_id uuid, asked_model text, question bytea, worst numeric,
  OUT paid_id uuid, OUT answer text, OUT outcome text, OUT over_cap boolean
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
    IF NOT over_cap THEN
      INSERT INTO model_calls (id, job_id, attempt, model, question_sha256, worst_usd)
      VALUES (call_id, asking_job, fence, asked_model, question, worst) ON CONFLICT (id) DO NOTHING;
    END IF;
  END IF;
  RETURN NEXT;
END $$;

-- What a finished call says about its model. `health`: ok, down, or neither.
CREATE FUNCTION note_health(asked_model text, by_job uuid, health text, threshold integer) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF health = 'ok' THEN
    UPDATE model_circuits SET failures = 0, openings = 0, opened_at = NULL, retry_at = NULL, probe_job = NULL
    WHERE model = asked_model AND (failures > 0 OR opened_at IS NOT NULL);
  ELSIF health = 'down' THEN
    INSERT INTO model_circuits AS c (model, failures) VALUES (asked_model, 1)
    ON CONFLICT (model) DO UPDATE SET failures = c.failures + 1;
    -- Calls that were under way when it opened say nothing new; the probe's failure opens it again.
    UPDATE model_circuits AS c SET openings = c.openings + 1, opened_at = now(), probe_job = NULL,
      retry_at = now() + least(300, 15 * 2 ^ least(c.openings, 5)) * interval '1 second'
    WHERE model = asked_model AND failures >= threshold AND (opened_at IS NULL OR probe_job = by_job);
  END IF;
END $$;

-- `base` is the path below which the API is served; links are addresses that a client can follow.
DROP FUNCTION job_body(jobs, boolean);
CREATE FUNCTION job_body(job jobs, with_result boolean, base text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  self text := base || '/jobs/' || job.id;
  unknown record;
  head text;
  tail text;
BEGIN
  -- Calls that may have been paid for: the worker died in the middle, or nobody told us.
  SELECT count(*) AS calls, coalesce(sum(worst_usd), 0)::float8 AS usd INTO unknown FROM model_calls
  WHERE job_id = job.id
    AND (outcome_unknown OR finished_at IS NULL AND (attempt < job.attempt OR job.status <> 'running'));
  head := json_build_object(
    'job_id', job.id, 'task', job.task, 'status', job.status, 'attempt', job.attempt,
    'priority', job.priority, 'created_at', iso(job.created_at), 'started_at', iso(job.started_at),
    'completed_at', iso(job.completed_at),
    'progress', json_build_object('done', job.progress_done, 'total', job.progress_total));
  tail := json_build_object(
    'error', job.error, 'metadata', job.metadata,
    'usage', json_build_object('model', job.model, 'calls', job.calls, 'input_tokens', job.input_tokens,
      'cache_read_tokens', job.cache_read_tokens, 'cache_write_tokens', job.cache_write_tokens,
      'output_tokens', job.output_tokens, 'cost_usd', job.cost_usd::float8,
      'unknown_calls', unknown.calls, 'unknown_cost_usd_at_most', unknown.usd),
    'cancel_at', iso(job.cancel_at),
    'links', json_build_object('self', self, 'events', self || '/events'));
  -- The result is put in as the text that it is: it may be large, and is valid JSON already.
  RETURN left(head, -1)
    || CASE WHEN with_result THEN ', "result" : ' || coalesce(job.result::text, 'null') ELSE '' END
    || ', ' || substr(tail, 2);
END $$;
