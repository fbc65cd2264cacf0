-- A call that is promised for later is taken off all buckets at once, but goes from the API's later. A bucket that was nearly
-- full (another one was short) filled up meanwhile here, and not there: as much was promised twice.
ALTER TABLE model_rates
  ADD COLUMN promised float8[] NOT NULL DEFAULT '{0,0,0}',  -- for later, since nothing was
  ADD COLUMN promised_until timestamptz NOT NULL DEFAULT 'epoch';  -- when the last of it has gone

-- As in 0031, filling up no further than what is promised leaves.
CREATE OR REPLACE FUNCTION settled_rate(r model_rates, told jsonb, instant timestamptz) RETURNS model_rates
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  passed float8 := greatest(0, extract(epoch FROM instant - r.at));
  held_s float8 := least(passed, greatest(0, extract(epoch FROM r.promised_until - r.at)));
  age float8 := coalesce((told #>> '{seen,age_s}')::float8, 0);
  back_s float8 := 0;
  said float8;
  most float8;
  remaining float8;
  off float8;
  known boolean;
  calls float8 := coalesce((told #>> '{learnt,calls}')::float8, 0);
  weight float8 := 1 - 0.95 ^ calls;
BEGIN
  IF r.lent_until <= instant THEN
    r.lent := '{0,0,0}';
  END IF;
  IF calls > 0 THEN
    r.input_ratio := r.input_ratio + weight * (least(4, greatest(0.02, (told #>> '{learnt,input}')::float8
      / greatest(1, (told #>> '{learnt,estimated}')::float8))) - r.input_ratio);
    r.output_ratio := r.output_ratio + weight * (least(1, greatest(0.001, (told #>> '{learnt,output}')::float8
      / greatest(1, (told #>> '{learnt,allowed}')::float8))) - r.output_ratio);
    r.usual[2] := r.usual[2] + weight * ((told #>> '{learnt,input}')::float8 / calls - r.usual[2]);
    r.usual[3] := r.usual[3] + weight * ((told #>> '{learnt,output}')::float8 / calls - r.usual[3]);
  END IF;
  FOR d IN 1..3 LOOP
    said := coalesce((told #>> ARRAY['seen', 'limits', (d - 1)::text])::float8, r.told[d]);
    most := least(said, (told #>> ARRAY['ceilings', (d - 1)::text])::float8);
    CONTINUE WHEN most IS NULL;
    remaining := least(said, (told #>> ARRAY['seen', 'left', (d - 1)::text])::float8 + said / 60 * age);
    known := r.per_minute[d] IS NOT NULL;
    r.reserve[d] := least(0.25 * most, greatest(0.05 * most, 1.25 * r.usual[d]));
    IF NOT known THEN
      r.level[d] := least(most, remaining);
      r.lent[d] := greatest(0, r.reserve[d] - r.level[d]);
    ELSE
      -- The API's bucket is never fuller than a minute, and what is promised has still to go from it: ours is not
      -- to fill up first. Half a minute's worth is more than is ever promised.
      r.level[d] := least(most - least(r.promised[d], 0.5 * most), r.level[d] + r.per_minute[d] / 60 * held_s);
      r.level[d] := least(most - CASE WHEN held_s < passed THEN 0 ELSE least(r.promised[d], 0.5 * most) END,
        r.level[d] + r.per_minute[d] / 60 * (passed - held_s)
        + coalesce((told #>> ARRAY['back', (d - 1)::text])::float8, 0));
    END IF;
    r.told[d] := said;
    r.per_minute[d] := most;
    -- What is promised ahead of time the API has not seen: it should have the reserve left at least, but for what is
    -- lent. Where it has less, others use it too, or calls took more than we thought.
    off := remaining + coalesce((told #>> ARRAY['seen', 'grain', (d - 1)::text])::float8, 0)
      - greatest(r.level[d], r.reserve[d] - r.lent[d]);
    IF off < 0 THEN
      r.level[d] := r.level[d] + off;
      r.lent[d] := least(r.reserve[d], greatest(r.lent[d], r.reserve[d] - remaining));
    END IF;
    IF off < 0 OR NOT known THEN
      back_s := greatest(back_s, (r.reserve[d] - r.level[d]) / (most / 60));
    END IF;
  END LOOP;
  IF back_s > 0 THEN
    r.lent_until := greatest(r.lent_until, instant + make_interval(secs => back_s));
  END IF;
  r.blocked_until := greatest(r.blocked_until,
    instant + least(interval '2 minutes', make_interval(secs => coalesce(told #>> '{seen,blocked_s}', '0')::float8 - age)));
  IF r.promised_until <= instant THEN
    r.promised := '{0,0,0}';
  END IF;
  r.at := greatest(r.at, instant);
  RETURN r;
END $$;

-- As in 0031, noting what is promised for later.
CREATE OR REPLACE FUNCTION claim_rate(asked_model text, told jsonb, moment timestamptz DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  horizon_s CONSTANT float8 := 2;
  burst_s CONSTANT float8 := 3;
  debt_s CONSTANT float8 := 2;
  r model_rates;
  line rate_lines;
  instant timestamptz;
  waiting integer;
  sharing integer;
  asked jsonb;
  call jsonb;
  cost float8[];
  cost_s float8;
  rate float8;
  need_s float8;
  behind_s float8;
  blocked_s float8;
  slack_s float8;
  spare_s float8;
  wait_s float8;
  lendable boolean;
  limited boolean;
  stands boolean;
  light boolean;
  refused boolean;
  waits jsonb := '[]';
  own_waits jsonb;
  ahead float8[];
BEGIN
  SELECT * INTO r FROM model_rates WHERE model = asked_model FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    INSERT INTO model_rates (model, at) VALUES (asked_model, coalesce(moment, clock_timestamp())) ON CONFLICT DO NOTHING;
    SELECT * INTO r FROM model_rates WHERE model = asked_model FOR NO KEY UPDATE;
  END IF;
  instant := greatest(r.at, coalesce(moment, clock_timestamp())); -- by now: somebody may have held the row
  r := settled_rate(r, told, instant);
  limited := num_nonnulls(VARIADIC r.per_minute) > 0;
  blocked_s := greatest(0, extract(epoch FROM greatest(r.blocked_until, instant) - instant));
  SELECT count(*) INTO waiting FROM rate_lines
  WHERE model = asked_model AND greatest(waits_until, ends_at) > instant;

  FOR asked IN SELECT * FROM jsonb_array_elements(coalesce(told -> 'asks', '[]')) LOOP
    SELECT * INTO line FROM rate_lines WHERE model = asked_model AND tenant_id = asked ->> 0;
    IF NOT FOUND THEN
      line := ROW(asked_model, asked ->> 0, burst_s, instant, 'epoch'::timestamptz, 'epoch'::timestamptz, 0, 0);
    END IF;
    stands := greatest(line.waits_until, line.ends_at) > instant;
    sharing := waiting + CASE WHEN stands THEN 0 ELSE 1 END;
    line.own_s := least(burst_s, line.own_s + greatest(0, extract(epoch FROM instant - line.at)) / sharing);
    own_waits := '[]';
    refused := false;
    FOR call IN SELECT * FROM jsonb_array_elements(asked -> 1) LOOP
      cost := ARRAY[1, (call ->> 0)::float8, (call ->> 1)::float8];
      cost_s := 0;
      need_s := 0;
      behind_s := 0;
      spare_s := 'Infinity';
      lendable := true;
      FOR d IN 1..3 LOOP
        CONTINUE WHEN r.per_minute[d] IS NULL;
        rate := r.per_minute[d] / 60;
        cost_s := greatest(cost_s, cost[d] / rate);
        behind_s := greatest(behind_s, (r.reserve[d] - r.level[d]) / rate);
        spare_s := least(spare_s, (r.level[d] - r.reserve[d] - cost[d]) / rate);
        need_s := greatest(need_s, (least(r.reserve[d] + cost[d], 0.98 * r.per_minute[d]) - r.level[d]) / rate);
        lendable := lendable AND (r.lent[d] + cost[d] <= r.reserve[d] OR cost[d] <= r.level[d]);
      END LOOP;
      behind_s := greatest(behind_s, blocked_s);
      light := line.own_s >= 0 AND NOT stands;
      -- Where others wait, who has had more than his share gets what nobody else takes.
      slack_s := CASE WHEN sharing > 1 AND line.own_s <= -debt_s THEN 1.5 ELSE 0 END;
      IF blocked_s = 0 AND (CASE WHEN slack_s = 0 THEN need_s = 0 ELSE spare_s >= slack_s END) THEN
        wait_s := 0;
      ELSIF blocked_s = 0 AND light AND lendable THEN
        wait_s := 0;
        FOR d IN 1..3 LOOP
          CONTINUE WHEN r.per_minute[d] IS NULL;
          r.lent[d] := r.lent[d] + cost[d];
          r.lent_until := greatest(r.lent_until, instant + make_interval(
            secs => greatest(0, (r.reserve[d] - r.level[d] + cost[d]) / (r.per_minute[d] / 60))));
        END LOOP;
      ELSIF slack_s = 0 AND (behind_s <= horizon_s OR light AND behind_s <= horizon_s + burst_s) THEN
        wait_s := greatest(need_s, blocked_s);
      ELSE
        wait_s := NULL;
        refused := true;
      END IF;
      IF wait_s IS NOT NULL AND limited THEN
        FOR d IN 1..3 LOOP
          r.level[d] := r.level[d] - CASE WHEN r.per_minute[d] IS NULL THEN 0 ELSE cost[d] END;
          r.promised[d] := r.promised[d] + CASE WHEN wait_s > 0 THEN cost[d] ELSE 0 END;
        END LOOP;
        r.promised_until := greatest(r.promised_until, instant + make_interval(secs => wait_s));
        -- Alone it owes nobody more than that; beside others it pays back all of it.
        line.own_s := greatest(CASE WHEN sharing > 1 THEN -60 ELSE -debt_s END, line.own_s - cost_s);
        IF (call ->> 2)::boolean THEN
          line.jobs := 0.95 * line.jobs + 1;
          line.jobs_s := 0.95 * line.jobs_s;
        END IF;
        line.jobs_s := line.jobs_s + cost_s;
      END IF;
      own_waits := own_waits || to_jsonb(ARRAY[wait_s]);
    END LOOP;
    waits := waits || jsonb_build_array(own_waits);
    IF limited THEN
      IF refused AND NOT stands THEN
        waiting := waiting + 1;
      END IF;
      INSERT INTO rate_lines (model, tenant_id, own_s, at, waits_until, jobs, jobs_s)
      VALUES (asked_model, asked ->> 0, line.own_s, instant,
        CASE WHEN refused THEN instant + interval '3 seconds' ELSE line.waits_until END, line.jobs, line.jobs_s)
      ON CONFLICT (model, tenant_id) DO UPDATE SET own_s = excluded.own_s, at = excluded.at,
        waits_until = excluded.waits_until, jobs = excluded.jobs, jobs_s = excluded.jobs_s;
    END IF;
  END LOOP;

  behind_s := blocked_s;
  ahead := ARRAY[0, 0, 0];
  IF limited THEN
    FOR d IN 1..3 LOOP
      CONTINUE WHEN r.per_minute[d] IS NULL;
      behind_s := greatest(behind_s, (r.reserve[d] - r.level[d]) / (r.per_minute[d] / 60));
      ahead[d] := CASE WHEN r.level[d] >= 0.5 * r.per_minute[d] THEN 0.02 * r.per_minute[d] END;
    END LOOP;
    IF told -> 'asks' IS NULL OR waiting > 0 OR blocked_s > 0 OR array_position(ahead, NULL) IS NOT NULL THEN
      ahead := ARRAY[0, 0, 0];
    END IF;
    FOR d IN 1..3 LOOP
      r.level[d] := r.level[d] - ahead[d];
      ahead[d] := CASE WHEN r.per_minute[d] IS NOT NULL THEN ahead[d] END; -- NULL: no bound
    END LOOP;
  END IF;
  UPDATE model_rates SET told = r.told, per_minute = r.per_minute, level = r.level, reserve = r.reserve, lent = r.lent,
    lent_until = r.lent_until, promised = r.promised, promised_until = r.promised_until, at = r.at,
    blocked_until = r.blocked_until, usual = r.usual, input_ratio = r.input_ratio,
    output_ratio = r.output_ratio
  WHERE model = asked_model;
  RETURN jsonb_build_object('limited', limited, 'waits', waits, 'ahead', ahead,
    'again_s', greatest(0, behind_s - horizon_s), 'input_ratio', r.input_ratio, 'output_ratio', r.output_ratio);
END $$;
