-- Taking a job, as a function: its plans are kept, as those of 0032. Planning the statement that it replaces took longer
-- than running it (bench/throughput.py).

-- The fence goes up with the claim. A live lease, a final state or a job not yet due gives no row. Where the model's
-- circuit is open, the job is put off until it may be called (`held_s`), and one claim becomes the probe. Where jobs of its
-- tenant stand in line for the model's rate, it gets a place behind them, once (`in_line`, docs/rates.md).
CREATE FUNCTION claim_due_job(
  asked_job uuid, lease_s double precision, standard text, economy text, probe_s double precision,
  OUT held_s double precision, OUT in_line boolean, OUT tenant_id text, OUT model text,
  OUT job_id text, OUT task text, OUT params jsonb, OUT attempt integer, OUT failures integer, OUT waits integer,
  OUT lost_leases integer, OUT max_cost_usd double precision, OUT age_s double precision, OUT due_s double precision,
  OUT traceparent text, OUT document_id text, OUT name text, OUT media_type text, OUT sha256 bytea, OUT size_bytes bigint,
  OUT content bytea, OUT object_key text, OUT chars integer, OUT text_content text, OUT text_key text,
  OUT text_is_content boolean, OUT page_starts integer[], OUT unread_pages integer[], OUT image_pages integer[],
  OUT findings jsonb, OUT unread jsonb
) RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
  asked record;
  circuit record;
  job jobs;
  document documents;
  standing boolean;
BEGIN
  SELECT j.priority, j.tenant_id, j.placed_at INTO asked FROM jobs j
  WHERE j.id = asked_job AND j.status = 'pending' AND j.available_at <= now() AND j.document_until IS NULL
    AND (j.cancel_at IS NULL OR j.cancel_at > now());
  IF NOT FOUND THEN
    RETURN;
  END IF;
  model := CASE asked.priority WHEN 'economy' THEN economy ELSE standard END;
  standing := asked.placed_at IS NULL AND EXISTS (SELECT FROM rate_lines l
    WHERE l.model = claim_due_job.model AND l.tenant_id = asked.tenant_id AND l.ends_at > now() + interval '1 second');

  SELECT c.retry_at, c.probe_job INTO circuit FROM model_circuits c
  WHERE c.model = claim_due_job.model AND c.opened_at IS NOT NULL;
  IF FOUND THEN
    IF NOT standing THEN
      UPDATE model_circuits c SET retry_at = now() + make_interval(secs => probe_s), probe_job = asked_job
      WHERE c.model = claim_due_job.model AND c.opened_at IS NOT NULL AND c.retry_at <= now();
    END IF;
    IF standing OR NOT FOUND THEN
      -- While a probe is under way its answer may come at any moment, long before the next one may be made.
      held_s := greatest(extract(epoch FROM circuit.retry_at - now()), 0);
      held_s := CASE WHEN circuit.probe_job IS NULL THEN held_s ELSE least(held_s, 10) END + random() * 20;
      UPDATE jobs j SET available_at = now() + make_interval(secs => held_s), rung_at = now(), rings = 1,
        updated_at = now()
      WHERE j.id = asked_job AND j.status = 'pending' AND j.available_at <= now()
      RETURNING j.tenant_id INTO claim_due_job.tenant_id;
      in_line := false;
      IF FOUND THEN
        RETURN NEXT;
      END IF;
      RETURN;
    END IF;
  END IF;

  IF standing THEN
    held_s := take_place(model, asked.tenant_id);
    UPDATE jobs j SET available_at = now() + make_interval(secs => held_s), placed_at = now(), rings = 1,
      rung_at = now() + make_interval(secs => least(held_s, 900)), updated_at = now()
    WHERE j.id = asked_job AND j.status = 'pending' AND j.available_at <= now()
    RETURNING * INTO job;
    IF NOT FOUND THEN
      RETURN;
    END IF;
    INSERT INTO job_events (job_id, type, status, attempt, detail)
    VALUES (job.id, 'placed', job.status, job.attempt,
      jsonb_build_object('code', 'model_paced', 'delay_ms', (held_s * 1000)::integer));
    in_line := true;
    tenant_id := job.tenant_id;
    RETURN NEXT;
    RETURN;
  END IF;

  UPDATE jobs j SET status = 'running', attempt = j.attempt + 1, updated_at = now(),
    started_at = coalesce(j.started_at, now()), lease_expires_at = now() + make_interval(secs => lease_s)
  WHERE j.id = asked_job AND j.status = 'pending' AND j.available_at <= now() AND j.document_until IS NULL
  RETURNING * INTO job;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  INSERT INTO job_events (job_id, type, status, attempt) VALUES (job.id, 'claimed', job.status, job.attempt);
  in_line := false;
  tenant_id := job.tenant_id;
  job_id := job.id;
  task := job.task;
  params := job.params;
  attempt := job.attempt;
  failures := job.failures;
  waits := job.waits;
  lost_leases := job.lost_leases;
  max_cost_usd := job.max_cost_usd;
  age_s := extract(epoch FROM now() - job.accepted_at);
  due_s := extract(epoch FROM now() - job.available_at);
  traceparent := job.traceparent;
  SELECT * INTO document FROM documents d WHERE d.id = job.document_id;
  SELECT o.size_bytes, o.content INTO size_bytes, content FROM objects o WHERE o.key = document.object_key;
  document_id := document.id;
  name := coalesce(job.document_name, document.name);
  media_type := document.media_type;
  sha256 := document.sha256;
  object_key := document.object_key;
  chars := document.chars;
  text_content := document.text_content;
  text_key := document.text_key;
  text_is_content := document.text_is_content;
  page_starts := document.page_starts;
  unread_pages := document.unread_pages;
  image_pages := document.image_pages;
  findings := document.findings;
  unread := document.unread;
  RETURN NEXT;
END $$;

ALTER FUNCTION claim_due_job(uuid, double precision, text, text, double precision) OWNER TO claimcheck_owner;
REVOKE EXECUTE ON FUNCTION claim_due_job(uuid, double precision, text, text, double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_due_job(uuid, double precision, text, text, double precision) TO claimcheck_worker;

-- Noting a call before it is made: begin_model_call_within (0018), and whether an earlier call for this question may have
-- been paid for, while nobody knows its answer (`again`).
CREATE FUNCTION note_call(
  asking_job uuid, fence integer, call_id uuid, asked_model text, question bytea, worst numeric, usd_per_day numeric,
  OUT paid_id text, OUT answer text, OUT outcome text, OUT over_cap boolean, OUT over_day text, OUT resets_s integer,
  OUT again boolean
) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
  SELECT b.paid_id, b.answer, b.outcome, b.over_cap, b.over_day, b.resets_s
  INTO note_call.paid_id, note_call.answer, note_call.outcome, note_call.over_cap, note_call.over_day, note_call.resets_s
  FROM begin_model_call_within(asking_job, fence, note_call.call_id, asked_model, question, worst, usd_per_day) b;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  again := EXISTS (SELECT FROM model_calls c WHERE c.job_id = asking_job AND c.question_sha256 = question
    AND c.id <> note_call.call_id AND (c.finished_at IS NULL OR c.outcome_unknown));
  RETURN NEXT;
END $$;

ALTER FUNCTION note_call(uuid, integer, uuid, text, bytea, numeric, numeric) OWNER TO claimcheck_owner;
REVOKE EXECUTE ON FUNCTION note_call(uuid, integer, uuid, text, bytea, numeric, numeric) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION note_call(uuid, integer, uuid, text, bytea, numeric, numeric) TO claimcheck_worker;
