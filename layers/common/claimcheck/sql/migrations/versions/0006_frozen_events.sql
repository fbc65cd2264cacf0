-- What a webhook says is written down when its job ends: a job that is redriven later changes nothing of it.

-- Text, not jsonb: the bytes that are signed. NULL in rows of a version before this one: written at the next attempt.
ALTER TABLE deliveries ADD COLUMN body text;

-- The body of a webhook (Standard Webhooks' `type`, `timestamp`, `data`): `event` happened to the job at `at`, when
-- the job ended. The result is in it as the database writes it; data of more than 256 kB is replaced by a link to the
-- job. So is the data of a job that did not stay as it was then: what it said is not known any more.
CREATE FUNCTION event_body(job jobs, event text, at timestamptz) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  status text := substr(event, length('job.') + 1);
  data text;
BEGIN
  IF job.completed_at = at THEN
    data := json_build_object('job_id', job.id, 'task', job.task, 'status', status, 'metadata', job.metadata,
      'result', job.result, 'error', job.error);
  END IF;
  IF data IS NULL OR octet_length(data) > 256000 THEN
    data := json_build_object('job_id', job.id, 'task', job.task, 'status', status, 'metadata', job.metadata,
      'links', json_build_object('self', '/jobs/' || job.id));
  END IF;
  RETURN '{"type":"' || event || '","timestamp":"' || iso(at) || '","data":' || data || '}';
END $$;
