-- The numbers that a tenant's requests were last given stand in its history: found without reading all of that.
CREATE INDEX CONCURRENTLY tenant_events_throttle ON tenant_events (tenant_id, id DESC) WHERE type = 'tenant.throttle';
