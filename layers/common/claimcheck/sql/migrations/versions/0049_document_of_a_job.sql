-- A job's answer says which document it is about, and what that is called: a list of ids tells nobody anything.
CREATE OR REPLACE FUNCTION job_body(job jobs, with_result boolean, base text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  self text := base || '/jobs/' || job.id;
  unknown record;
  questions bigint := 0;
  since timestamptz;
  head text;
  tail text;
BEGIN
  -- Calls that may have been paid for: the worker died in the middle, or nobody told us. Those that wait for a batch's end
  -- will be told of.
  IF job.priority = 'economy' THEN
    SELECT count(c.id) FILTER (WHERE r.call_id IS NULL AND (c.outcome_unknown OR c.finished_at IS NULL
        AND (c.attempt < job.attempt OR job.status <> 'running'))) AS calls,
      coalesce(sum(c.worst_usd) FILTER (WHERE r.call_id IS NULL AND (c.outcome_unknown OR c.finished_at IS NULL
        AND (c.attempt < job.attempt OR job.status <> 'running'))), 0)::float8 AS usd INTO unknown
    FROM model_calls c LEFT JOIN batch_requests r ON r.call_id = c.id WHERE c.job_id = job.id;
    SELECT count(*), min(parked_at) INTO questions, since FROM batch_requests WHERE job_id = job.id;
  ELSE
    SELECT count(*) AS calls, coalesce(sum(worst_usd), 0)::float8 AS usd INTO unknown FROM model_calls
    WHERE job_id = job.id
      AND (outcome_unknown OR finished_at IS NULL AND (attempt < job.attempt OR job.status <> 'running'));
  END IF;
  head := json_build_object(
    'job_id', job.id, 'task', job.task, 'status', job.status, 'attempt', job.attempt,
    'priority', job.priority, 'created_at', iso(job.created_at), 'started_at', iso(job.started_at),
    'completed_at', iso(job.completed_at),
    'document', CASE WHEN job.document_id IS NOT NULL THEN json_build_object('document_id', job.document_id,
      'name', coalesce(job.document_name, (SELECT d.name FROM documents d WHERE d.id = job.document_id))) END,
    'waits_for', CASE WHEN job.status = 'pending' AND job.document_until IS NOT NULL THEN json_build_object(
      'document', base || '/documents/' || job.document_id, 'until', iso(job.document_until)) END,
    'batch', CASE WHEN questions > 0 THEN json_build_object('questions', questions, 'since', iso(since)) END,
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
