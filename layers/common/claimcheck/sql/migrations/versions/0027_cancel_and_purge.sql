-- `DELETE /jobs/{id}` in one transaction, whatever the job is doing: at no moment is there a webhook that tells of it. In two,
-- as purge_job (0016) leaves it to the version before, a sender could take `job.cancelled` between them.

-- gone, cancelled (it was open, and is gone), gone before, or NULL for another tenant's or none.
CREATE FUNCTION cancel_and_purge_job(asked uuid, owner text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  job jobs;
  outcome text := 'gone';
BEGIN
  IF owner IS DISTINCT FROM current_setting('claimcheck.tenant', true) THEN -- it runs as the owner, under no policy
    RETURN NULL;
  END IF;
  SELECT * INTO job FROM jobs WHERE id = asked AND tenant_id = owner FOR UPDATE;
  IF NOT FOUND THEN
    RETURN NULL;
  ELSIF job.purged_at IS NOT NULL THEN
    RETURN 'gone before';
  ELSIF job.completed_at IS NULL THEN
    UPDATE jobs SET status = 'cancelled', completed_at = now(), updated_at = now(), lease_expires_at = NULL
    WHERE id = asked RETURNING * INTO job;
    INSERT INTO job_events (job_id, type, status, attempt) VALUES (job.id, 'cancelled', job.status, job.attempt);
    outcome := 'cancelled';
  END IF;
  PERFORM empty_job(job, 'request');
  RETURN outcome;
END $$;

REVOKE ALL ON FUNCTION cancel_and_purge_job(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cancel_and_purge_job(uuid, text) TO claimcheck_api;
