-- How many jobs are in flight changes within seconds, and statistics tell of the moment at which a table was analysed. After a
-- quiet one the planner took a partial index (jobs_in_flight, jobs_due) for what asks for one job by its id and its state,
-- and read every job in flight for each claim, heartbeat and end of the burst that followed. Without statistics of the
-- state it reckons with a two-hundredth of all rows, at any time; an id is always less (test_store_growth.py).
ALTER TABLE jobs ALTER COLUMN status SET STATISTICS 0;
SELECT pg_clear_attribute_stats('public', 'jobs', 'status', false);
