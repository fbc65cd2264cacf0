-- name: gauges
-- How things stand, once a minute. Each number is one look into an index, or a count that ends at %(most)s. Of
-- webhooks the addresses that may be called are gone through: by time alone there is no index (migration 0009). An order
-- is that of the one index that is meant: the planner takes others for as good.
SELECT
  coalesce((SELECT extract(epoch FROM now() - available_at) FROM jobs
    WHERE status = 'pending' AND document_until IS NULL AND available_at <= now()
    ORDER BY available_at LIMIT 1), 0)::float8 AS oldest_due_job_s,
  (SELECT count(*) FROM (SELECT FROM jobs
    WHERE status = 'pending' AND document_until IS NULL AND available_at <= now()
    LIMIT %(most)s) due) AS jobs_due,
  (SELECT count(*) FROM (SELECT FROM jobs WHERE status = 'running' ORDER BY id LIMIT %(most)s) held) AS jobs_running,
  coalesce((SELECT extract(epoch FROM now() - min(first.at))
    FROM webhook_addresses a CROSS JOIN LATERAL (
      SELECT d.next_attempt_at AS at FROM deliveries d
      WHERE d.address_id = a.id AND d.status = 'pending' AND d.returns_to IS NULL AND d.next_attempt_at <= now()
      ORDER BY d.next_attempt_at LIMIT 1) first
    WHERE a.disabled_at IS NULL AND coalesce(a.paused_until <= now(), true)), 0)::float8 AS oldest_due_delivery_s,
  (SELECT count(*) FROM (SELECT FROM webhook_addresses a CROSS JOIN LATERAL (
      SELECT FROM deliveries d
      WHERE d.address_id = a.id AND d.status = 'pending' AND d.returns_to IS NULL AND d.next_attempt_at <= now()
      LIMIT %(most)s) each
    WHERE a.disabled_at IS NULL AND coalesce(a.paused_until <= now(), true)
    LIMIT %(most)s) due) AS deliveries_due,
  (SELECT count(*) FROM model_circuits WHERE opened_at IS NOT NULL) AS circuits_open,
  (SELECT coalesce(extract(epoch FROM max(ends_at) - now()), 0) FROM rate_lines WHERE ends_at > now())::float8 AS rate_line_s,
  (SELECT coalesce(sum(cost_usd), 0) FROM model_calls
    WHERE finished_at > now() - interval '1 hour')::float8 AS spend_last_hour_usd,
  overdue_content_s(%(days)s) AS overdue_content_s
