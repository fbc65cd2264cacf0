-- name: export_page
SELECT id, piece, whole, mark, anew FROM export_page(%(tenant_id)s, %(kind)s, %(after)s, %(skip)s, %(stamp)s, %(limit)s)
