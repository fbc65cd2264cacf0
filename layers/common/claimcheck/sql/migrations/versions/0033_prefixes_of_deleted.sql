-- A beginning goes with the job that wrote it: where that was deleted, its document may be gone, and nothing that a guess
-- could be held against may stay. A job that still has the document writes it again. The rest as in 0030.
CREATE OR REPLACE FUNCTION forget_prefixes(at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  gone integer;
  ended integer;
BEGIN
  DELETE FROM prompt_prefixes p USING (
    SELECT tenant_id, digest FROM prompt_prefixes WHERE greatest(writing_until, warm_until) < now()
    ORDER BY greatest(writing_until, warm_until) LIMIT at_most FOR UPDATE SKIP LOCKED) over
  WHERE p.tenant_id = over.tenant_id AND p.digest = over.digest;
  GET DIAGNOSTICS gone = ROW_COUNT;
  DELETE FROM prompt_prefixes p WHERE EXISTS (SELECT FROM jobs j WHERE j.id = p.lead_job AND j.purged_at IS NOT NULL)
    OR EXISTS (SELECT FROM tenants t WHERE t.id = p.tenant_id AND t.deleted_at IS NOT NULL)
    OR NOT EXISTS (SELECT FROM jobs j WHERE j.id = p.lead_job);
  GET DIAGNOSTICS ended = ROW_COUNT;
  RETURN gone + ended;
END $$;
