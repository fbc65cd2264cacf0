-- name: purge_job
-- A job's content, in one transaction (migrations 0012 and 0027).
SELECT cancel_and_purge_job(%(job_id)s::uuid, %(tenant_id)s) AS outcome

-- name: purge_document
SELECT purge_document(%(document_id)s::uuid, %(tenant_id)s) AS outcome

-- name: jobs_naming
SELECT id::text AS job_id FROM jobs WHERE document_id = %(document_id)s AND tenant_id = %(tenant_id)s
ORDER BY id LIMIT %(limit)s

-- name: discard_object
SELECT discard_object(%(key)s, %(tenant_id)s)::text AS done

-- name: take_deletions
SELECT key, requested_at FROM take_deletions(%(limit)s, %(lease_s)s)

-- name: deletions_done
-- Once more, when everything that was on its way has arrived; then the row goes as well. A wish that came meanwhile
-- stays due.
WITH done AS MATERIALIZED (
  SELECT d.key, d.requested_at = told.requested_at AS same,
    d.requested_at + make_interval(secs => %(late_s)s) AS last_at,
    d.due_at >= d.requested_at + make_interval(secs => %(late_s)s) AS was_last
  FROM deletions d JOIN unnest(%(keys)s::text[], %(requested)s::timestamptz[]) AS told (key, requested_at) USING (key)
  ORDER BY d.key FOR UPDATE OF d
), again AS (
  UPDATE deletions d SET leased_until = NULL, due_at = CASE WHEN done.same THEN done.last_at ELSE d.due_at END
  FROM done WHERE d.key = done.key AND NOT (done.same AND done.was_last)
)
DELETE FROM deletions d USING done WHERE d.key = done.key AND done.same AND done.was_last
RETURNING d.key

-- name: overdue_jobs
SELECT job_id::text AS id, tenant_id FROM overdue_jobs(%(days)s, %(limit)s)

-- name: purge_overdue
SELECT job_id::text AS id, tenant_id, error FROM purge_overdue(%(job_ids)s::uuid[], %(days)s)

-- name: purge_uploads
SELECT document_id::text AS id, tenant_id, error FROM purge_uploads(%(days)s, %(limit)s)

-- name: purge_failed
SELECT purge_failed(%(id)s::uuid, %(tenant_id)s, %(error)s)::text AS done

-- name: forget_orphans
SELECT forget_orphans(%(limit)s) AS done

-- name: forget_samples
SELECT forget_samples(%(days)s, %(limit)s) AS done

-- name: forget_secrets
SELECT forget_secrets(%(limit)s) AS done

-- name: forget_ended
SELECT forget_ended(%(limit)s) AS done

-- name: forget_rows
SELECT forget_rows(%(days)s, %(limit)s) AS done

-- name: forget_prefixes
SELECT forget_prefixes(%(limit)s) AS done

-- name: fold_spend
SELECT fold_spend(%(limit)s) AS done

-- name: fold_usage
SELECT fold_usage(%(limit)s) AS done
