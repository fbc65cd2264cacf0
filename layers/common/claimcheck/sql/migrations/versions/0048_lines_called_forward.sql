-- Jobs stand in their tenant's line by a time (0031). Where those before them were cancelled, another tenant that shared the
-- rate has gone, or calls cost less than was expected, they stood there behind nobody, and new ones behind them. Sweep calls
-- forward as many as the room that is there would take, where a model's buckets are all half full or more: while jobs are
-- worked off at its rate they are not. The jobs that are due.
CREATE FUNCTION call_forward(standard text, economy text, at_most integer) RETURNS TABLE (job_id text, tenant_id text)
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  instant timestamptz := clock_timestamp();
  line record;
  r model_rates;
  rate float8;
  level float8;
  room_s float8;
  usual_s float8;
  job_s float8;
  idle boolean;
  called integer;
BEGIN
  FOR line IN SELECT l.*, count(*) OVER (PARTITION BY l.model) AS sharing FROM rate_lines l
    WHERE l.model IN (standard, economy) AND l.ends_at > instant + interval '5 seconds' ORDER BY l.model, l.tenant_id
  LOOP
    SELECT * INTO r FROM model_rates WHERE model = line.model;
    idle := coalesce(r.blocked_until <= instant, true);
    room_s := 60;
    usual_s := 0;
    FOR d IN 1..3 LOOP
      CONTINUE WHEN r.per_minute[d] IS NULL;
      rate := r.per_minute[d] / 60;
      level := least(r.per_minute[d], r.level[d] + rate * greatest(0, extract(epoch FROM instant - r.at)));
      idle := idle AND level >= 0.5 * r.per_minute[d];
      room_s := least(room_s, (level - r.reserve[d]) / rate);
      usual_s := greatest(usual_s, r.usual[d] / rate);
    END LOOP;
    CONTINUE WHEN NOT idle;
    job_s := coalesce(least(8 * usual_s, greatest(usual_s, line.jobs_s / nullif(line.jobs, 0))), usual_s); -- as take_place
    called := CASE WHEN job_s > 0 THEN greatest(1, least(at_most, floor(room_s / line.sharing / job_s))) ELSE at_most END;
    -- Nothing has been written of them since they got their place: whoever waits for anything else is left alone.
    RETURN QUERY WITH next AS MATERIALIZED (
      SELECT id FROM jobs
      WHERE jobs.tenant_id = line.tenant_id AND status = 'pending' AND document_until IS NULL AND placed_at = updated_at
        AND available_at > instant AND CASE priority WHEN 'economy' THEN economy ELSE standard END = line.model
      ORDER BY available_at LIMIT called FOR UPDATE SKIP LOCKED)
    UPDATE jobs SET available_at = now(), rung_at = now(), rings = 1 FROM next WHERE jobs.id = next.id
    RETURNING jobs.id::text, jobs.tenant_id;
    UPDATE rate_lines l SET ends_at = coalesce((SELECT max(available_at) FROM jobs
      WHERE jobs.tenant_id = line.tenant_id AND status = 'pending' AND placed_at = updated_at AND available_at > instant
        AND CASE priority WHEN 'economy' THEN economy ELSE standard END = line.model), instant)
    WHERE l.model = line.model AND l.tenant_id = line.tenant_id AND l.ends_at = line.ends_at; -- else somebody has come
  END LOOP;
END $$;

ALTER FUNCTION call_forward(text, text, integer) OWNER TO claimcheck_owner;
REVOKE ALL ON FUNCTION call_forward(text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION call_forward(text, text, integer) TO claimcheck_worker;
