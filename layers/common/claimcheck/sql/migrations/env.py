"""Alembic's entry: runs the migrations on the connection that `runner.migrate` hands over."""

from __future__ import annotations

from alembic import context

# Each migration is committed by itself: one that makes an index in passing needs no transaction around it.
context.configure(
    connection=context.config.attributes["connection"],
    version_table="schema_version",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
