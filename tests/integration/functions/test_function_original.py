"""GET /jobs/{job_id}/document: the bytes that were handed in."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.contract.documented import faults
from tests.integration.functions.recorded import api_call, get_part, post_document

if TYPE_CHECKING:
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

SMALL = b"The fee is EUR 5.\n"
LARGE = SMALL * 20_000  # more than what is kept in a row


def shown(stage: Stage, job_id: str) -> dict[str, Any]:
    """What the call answers, which is what the API's document says."""
    answer = stage.call("status", get_part(job_id, "document"))
    assert answer["statusCode"] == 200, answer
    found: dict[str, Any] = json.loads(answer["body"])
    assert faults("/components/schemas/DocumentText", found) == []
    return found


def handed_in(stage: Stage, content: bytes, name: str = "fee.csv") -> str:
    """A job about these bytes; its id."""
    encoded = base64.b64encode(content).decode()
    document = {"base64": encoded, "media_type": "Text/CSV; charset=utf-8", "name": name}
    return stage.accept(document=document, fields=["fee"])


def test_bytes_of_a_row_are_in_the_address(stage: Stage) -> None:
    """A `data:` URL, which holds just what was handed in and does not end; before it was read, too."""
    original = shown(stage, handed_in(stage, SMALL))["original"]
    head, _, encoded = original["url"].partition(",")
    assert head == "data:text/csv;base64"
    assert base64.b64decode(encoded, validate=True) == SMALL
    assert (original["name"], original["expires_at"]) == ("fee.csv", None)
    assert (original["bytes"], original["sha256"]) == (len(SMALL), hashlib.sha256(SMALL).hexdigest())


def test_bytes_of_the_bucket_are_linked_to(stage: Stage) -> None:
    """For five minutes, as an attachment of the type that they were called."""
    original = shown(stage, handed_in(stage, LARGE))["original"]
    asked = parse_qs(urlsplit(original["url"]).query)
    assert asked["response-content-disposition"] == ["attachment"]
    assert asked["response-content-type"][0].lower().startswith("text/csv")
    key = str(urlsplit(original["url"]).path).removeprefix(f"/{stage.bucket}").lstrip("/")
    assert stage.s3.get_object(Bucket=stage.bucket, Key=key)["Body"].read() == LARGE
    assert original["expires_at"].endswith("Z")


def test_what_has_not_arrived_is_nowhere(stage: Stage) -> None:
    """A job may name a document before its bytes are there."""
    announced = {
        "media_type": "text/plain",
        "bytes": len(LARGE),
        "sha256": hashlib.sha256(LARGE).hexdigest(),
    }
    document = json.loads(stage.call("documents", post_document(announced))["body"])
    job_id = stage.accept(document={"document_id": document["document_id"]}, fields=["fee"])
    assert shown(stage, job_id)["original"] is None


def test_what_was_deleted_is_gone(stage: Stage) -> None:
    """410, and no address."""
    job_id = handed_in(stage, SMALL)
    stage.work(job_id)
    assert stage.call("status", api_call("DELETE", f"/jobs/{job_id}"))["statusCode"] == 204
    answer = stage.call("status", get_part(job_id, "document"))
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (410, "purged")


def test_bytes_that_were_changed_are_not_given_out(stage: Stage, rows: Rows) -> None:
    """What lies in the row is compared with its SHA-256."""
    job_id = handed_in(stage, SMALL)
    stage.work(job_id)
    rows.run("UPDATE objects SET content = 'canary: the fee is EUR 6.'::bytea")
    answer = stage.call("status", get_part(job_id, "document"))
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (500, "document_corrupt")
    assert "canary" not in answer["body"]
