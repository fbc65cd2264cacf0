-- The second wall between tenants: a statement of claimcheck_api sees and writes rows of the tenant for which its
-- transaction works (act_for_tenant), whatever its WHERE says; of nobody where that was not said. Workers see all: they
-- take what is due, whosever it is. The owner passes by all this, and so do members of it: migrations, and the version
-- before this one. A table without a policy for a role shows it nothing, so every table is under row-level security.

ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_secrets ENABLE ROW LEVEL SECURITY;
ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE objects ENABLE ROW LEVEL SECURITY;
ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE model_calls ENABLE ROW LEVEL SECURITY;
ALTER TABLE deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE delivery_attempts ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_addresses ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE heartbeats ENABLE ROW LEVEL SECURITY;
ALTER TABLE model_circuits ENABLE ROW LEVEL SECURITY;
ALTER TABLE deletions ENABLE ROW LEVEL SECURITY;
ALTER TABLE schema_version ENABLE ROW LEVEL SECURITY;

-- The setting is NULL before the session's first tenant and '' after a tenant's transaction: no tenant's id is either.
CREATE POLICY api ON webhook_secrets TO claimcheck_api
  USING (tenant_id = current_setting('claimcheck.tenant', true));
CREATE POLICY api ON documents TO claimcheck_api USING (tenant_id = current_setting('claimcheck.tenant', true));
CREATE POLICY api ON objects TO claimcheck_api USING (tenant_id = current_setting('claimcheck.tenant', true));
CREATE POLICY api ON jobs TO claimcheck_api USING (tenant_id = current_setting('claimcheck.tenant', true));
CREATE POLICY api ON deliveries TO claimcheck_api USING (tenant_id = current_setting('claimcheck.tenant', true));
CREATE POLICY api ON webhook_addresses TO claimcheck_api
  USING (tenant_id = current_setting('claimcheck.tenant', true));
CREATE POLICY api ON idempotency_keys TO claimcheck_api
  USING (tenant_id = current_setting('claimcheck.tenant', true));
CREATE POLICY api ON tenant_events TO claimcheck_api USING (tenant_id = current_setting('claimcheck.tenant', true));

-- What belongs to a job or a delivery is its tenant's: the parent's own policy decides. A column of their own would
-- have to be written into every row of the trail, which nobody may change.
CREATE POLICY api ON model_calls TO claimcheck_api
  USING (EXISTS (SELECT FROM jobs WHERE jobs.id = model_calls.job_id));
CREATE POLICY api ON delivery_attempts TO claimcheck_api
  USING (EXISTS (SELECT FROM deliveries WHERE deliveries.id = delivery_attempts.delivery_id));
CREATE POLICY api_reads ON job_events FOR SELECT TO claimcheck_api
  USING (EXISTS (SELECT FROM jobs WHERE jobs.id = job_events.job_id));

-- A job is accepted together with its first event, in one statement, which does not see the job itself. What a function
-- asks that is VOLATILE, it asks of the table as it is by now.
CREATE FUNCTION job_is_visible(asked uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM jobs WHERE id = asked);
END $$;
CREATE POLICY api_writes ON job_events FOR INSERT TO claimcheck_api WITH CHECK (job_is_visible(job_id));

CREATE POLICY api ON schema_version FOR SELECT TO claimcheck_api USING (true);

CREATE POLICY worker ON jobs TO claimcheck_worker USING (true);
CREATE POLICY worker ON documents TO claimcheck_worker USING (true);
CREATE POLICY worker ON objects TO claimcheck_worker USING (true);
CREATE POLICY worker ON job_events FOR INSERT TO claimcheck_worker WITH CHECK (true);
CREATE POLICY worker ON model_calls TO claimcheck_worker USING (true);
CREATE POLICY worker ON deliveries TO claimcheck_worker USING (true);
CREATE POLICY worker ON delivery_attempts TO claimcheck_worker USING (true);
CREATE POLICY worker ON webhook_addresses TO claimcheck_worker USING (true);
CREATE POLICY worker ON webhook_secrets TO claimcheck_worker USING (true);
CREATE POLICY worker ON idempotency_keys TO claimcheck_worker USING (true);
CREATE POLICY worker ON tenant_events FOR INSERT TO claimcheck_worker WITH CHECK (true);
CREATE POLICY worker ON deletions TO claimcheck_worker USING (true);
CREATE POLICY worker ON model_circuits TO claimcheck_worker USING (true);
CREATE POLICY worker ON heartbeats TO claimcheck_worker USING (true);

CREATE POLICY auth ON api_keys TO claimcheck_auth USING (true);
CREATE POLICY auth ON tenants FOR SELECT TO claimcheck_auth USING (true);

CREATE POLICY operator ON tenants TO claimcheck_operator USING (true);
CREATE POLICY operator ON api_keys TO claimcheck_operator USING (true);
CREATE POLICY operator ON tenant_events FOR INSERT TO claimcheck_operator WITH CHECK (true);

-- As in 0012. They run as the owner, who is under no policy, so each looks for itself for whom the transaction works:
-- what it is told about the owner of a job is not enough.
CREATE OR REPLACE FUNCTION purge_job(asked uuid, owner text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  job jobs;
BEGIN
  IF owner IS DISTINCT FROM current_setting('claimcheck.tenant', true) THEN
    RETURN NULL;
  END IF;
  SELECT * INTO job FROM jobs WHERE id = asked AND tenant_id = owner FOR UPDATE;
  IF NOT FOUND THEN
    RETURN NULL;
  ELSIF job.purged_at IS NOT NULL THEN
    RETURN 'gone before';
  ELSIF job.completed_at IS NULL THEN
    RETURN 'open';
  END IF;
  PERFORM empty_job(job, 'request');
  RETURN 'gone';
END $$;
CREATE OR REPLACE FUNCTION purge_document(asked uuid, owner text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  found_at timestamptz;
BEGIN
  IF owner IS DISTINCT FROM current_setting('claimcheck.tenant', true) THEN
    RETURN NULL;
  END IF;
  PERFORM FROM objects WHERE key = (SELECT object_key FROM documents WHERE id = asked AND tenant_id = owner) FOR UPDATE;
  SELECT purged_at INTO found_at FROM documents WHERE id = asked AND tenant_id = owner FOR UPDATE;
  IF NOT FOUND THEN
    RETURN NULL;
  ELSIF found_at IS NOT NULL THEN
    RETURN 'gone before';
  ELSIF EXISTS (SELECT FROM jobs WHERE document_id = asked) THEN
    RETURN 'in use';
  END IF;
  PERFORM forget_document(asked);
  RETURN 'gone';
END $$;
