"""documents: what is to be uploaded is announced, and the answer says where to."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from tests.integration.functions.recorded import get_document, post_document
from tests.integration.functions.uploads import (
    CONTENT,
    announce,
    announcement,
    digest_of,
    key_of,
    lay_down,
    put,
    refusal,
    shown,
    tell,
)

if TYPE_CHECKING:
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

UNKNOWN = "019a9b1c-0000-7000-8000-000000000001"
ANNOUNCED = announcement()


def test_an_announcement_is_answered_with_where_to_upload(stage: Stage) -> None:
    """201 with the document's address; the upload's binds length, type and SHA-256, for an hour."""
    answer = stage.call("documents", post_document(ANNOUNCED))
    document = json.loads(answer["body"])
    location = answer["multiValueHeaders"]["Location"]
    assert (answer["statusCode"], location) == (201, [f"/v1/documents/{document['document_id']}"])
    assert document["links"]["self"] == location[0]
    assert {name: document[name] for name in ANNOUNCED} == ANNOUNCED
    assert document["status"] == "waiting"
    upload = document["upload"]
    assert upload["method"] == "PUT"
    assert upload["headers"].keys() == {"Content-Length", "Content-Type", "x-amz-checksum-sha256"}
    query = parse_qs(urlsplit(upload["url"]).query)
    signed = {"content-length", "content-type", "host", "x-amz-checksum-sha256"}
    assert set(query["X-Amz-SignedHeaders"][0].split(";")) == signed
    assert query["X-Amz-Expires"] == ["3600"]
    assert urlsplit(upload["url"]).path.endswith(f"/{key_of(CONTENT)}")
    left = datetime.fromisoformat(upload["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(minutes=60)


def test_a_document_can_be_looked_at(stage: Stage) -> None:
    """While it waits, with a fresh address to upload it to; once it is here, without."""
    document = announce(stage)
    waiting = shown(stage, document["document_id"])
    assert waiting["upload"]["headers"] == document["upload"]["headers"]
    put(stage, waiting["upload"])
    assert tell(stage, key_of(CONTENT)) == []
    stored = shown(stage, document["document_id"])
    assert (stored["status"], stored["upload"], stored["upload_until"]) == ("stored", None, None)
    assert stored["stored_at"] >= document["created_at"]


def test_nobody_uploads_the_same_bytes_twice(stage: Stage) -> None:
    """Bytes that are here need no upload, whether they were uploaded or came with a job."""
    document = announce(stage)
    put(stage, document["upload"])
    tell(stage, key_of(CONTENT))
    again = stage.call("documents", post_document(ANNOUNCED))
    body = json.loads(again["body"])
    assert (again["statusCode"], body["document_id"]) == (200, document["document_id"])
    assert (body["status"], body["upload"]) == ("stored", None)
    stage.accept(document={"text": "A small text."}, fields=["a"])
    assert announce(stage, b"A small text.")["upload"] is None


def test_a_tenants_bytes_are_its_own(stage: Stage, rows: Rows) -> None:
    """Another tenant's document is 404, and who announces the same bytes has to upload them himself."""
    rows.run("INSERT INTO tenants (id) VALUES ('globex')")
    document = announce(stage)
    put(stage, document["upload"])
    tell(stage, key_of(CONTENT))
    for document_id, tenant in ((document["document_id"], "globex"), (UNKNOWN, "acme"), ("no-id", "acme")):
        answer = stage.call("documents", get_document(document_id, tenant=tenant))
        assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (404, "document_not_found")
    theirs = announce(stage, tenant="globex")
    assert urlsplit(theirs["upload"]["url"]).path.endswith(f"/{key_of(CONTENT, 'globex')}")


def test_a_size_that_is_not_the_bytes_is_refused(stage: Stage) -> None:
    """Where the bytes are known their size is, too."""
    document = announce(stage)
    put(stage, document["upload"])
    tell(stage, key_of(CONTENT))
    status, _, errors = refusal(stage, announcement(bytes=1))
    assert (status, list(errors)) == (422, ["/bytes"])
    assert str(len(CONTENT)) in errors["/bytes"]


def test_the_largest_document_is_a_setting(stage: Stage) -> None:
    """MAX_UPLOAD_BYTES, and the message says it."""
    stage.override(MAX_UPLOAD_BYTES="27")
    status, _, errors = refusal(stage, announcement(bytes=28))
    assert (status, errors) == (422, {"/bytes": "must be a whole number from 1 to 27"})


def test_the_form_of_what_is_said_is_no_difference(stage: Stage) -> None:
    """A media type with parameters and a digest in capitals are the same document."""
    plain = announce(stage)
    other = announce(stage, media_type="Text/Plain; charset=utf-8", sha256=digest_of(CONTENT).upper())
    assert (other["document_id"], other["media_type"]) == (plain["document_id"], "text/plain")


def test_what_lies_under_another_key_is_nobodys(stage: Stage) -> None:
    """An event of bytes that nobody announced is taken note of, and changes nothing."""
    lay_down(stage, CONTENT, key_of(CONTENT))
    assert tell(stage, key_of(CONTENT)) == []
    assert announce(stage)["status"] == "waiting"
