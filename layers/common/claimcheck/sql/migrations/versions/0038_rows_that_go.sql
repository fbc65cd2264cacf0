-- The rows of jobs that were emptied go as well, after the days that the operator has set (docs/retention.md); without that
-- they stay for ever, as before. A trail goes with its job's row and never by itself. Indexes and the check of old rows
-- follow in 0039. The version before this one deletes no rows.

-- Nobody may delete an event of a job that is there. It looks as the owner: a row that a policy hides is there, too.
CREATE FUNCTION refuse_change_of_trail() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM jobs WHERE id = OLD.job_id) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'the trail is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE OR REPLACE TRIGGER job_events_append_only BEFORE UPDATE OR DELETE ON job_events
  FOR EACH ROW EXECUTE FUNCTION refuse_change_of_trail();
-- Nobody, not the owner either, may remove a job that has not been empty for a day.
CREATE FUNCTION refuse_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a job that was not emptied before is not removed' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER jobs_stay BEFORE DELETE ON jobs FOR EACH ROW
  WHEN (OLD.purged_at IS NULL OR OLD.purged_at > now() - interval '1 day') EXECUTE FUNCTION refuse_removal();
-- The same rows refer to the same by the one that is added; what changes is what becomes of them.
-- squawk-ignore ban-drop-constraint
ALTER TABLE job_events DROP CONSTRAINT job_events_job_id_fkey,
  ADD CONSTRAINT job_events_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs ON DELETE CASCADE NOT VALID;

-- Rows of jobs and documents that were emptied so many days ago: the oldest first, a bounded batch, in one short transaction.
-- What somebody holds is left to the next one. How many there were.
CREATE FUNCTION forget_rows(keep_days integer, at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  found uuid[];
  gone integer;
  forgotten integer := 0;
BEGIN
  SELECT array_agg(h.id) INTO found FROM (
    SELECT id FROM jobs WHERE purged_at < now() - make_interval(days => keep_days)
    ORDER BY purged_at LIMIT at_most FOR UPDATE SKIP LOCKED) h;
  IF found IS NOT NULL THEN
    DELETE FROM model_calls WHERE job_id = ANY (found);
    DELETE FROM jobs WHERE id = ANY (found);
    GET DIAGNOSTICS forgotten = ROW_COUNT;
  END IF;
  SELECT array_agg(h.id) INTO found FROM (
    SELECT id FROM documents WHERE purged_at < now() - make_interval(days => keep_days)
    ORDER BY purged_at LIMIT at_most FOR UPDATE SKIP LOCKED) h;
  IF found IS NOT NULL THEN
    DELETE FROM documents WHERE id = ANY (found);
    GET DIAGNOSTICS gone = ROW_COUNT;
    forgotten := forgotten + gone;
  END IF;
  RETURN forgotten;
END $$;
ALTER FUNCTION forget_rows(integer, integer) OWNER TO claimcheck_owner;
REVOKE ALL ON FUNCTION forget_rows(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_rows(integer, integer) TO claimcheck_worker;
