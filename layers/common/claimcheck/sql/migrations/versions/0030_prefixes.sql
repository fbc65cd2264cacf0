-- Beginnings of prompts that calls of several jobs share (docs/caching.md): who writes the model's cache, and until when it
-- can be read. Only digests, under a key that no function's role can read; a row lives for minutes.

CREATE TABLE prompt_prefixes (
  tenant_id text NOT NULL REFERENCES tenants,
  digest bytea NOT NULL CHECK (octet_length(digest) = 32),
  lead uuid NOT NULL,                                   -- the call that writes it, or has written it
  lead_job uuid NOT NULL,                               -- whose lease says that the call is alive
  lead_attempt integer NOT NULL,
  writing_until timestamptz NOT NULL DEFAULT 'epoch',   -- until then others wait for it
  warm_until timestamptz NOT NULL DEFAULT 'epoch',      -- until then it can be read
  PRIMARY KEY (tenant_id, digest)
) WITH (fillfactor = 70);
CREATE INDEX prompt_prefixes_over ON prompt_prefixes (greatest(writing_until, warm_until));

CREATE TABLE prompt_prefix_key (key bytea NOT NULL CHECK (octet_length(key) = 32));
INSERT INTO prompt_prefix_key SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

-- All parts have a fixed length, so that nothing can be appended to them.
CREATE FUNCTION keyed_prefix(prefix bytea) RETURNS bytea LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT sha256(key || sha256(key || prefix)) FROM prompt_prefix_key
$$;

-- What a call is that is about to show this beginning: `lead` writes it, `warm` can read it, `wait` asks again soon, and
-- `alone` has nobody to share it with. `more`: the job itself has more such calls. The same call may ask twice.
CREATE FUNCTION join_prefix(
  joining uuid, at_attempt integer, prefix bytea, asking uuid, more boolean, writing_s float8, warm_s float8
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  job jobs;
  found_row prompt_prefixes;
  keyed bytea := keyed_prefix(prefix);
BEGIN
  SELECT * INTO job FROM jobs WHERE id = joining AND attempt = at_attempt AND status = 'running';
  IF NOT FOUND THEN
    RETURN 'alone'; -- the call itself asks the fence
  END IF;
  UPDATE prompt_prefixes SET warm_until = now() + make_interval(secs => warm_s)
  WHERE tenant_id = job.tenant_id AND digest = keyed AND warm_until > now(); -- who reads it keeps it alive
  IF FOUND THEN
    RETURN 'warm';
  END IF;
  SELECT * INTO found_row FROM prompt_prefixes WHERE tenant_id = job.tenant_id AND digest = keyed;
  IF FOUND AND found_row.writing_until > now() AND found_row.lead <> asking AND EXISTS (
    SELECT FROM jobs WHERE id = found_row.lead_job AND attempt = found_row.lead_attempt AND status = 'running'
      AND lease_expires_at > now())
  THEN
    RETURN 'wait';
  END IF;
  -- Jobs that have asked nothing yet, and will before long. One that has asked has done so without the cache.
  IF NOT more AND NOT EXISTS (
    SELECT FROM documents own JOIN documents d ON d.object_key = own.object_key JOIN jobs j ON j.document_id = d.id
    WHERE own.id = job.document_id AND j.tenant_id = job.tenant_id AND j.id <> job.id AND j.priority = job.priority
      AND j.status IN ('pending', 'running') AND j.document_until IS NULL
      AND j.available_at < now() + make_interval(secs => warm_s)
      AND coalesce(j.document_name, d.name) IS NOT DISTINCT FROM coalesce(job.document_name, own.name)
      AND NOT EXISTS (SELECT FROM model_calls c WHERE c.job_id = j.id))
  THEN
    RETURN 'alone';
  END IF;
  INSERT INTO prompt_prefixes AS p (tenant_id, digest, lead, lead_job, lead_attempt, writing_until)
  VALUES (job.tenant_id, keyed, asking, job.id, job.attempt, now() + make_interval(secs => writing_s))
  ON CONFLICT (tenant_id, digest) DO UPDATE SET lead = excluded.lead, lead_job = excluded.lead_job,
    lead_attempt = excluded.lead_attempt, writing_until = excluded.writing_until, warm_until = 'epoch'
    WHERE p.lead = found_row.lead AND p.warm_until <= now(); -- else somebody was faster
  RETURN CASE WHEN FOUND THEN 'lead' ELSE 'wait' END;
END $$;

-- The writing call has begun to be answered (`warm_s`: so long it can be read), or has come to nothing (NULL): the next
-- one leads. Nothing where somebody else leads by now.
CREATE FUNCTION settle_prefix(settling uuid, prefix bytea, asking uuid, warm_s float8) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  UPDATE prompt_prefixes SET writing_until = 'epoch',
    warm_until = coalesce(now() + make_interval(secs => warm_s), 'epoch')
  WHERE tenant_id = (SELECT tenant_id FROM jobs WHERE id = settling) AND digest = keyed_prefix(prefix) AND lead = asking
$$;

-- Sweep: what can be read no more, and whatever a tenant that was deleted has left.
CREATE FUNCTION forget_prefixes(at_most integer) RETURNS integer
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
  DELETE FROM prompt_prefixes p USING tenants t WHERE t.id = p.tenant_id AND t.deleted_at IS NOT NULL;
  GET DIAGNOSTICS ended = ROW_COUNT;
  RETURN gone + ended;
END $$;

ALTER TABLE prompt_prefixes ENABLE ROW LEVEL SECURITY; -- by functions alone
ALTER TABLE prompt_prefix_key ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON FUNCTION keyed_prefix(bytea), join_prefix(uuid, integer, bytea, uuid, boolean, float8, float8),
  settle_prefix(uuid, bytea, uuid, float8), forget_prefixes(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION join_prefix(uuid, integer, bytea, uuid, boolean, float8, float8),
  settle_prefix(uuid, bytea, uuid, float8), forget_prefixes(integer) TO claimcheck_worker;
