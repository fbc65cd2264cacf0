-- As in 0042. A batch that was given up and turns up all the same says how it failed questions that are in another one, or
-- wait for one, by then: that ends none of them. An answer of it does, wherever it comes from, and is not paid for again.
CREATE OR REPLACE FUNCTION settle_batch(told_of uuid, told jsonb, lease_s float8) RETURNS TABLE (job_id text, tenant_id text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  each record;
  job jobs;
  noted model_calls;
  twice uuid;
BEGIN
  UPDATE batches SET due_at = now() + make_interval(secs => lease_s) WHERE id = told_of AND closed_at IS NULL;
  FOR each IN SELECT c.job_id AS of_job, t.* FROM jsonb_to_recordset(told) AS t (
      call_id uuid, outcome text, model text, request_id text, unknown boolean, input_tokens bigint,
      cache_read_tokens bigint, cache_write_tokens bigint, output_tokens bigint, cost_usd numeric, answer text)
    JOIN model_calls c ON c.id = t.call_id ORDER BY c.job_id, c.id
  LOOP
    SELECT * INTO job FROM jobs WHERE id = each.of_job FOR NO KEY UPDATE;
    SELECT * INTO noted FROM model_calls WHERE id = each.call_id;
    IF noted.finished_at IS NULL AND (each.answer IS NOT NULL OR EXISTS (
        SELECT FROM batch_requests r WHERE r.call_id = each.call_id AND r.batch = told_of)) THEN
      UPDATE model_calls SET batch = told_of WHERE id = each.call_id;
      PERFORM settle_call(each.call_id, each.outcome, each.model, each.unknown, each.request_id, each.input_tokens,
        each.cache_read_tokens, each.cache_write_tokens, each.output_tokens, each.cost_usd, each.answer, 'unclear', 1);
    ELSIF noted.batch IS DISTINCT FROM told_of AND each.cost_usd > 0 THEN
      twice := md5(told_of::text || each.call_id)::uuid;
      INSERT INTO model_calls (id, job_id, attempt, model, worst_usd)
      VALUES (twice, noted.job_id, noted.attempt, noted.model, 0) ON CONFLICT DO NOTHING;
      UPDATE model_calls SET batch = told_of WHERE id = twice AND finished_at IS NULL;
      PERFORM settle_call(twice, 'paid_twice', each.model, false, each.request_id, each.input_tokens,
        each.cache_read_tokens, each.cache_write_tokens, each.output_tokens, each.cost_usd, NULL, 'unclear', 1);
    END IF;
    DELETE FROM batch_requests r WHERE r.call_id = each.call_id
      AND EXISTS (SELECT FROM model_calls c WHERE c.id = each.call_id AND c.finished_at IS NOT NULL);
    CONTINUE WHEN NOT FOUND;
    UPDATE jobs SET updated_at = now(), fell_back = fell_back
      OR each.outcome = 'batch_expired' AND economy_fallback IS NOT DISTINCT FROM 'standard'
    WHERE id = each.of_job;
    IF job.status = 'pending' AND NOT EXISTS (SELECT FROM batch_requests r WHERE r.job_id = each.of_job) THEN
      UPDATE jobs SET available_at = now(), rung_at = now(), rings = 1 WHERE id = each.of_job;
      INSERT INTO job_events (job_id, type, status, attempt, detail) SELECT id, 'answered', status, attempt,
        jsonb_build_object('by', 'batch') || CASE WHEN fell_back THEN '{"fell_back": true}' ELSE '{}' END::jsonb
      FROM jobs WHERE id = each.of_job;
      job_id := each.of_job;
      tenant_id := job.tenant_id;
      RETURN NEXT;
    END IF;
  END LOOP;
END $$;
