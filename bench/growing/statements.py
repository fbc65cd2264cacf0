"""Every statement of the store with values for it, and how many rows of growing tables it reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString

from bench.ground import TENANT

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from bench.growing.world import World

GROWING = (
    "jobs", "job_events", "documents", "objects", "model_calls", "deliveries", "delivery_attempts",
    "idempotency_keys", "tenant_events",
)  # fmt: skip
"""With each job, or each change of a tenant. A sequential scan of one of these takes longer every day."""

BOUNDED: dict[str, str] = {
    "tenants": "one row a customer",
    "api_keys": "two live ones a tenant, ninety days after that none",
    "webhook_secrets": "two a tenant",
    "webhook_addresses": "one for each place that a tenant's webhooks go to",
    "tenant_spend": "a row a tenant and day, found by its key",
    "tenant_loads": "one row a tenant",
    "usage_changes": "jobs that have ended since the last sweep",
    "usage_days": "a row a tenant, day and task, found by its key",
    "usage_seconds": "some tens of rows a tenant, day and task, found by their key",
    "spend_slots": "64 a tenant, put into its day by each sweep",
    "heartbeats": "one row a periodic function",
    "schema_version": "one row",
    "model_circuits": "one row a model",
    "model_rates": "one row a model",
    "rate_lines": "a model and a tenant of the last hour",
    "batches": "one for up to thousands of questions, of the last five weeks",
    "batch_requests": "questions of jobs in flight that wait for a batch",
    "deletions": "what has to leave the bucket in the next minutes",
    "purge_failures": "what could not be deleted of late",
    "prompt_prefixes": "beginnings of prompts of the last minutes",
    "prompt_prefix_key": "one row",
}
"""Tables that do not grow with jobs, each with what bounds it."""

ELSEWHERE: dict[tuple[str, str], str] = {
    ("tenants", "tenant_holds"): "an operator's count of all that a tenant has, before its end",
}
"""Statements that are no part of normal service and may read much."""

_OPERATOR = {"exporting": "operator", "tenants": "operator", "keys": "operator"}
_API = {
    ("jobs", "accept_job"), ("jobs", "cancel_job"), ("jobs", "redrive_job"),
    ("deliveries", "replay_delivery"), ("deliveries", "insert_sample"), ("deliveries", "get_delivery"),
    ("deliveries", "get_deliveries"),
    ("purging", "purge_job"), ("purging", "purge_document"), ("purging", "jobs_naming"),
    ("uploads", "announce_document"), ("uploads", "find_document"), ("uploads", "want_object"),
}  # fmt: skip
_AUTH = {("keys", "find_key"), ("keys", "note_use")}


def names() -> list[tuple[str, str]]:
    """Each statement of the store, as its file and its name there."""
    from importlib import resources

    from claimcheck.store.sql import queries

    folder = resources.files("claimcheck.sql") / "queries"
    files = sorted(each.name.removesuffix(".sql") for each in folder.iterdir() if each.name.endswith(".sql"))
    return [(file, name) for file in files for name in queries(file)]


def tenant_of(file: str, name: str) -> str | None:
    """For which tenant a statement's transaction works; None where it says so itself, or works for all."""
    says_itself = {("jobs", "accept_job"), ("reading", "find_job")}
    return TENANT if role_of(file, name) == "api" and (file, name) not in says_itself else None


def role_of(file: str, name: str) -> str:
    """Which function's role runs a statement."""
    if (file, name) in _AUTH:
        return "auth"
    if (file, name) in _API or file in {"reading", "usage", "webhooks"}:
        return "api"
    return _OPERATOR.get(file, "worker")


@dataclass(frozen=True)
class Read:
    """What was read: growing tables as a whole, and how many rows and entries of their indexes."""

    scanned: tuple[str, ...]
    entries: Mapping[str, int]

    @property
    def most(self) -> int:
        """The most that was read of one table or index."""
        return max(self.entries.values(), default=0)

    @property
    def where(self) -> str:
        """The table or index of which that was."""
        return max(self.entries, key=lambda name: self.entries[name], default="")


def read_in_service(
    admin: psycopg.Connection[Any], world: World, file: str, name: str, *, without: str | None = None
) -> Read:
    """What a statement reads as the role of its function, the most of all that it may be asked.

    Without an index, if one is named. `admin` is a superuser's connection in autocommit mode; all of it is
    rolled back.
    """
    from claimcheck.store.sql import queries

    scanned: set[str] = set()
    entries: dict[str, int] = {}
    with admin.transaction(force_rollback=True):
        if without is not None:
            admin.execute(f"DROP INDEX {without}".encode())
        admin.execute(f"SET LOCAL SESSION AUTHORIZATION claimcheck_{role_of(file, name)}".encode())
        for params in world.of(file, name):
            found = reads(admin, queries(file)[name].text, params, tenant=tenant_of(file, name))
            scanned.update(found.scanned)
            entries = {
                each: max(entries.get(each, 0), found.entries.get(each, 0))
                for each in {*entries, *found.entries}
            }
    return Read(tuple(sorted(scanned)), entries)


_COUNTED: LiteralString = """
SELECT relid::regclass::text, pg_stat_get_xact_numscans(relid), pg_stat_get_xact_tuples_returned(relid),
  is_table
FROM (
  SELECT oid AS relid, true AS is_table FROM pg_class WHERE oid = ANY (%(tables)s::regclass[])
  UNION ALL
  SELECT indexrelid, false FROM pg_index WHERE indrelid = ANY (%(tables)s::regclass[])) r
"""


def reads(
    connection: psycopg.Connection[Any],
    text: str,
    params: Mapping[str, Any],
    *,
    tenant: str | None,
    runs: int = 7,
) -> Read:
    """What a statement reads, the most of `runs` runs, each rolled back.

    The first ones are planned for their values, later ones of functions for any.
    """
    scanned: set[str] = set()
    entries: dict[str, int] = {}
    for _ in range(runs):
        with connection.transaction(force_rollback=True):
            if tenant is not None:
                connection.execute("SELECT act_for_tenant(%s)", [tenant])
            before = _counted(connection)
            connection.execute(text.encode(), params)
            for name, (scans, rows, is_table) in _counted(connection).items():
                if is_table and scans > before[name][0]:
                    scanned.add(name)
                entries[name] = max(entries.get(name, 0), rows - before[name][1])
    return Read(tuple(sorted(scanned)), {name: count for name, count in entries.items() if count})


def _counted(connection: psycopg.Connection[Any]) -> dict[str, tuple[int, int, bool]]:
    found = connection.execute(_COUNTED, {"tables": list(GROWING)}).fetchall()
    return {name: (scans, rows, is_table) for name, scans, rows, is_table in found}
