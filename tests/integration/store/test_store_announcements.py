"""Documents whose bytes come by themselves: announced, shown, and each stored once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from claimcheck.documents.text import DocumentText
from claimcheck.store.documents import save_text
from claimcheck.store.jobs import DocumentUnknown, accept_job
from claimcheck.store.uploads import find_document, want_object

from tests.integration.store.awaited import (
    BYTES,
    DIGEST,
    KEY,
    announced,
    announced_id,
    arrive,
    naming,
    status_of,
    time_is_over,
)
from tests.integration.store.jobs_in_states import OTHER_TENANT, TENANT, accepted, claimed_again
from tests.integration.store.traces import value

if TYPE_CHECKING:
    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql


def test_an_announced_document_waits(database: Database) -> None:
    """It has the key of its tenant and its bytes, and shows what was said of it."""
    found = announced(database)
    assert (found.made, found.stored, found.stored_bytes, found.object_key) == (True, False, None, KEY)
    view = find_document(database, TENANT, str(found.document_id), base="/v1")
    assert view is not None
    assert (view.media_type, view.size_bytes, view.sha256) == ("text/plain", len(BYTES), DIGEST)
    shown = dict(view.body)
    assert shown.pop("created_at") < shown.pop("upload_until")
    assert shown == {
        "document_id": found.document_id,
        "status": "waiting",
        "name": "report.txt",
        "media_type": "text/plain",
        "bytes": len(BYTES),
        "sha256": DIGEST.hex(),
        "stored_at": None,
        "links": {"self": f"/v1/documents/{found.document_id}"},
    }


def test_a_document_shows_how_far_it_is(database: Database) -> None:
    """waiting, stored when its bytes are here, read when a worker has read them."""
    document_id = announced_id(database)
    arrive(database)
    assert status_of(database, document_id) == "stored"
    save_text(database, document_id, DocumentText("text"))
    assert status_of(database, document_id) == "read"


def test_a_document_whose_time_is_over_is_expired(database: Database, sql_connection: Sql) -> None:
    """Until its bytes come all the same."""
    document_id = announced_id(database)
    time_is_over(sql_connection)
    assert status_of(database, document_id) == "expired"
    arrive(database)
    assert status_of(database, document_id) == "stored"


@pytest.mark.parametrize("stored", [False, True])
def test_the_same_announcement_is_the_same_document(database: Database, stored: bool) -> None:
    """Whether the bytes are here or not; under another name or type they are another document."""
    first = announced(database)
    if stored:
        arrive(database)
    again = announced(database)
    assert (again.document_id, again.made, again.stored) == (first.document_id, False, stored)
    others = [announced(database, name=None), announced(database, media_type="text/markdown")]
    assert len({first.document_id, *(each.document_id for each in others)}) == 3
    assert [each.stored for each in others] == [stored, stored]


def test_an_expired_announcement_is_not_taken_up(database: Database, sql_connection: Sql) -> None:
    """Who announces the bytes anew gets a new document with the whole time."""
    first = announced_id(database)
    time_is_over(sql_connection)
    again = announced(database)
    assert again.made
    assert again.document_id != first


def test_bytes_of_another_size_are_not_announced(database: Database) -> None:
    """Where the bytes are known, their size is, and what says otherwise becomes no document."""
    announced(database)
    arrive(database)
    found = announced(database, name="other.txt", size_bytes=1)
    assert (found.document_id, found.stored_bytes) == (None, len(BYTES))


def test_another_tenants_document_does_not_exist(database: Database, sql_connection: Sql) -> None:
    """Neither to look at nor to name, and its bytes are no other tenant's."""
    sql_connection.execute("INSERT INTO tenants (id) VALUES (%s)", [OTHER_TENANT])
    document_id = announced_id(database)
    arrive(database)
    assert find_document(database, OTHER_TENANT, document_id) is None
    assert accept_job(database, naming(document_id, tenant_id=OTHER_TENANT)) == DocumentUnknown()
    assert not announced(database, tenant=OTHER_TENANT).stored


def test_the_same_bytes_are_stored_once(database: Database, sql_connection: Sql) -> None:
    """However many jobs bring them along, and under whatever names."""
    ids = [accepted(database, content=BYTES, sha256=DIGEST, size_bytes=28, name=name) for name in "abc"]
    assert value(sql_connection, "SELECT count(*) FROM documents") == 3
    assert value(sql_connection, "SELECT count(*) FROM objects") == 1
    assert {claimed_again(database, job_id).document.content for job_id in ids} == {BYTES}
    assert announced(database).stored


def test_bytes_that_a_document_names_cannot_go(database: Database, sql_connection: Sql) -> None:
    """The reference is the database's own."""
    accepted(database)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        sql_connection.execute("DELETE FROM objects")


def test_wanted_bytes_are_known_when_they_are_here(database: Database, sql_connection: Sql) -> None:
    """Each time they are wanted counts as their latest use."""
    assert not want_object(database, TENANT, DIGEST)
    sql_connection.execute("UPDATE objects SET touched_at = now() - interval '1 year'")
    accepted(database, content=None, sha256=DIGEST, size_bytes=len(BYTES))
    assert want_object(database, TENANT, DIGEST)
    assert value(sql_connection, "SELECT touched_at > now() - interval '1 minute' FROM objects")
