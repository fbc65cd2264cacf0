-- name: export_page
SELECT id, piece, whole, mark, anew FROM export_page(%(tenant_id)s, %(kind)s, %(after)s, %(skip)s, %(stamp)s, %(limit)s)

-- name: tenant_holds
SELECT tenant_holds(%(tenant_id)s) AS holds

-- name: delete_tenant
SELECT delete_tenant(%(tenant_id)s, %(limit)s) AS left
