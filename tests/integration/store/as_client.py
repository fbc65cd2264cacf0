"""What the owner of a job sees, as the client reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claimcheck.client.jsontext import loads
from claimcheck.store.reading import get_job, get_trail

from tests.integration.store.jobs_in_states import TENANT

if TYPE_CHECKING:
    from claimcheck.store.connection import Database


def as_client(database: Database, job_id: str) -> tuple[Any, Any]:
    """A job and its trail, parsed as the client does."""
    view, trail = get_job(database, TENANT, job_id), get_trail(database, TENANT, job_id)
    assert view is not None
    assert trail is not None
    return loads(view.body), loads(trail)
