-- How many jobs are in flight changes within seconds, and statistics tell of the moment at which a table was analysed. After a
-- quiet one the planner took a partial index (jobs_in_flight, jobs_due) for what asks for one job by its id and its state,
-- and read every job in flight for each claim, heartbeat and end of the burst that followed. Without statistics of the
-- state it reckons with a two-hundredth of all rows, at any time; an id is always less (test_store_growth.py).
ALTER TABLE jobs ALTER COLUMN status SET STATISTICS 0;
SELECT pg_clear_attribute_stats('public', 'jobs', 'status', false);

-- As in 0038, in the words of the indexes that follow in 0041.
CREATE OR REPLACE FUNCTION forget_rows(keep_days integer, at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  found uuid[];
  gone integer;
  forgotten integer := 0;
BEGIN
  SELECT array_agg(h.id) INTO found FROM (
    SELECT id FROM jobs WHERE purged_at > '2000-01-01 00:00:00+00' AND purged_at < now() - make_interval(days => keep_days)
    ORDER BY purged_at LIMIT at_most FOR UPDATE SKIP LOCKED) h;
  IF found IS NOT NULL THEN
    DELETE FROM model_calls WHERE job_id = ANY (found);
    DELETE FROM jobs WHERE id = ANY (found);
    GET DIAGNOSTICS forgotten = ROW_COUNT;
  END IF;
  SELECT array_agg(h.id) INTO found FROM (
    SELECT id FROM documents WHERE purged_at > '2000-01-01 00:00:00+00' AND purged_at < now() - make_interval(days => keep_days)
    ORDER BY purged_at LIMIT at_most FOR UPDATE SKIP LOCKED) h;
  IF found IS NOT NULL THEN
    DELETE FROM documents WHERE id = ANY (found);
    GET DIAGNOSTICS gone = ROW_COUNT;
    forgotten := forgotten + gone;
  END IF;
  RETURN forgotten;
END $$;
