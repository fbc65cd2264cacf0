-- A job as the API shows it, in one place for one job and for lists, which leave the result out. In PL/pgSQL
-- its plan is kept by the backend; spelled out in each statement, planning it took longer than running it.
CREATE FUNCTION job_body(job jobs, with_result boolean) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  head text := json_build_object(
    'job_id', job.id, 'task', job.task, 'status', job.status, 'attempt', job.attempt,
    'priority', job.priority, 'created_at', iso(job.created_at), 'started_at', iso(job.started_at),
    'completed_at', iso(job.completed_at),
    'progress', json_build_object('done', job.progress_done, 'total', job.progress_total));
  tail text := json_build_object(
    'error', job.error, 'metadata', job.metadata,
    'usage', json_build_object('model', job.model, 'calls', job.calls, 'input_tokens', job.input_tokens,
      'cache_read_tokens', job.cache_read_tokens, 'cache_write_tokens', job.cache_write_tokens,
      'output_tokens', job.output_tokens, 'cost_usd', job.cost_usd::float8),
    'links', json_build_object('self', '/jobs/' || job.id, 'events', '/jobs/' || job.id || '/events'));
BEGIN
  -- The result is put in as the text that it is: it may be large, and is valid JSON already.
  RETURN left(head, -1)
    || CASE WHEN with_result THEN ', "result" : ' || coalesce(job.result::text, 'null') ELSE '' END
    || ', ' || substr(tail, 2);
END $$;
