"""status: when something of ours does not work."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.integration.functions.documents import EXTRACT
from tests.integration.functions.recorded import get_job, get_part, get_webhook_secret, list_jobs

if TYPE_CHECKING:
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

UNKNOWN = "019a9b1c-7f00-7c3e-9a55-2f6d1be0c0de"


@pytest.mark.parametrize("event", [get_job(UNKNOWN), list_jobs(), get_part(UNKNOWN, "events")])
def test_an_unreachable_database_is_a_503(stage: Stage, closed_port: int, event: dict[str, Any]) -> None:
    """A problem with Retry-After, and not a job that does not exist."""
    stage.override(DATABASE_URL=f"postgresql://claimcheck@127.0.0.1:{closed_port}/claimcheck")
    answer = stage.call("status", event)
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (503, "unavailable")
    assert int(answer["multiValueHeaders"]["Retry-After"][0]) >= 1


def test_an_unreachable_bucket_is_a_503_for_the_document_only(stage: Stage, rows: Rows) -> None:
    """The job is shown without the bucket; its text, which lies there, is not."""
    stage.override(DOCUMENTS_BUCKET="claimcheck-no-such-bucket")
    job_id = stage.accept(**EXTRACT)
    rows.run("UPDATE objects SET content = NULL")
    rows.run("UPDATE documents SET chars = 1, text_is_content = true")
    assert stage.read(job_id)["status"] == "pending"
    answer = stage.call("status", get_part(job_id, "document"))
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (503, "unavailable")


TEXT = "The fee is EUR 5.\n" * 60_000  # over a million characters
DECOMPOSED = "u\u0308"  # with it the bytes are not the text, which is in NFC


def test_a_text_that_was_changed_is_not_given_out(stage: Stage, rows: Rows) -> None:
    """Its answer has a code and says what to do and quotes nothing; the job keeps its answer."""
    job_id = stage.accept(document={"text": TEXT[:300_000] + DECOMPOSED}, fields=["fee"])
    stage.work(job_id)
    before = stage.read(job_id)
    key = rows.one("SELECT text_key FROM documents")["text_key"]
    stage.s3.put_object(Bucket=stage.bucket, Key=key, Body=b"canary: the fee is EUR 6.")
    answer = stage.call("status", get_part(job_id, "document"))
    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["code"]) == (500, "document_corrupt")
    assert "request_id" in problem["detail"]
    assert "canary" not in answer["body"] + stage.output.getvalue()
    assert stage.read(job_id) == before


@pytest.mark.parametrize("own", [True, False])
def test_a_link_says_which_text_it_leads_to(stage: Stage, rows: Rows, own: bool) -> None:
    """The SHA-256 is of the text's bytes, whether they are the document's own or were put beside them."""
    job_id = stage.accept(document={"text": TEXT if own else TEXT + DECOMPOSED}, fields=["fee"])
    stage.work(job_id)
    said = json.loads(stage.call("status", get_part(job_id, "document"))["body"])
    key = str(urlsplit(said["text_link"]["url"]).path).split("/", 1)[1].removeprefix(f"{stage.bucket}/")
    text = stage.s3.get_object(Bucket=stage.bucket, Key=key)["Body"].read()
    assert (said["text"], said["chars"]) == (None, len(text.decode()))
    assert said["text_link"]["sha256"] == hashlib.sha256(text).hexdigest()
    assert key.startswith("documents/" if own else "texts/")


def test_a_malformed_key_is_a_500_without_detail(stage: Stage) -> None:
    """A webhook key that is none is our fault: neither the answer nor the log holds it."""
    stage.secrets.create_secret(Name="claimcheck/malformed", SecretString="canary-of-the-key")
    stage.override(WEBHOOK_KEY_SECRET_ARN="claimcheck/malformed")
    answer = stage.call("webhooks", get_webhook_secret())
    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["code"]) == (500, "internal")
    assert "canary" not in answer["body"] + stage.output.getvalue()


def test_a_faulty_query_reaches_no_database(stage: Stage, closed_port: int) -> None:
    """A refusal of the caller's fault comes first, whatever the state of ours."""
    stage.override(DATABASE_URL=f"postgresql://claimcheck@127.0.0.1:{closed_port}/claimcheck")
    assert stage.call("status", list_jobs(limit="0"))["statusCode"] == 400
    assert stage.call("status", get_job("no-id"))["statusCode"] == 404
