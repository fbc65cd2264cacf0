-- The authorizer may see which tenants have a usage key of their own in API Gateway.
GRANT SELECT (planned_at) ON tenants TO claimcheck_auth;
