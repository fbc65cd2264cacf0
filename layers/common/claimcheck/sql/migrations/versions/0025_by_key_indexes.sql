-- Indexes by which a tenant's things are gone through in the order of their ids, made while everybody goes on writing.
CREATE INDEX CONCURRENTLY documents_by_key ON documents (tenant_id, id);
CREATE INDEX CONCURRENTLY deliveries_by_key ON deliveries (tenant_id, id);
CREATE INDEX CONCURRENTLY webhook_addresses_by_key ON webhook_addresses (tenant_id, id);
