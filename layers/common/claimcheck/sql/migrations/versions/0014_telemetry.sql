-- What was spent lately, by one look into an index; and the trace that a job belongs to. The version before this one
-- writes neither and reads neither. Each statement is a transaction of its own.
ALTER TABLE jobs ADD COLUMN IF NOT EXISTS traceparent text; -- W3C's header; NULL where the job is not traced
CREATE INDEX CONCURRENTLY model_calls_ended ON model_calls (finished_at) INCLUDE (cost_usd);
GRANT INSERT (traceparent) ON jobs TO claimcheck_api;
