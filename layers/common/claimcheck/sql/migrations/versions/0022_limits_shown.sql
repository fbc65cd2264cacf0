-- A tenant may see its own limits and what is used of them (GET /limits): of tenants and of what was spent its own rows.
CREATE POLICY api ON tenants FOR SELECT TO claimcheck_api USING (id = current_setting('claimcheck.tenant', true));
CREATE POLICY api ON tenant_spend FOR SELECT TO claimcheck_api
  USING (tenant_id = current_setting('claimcheck.tenant', true));
GRANT SELECT (id, max_jobs_in_flight, max_usd_per_day, max_document_bytes, planned_at) ON tenants TO claimcheck_api;
GRANT SELECT ON tenant_spend TO claimcheck_api;
