-- What a worker writes once for every job, as functions: the backend keeps their plans (0028, bench/throughput.py).

-- completed, partial or failed: state, event and delivery in one statement, all behind the fence. Asked again after a
-- lost connection, it finds its own work done. No row where the fence is lost.
CREATE FUNCTION finish_running_job(
  job uuid, fence integer, ended text, answer jsonb, fault jsonb, charged integer, OUT delivery_id text
) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  finished jobs;
BEGIN
  UPDATE jobs SET status = ended, result = answer, error = fault, failures = failures + charged,
    progress_done = CASE WHEN ended = 'completed' THEN progress_total ELSE progress_done END,
    completed_at = now(), updated_at = now(), lease_expires_at = NULL
  WHERE id = job AND attempt = fence AND status = 'running'
  RETURNING * INTO finished;
  IF NOT FOUND THEN
    RETURN QUERY SELECT (SELECT max(d.id::text) FROM deliveries d WHERE d.job_id = jobs.id) FROM jobs
      WHERE id = job AND attempt = fence AND status = ended;
    RETURN;
  END IF;
  INSERT INTO job_events (job_id, type, status, attempt, detail)
  VALUES (finished.id, ended, ended, fence, jsonb_build_object('usage', jsonb_build_object('model', finished.model,
      'calls', finished.calls, 'input_tokens', finished.input_tokens, 'cache_read_tokens', finished.cache_read_tokens,
      'cache_write_tokens', finished.cache_write_tokens, 'output_tokens', finished.output_tokens,
      'cost_usd', finished.cost_usd))
    || CASE WHEN finished.result IS NOT NULL THEN jsonb_build_object('result_digest',
      keyed_digest(finished.digest_key, convert_to(finished.result::text, 'UTF8')))
    ELSE jsonb_build_object('code', finished.error ->> 'code') END);
  IF finished.webhook_url IS NOT NULL THEN
    INSERT INTO deliveries AS d (tenant_id, job_id, event_type, url, body)
    VALUES (finished.tenant_id, finished.id, 'job.' || ended, finished.webhook_url,
      event_body(finished, 'job.' || ended, finished.completed_at))
    RETURNING d.id INTO delivery_id;
  END IF;
  RETURN NEXT;
END $$;

-- What was paid counts, whoever holds the fence by now and whatever the job became; once, however often it is told. The
-- job is locked first, as by all who write to both.
CREATE FUNCTION settle_call(
  call uuid, ending text, asked_as text, unknown boolean, request text, tokens_in bigint, tokens_read bigint,
  tokens_written bigint, tokens_out bigint, usd numeric, said text, health text, threshold integer
) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  ended model_calls;
BEGIN
  PERFORM FROM jobs WHERE id = (SELECT job_id FROM model_calls WHERE id = call) FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  UPDATE model_calls SET finished_at = now(), outcome = ending, request_id = request, outcome_unknown = unknown,
    input_tokens = tokens_in, cache_read_tokens = tokens_read, cache_write_tokens = tokens_written,
    output_tokens = tokens_out, cost_usd = usd, answer = said
  WHERE id = call AND finished_at IS NULL
  RETURNING * INTO ended;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  PERFORM note_health(ended.model, ended.job_id, health, threshold);
  RETURN QUERY UPDATE jobs SET model = coalesce(asked_as, ended.model), calls = calls + 1,
    input_tokens = jobs.input_tokens + ended.input_tokens,
    cache_read_tokens = jobs.cache_read_tokens + ended.cache_read_tokens,
    cache_write_tokens = jobs.cache_write_tokens + ended.cache_write_tokens,
    output_tokens = jobs.output_tokens + ended.output_tokens,
    cost_usd = jobs.cost_usd + ended.cost_usd, updated_at = now()
  WHERE id = ended.job_id
  RETURNING id::text;
END $$;

ALTER FUNCTION finish_running_job(uuid, integer, text, jsonb, jsonb, integer) OWNER TO claimcheck_owner;
ALTER FUNCTION settle_call(uuid, text, text, boolean, text, bigint, bigint, bigint, bigint, numeric, text, text, integer)
  OWNER TO claimcheck_owner;
REVOKE EXECUTE ON FUNCTION finish_running_job(uuid, integer, text, jsonb, jsonb, integer),
  settle_call(uuid, text, text, boolean, text, bigint, bigint, bigint, bigint, numeric, text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION finish_running_job(uuid, integer, text, jsonb, jsonb, integer),
  settle_call(uuid, text, text, boolean, text, bigint, bigint, bigint, bigint, numeric, text, text, integer)
  TO claimcheck_worker;
