"""process and status: a result that no answer of Lambda's holds is put into the bucket and linked to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from botocore.exceptions import ClientError
from claimcheck.client import trail
from claimcheck.client.jsontext import loads
from moto.server import ThreadedMotoServer

from tests.integration.functions.documents import EXTRACT
from tests.integration.functions.recorded import cancel_job, get_job, get_part, list_jobs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

HOOK = "https://example.com/hook"
LAMBDA_BYTES = 6_291_556  # of an answer, in JSON


@pytest.fixture
def small(stage: Stage) -> Iterator[Stage]:
    """A deployment in which a result of 270 bytes is large, and whose bucket can be reached by an address."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    stage.override(ANSWER_BYTES="300", AWS_ENDPOINT_URL_S3=f"http://{host}:{port}")
    yield stage
    server.stop()


def stored(rows: Rows, job_id: str) -> Any:
    """The result as the row has it."""
    return rows.one("SELECT result::text FROM jobs WHERE id = %s", [job_id])["result"]


def put(stage: Stage) -> dict[str, Any]:
    """What lies in the bucket under `results/`, by key."""
    found = stage.s3.list_objects_v2(Bucket=stage.bucket, Prefix="results/").get("Contents", [])
    keys = [each["Key"] for each in found]
    return {key: json.loads(stage.s3.get_object(Bucket=stage.bucket, Key=key)["Body"].read()) for key in keys}


def test_a_large_result_is_fetched_by_its_link(small: Stage, rows: Rows) -> None:
    """The answer holds null and a link, which gives without a key what the row holds."""
    job_id = small.accept(**EXTRACT)
    small.work(job_id)
    job = small.read(job_id)
    assert (job["status"], job["result"]) == ("completed", None)
    link = job["result_link"]
    assert urlsplit(link["url"]).path.endswith(f"/results/acme/{job_id}/1")
    assert parse_qs(urlsplit(link["url"]).query)["X-Amz-Expires"] == [str(link["expires_s"])]
    answer = httpx.get(link["url"], trust_env=False)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == json.loads(stored(rows, job_id))


def test_what_is_fetched_is_what_the_trail_tells_of(small: Stage) -> None:
    """With the result in its place, the job passes the check of its hash chain and of the result's digest."""
    job_id = small.accept(**EXTRACT)
    small.work(job_id)
    job = loads(small.call("status", get_job(job_id))["body"])
    events = loads(small.call("status", get_part(job_id, "events"))["body"])
    job["result"] = loads(httpx.get(job.pop("result_link")["url"], trust_env=False).content)
    assert trail.verify(job, events) == []
    job["result"]["fields"]["policy_number"] = "HX-20-772"
    assert trail.verify(job, events) != []


def test_a_result_that_fits_is_in_the_answer(stage: Stage) -> None:
    """Nothing is linked to, and nothing put into the bucket, where it is not needed."""
    job_id = stage.accept(**EXTRACT)
    stage.work(job_id)
    job = stage.read(job_id)
    assert job["result"]["fields"]["policy_number"] == "HX-20-771"
    assert "result_link" not in job
    assert put(stage) == {}


@pytest.mark.parametrize("one", ['"', "\\", "\n", "\x01", "€", "é", "\u2028", "😀"])
def test_the_longest_result_in_an_answer_fits_lambdas(
    stage: Stage, rows: Rows, monkeypatch: pytest.MonkeyPatch, one: str
) -> None:
    """Whatever characters it has: as the string that it is in Lambda's answer it stays below 6 MB."""
    runtime = pytest.importorskip("awslambdaric.lambda_runtime_marshaller", reason="Linux only")
    monkeypatch.setenv("AWS_EXECUTION_ENV", "AWS_Lambda_python3.13")
    job_id = stage.accept(**EXTRACT, metadata={"note": '"' * 2_000})
    bytes_each = len(json.dumps(one, ensure_ascii=False).encode()) - 2
    text = one * ((3_000_000 - 6_000) // bytes_each)
    rows.run("UPDATE jobs SET status = 'running', attempt = 1, lease_expires_at = now() + interval '1 hour'")
    rows.run(
        "UPDATE jobs SET status = 'completed', result = %s, completed_at = now(), lease_expires_at = NULL",
        [json.dumps({"overview": text}, ensure_ascii=False)],
    )
    answer = stage.call("status", get_job(job_id))
    assert json.loads(answer["body"])["result"]["overview"] == text
    assert len(runtime.to_json(answer).encode()) < LAMBDA_BYTES


def test_a_linked_job_is_never_unchanged(small: Stage) -> None:
    """A link expires: who asks again with the ETag of an earlier answer gets a new one."""
    job_id = small.accept(**EXTRACT)
    small.work(job_id)
    first = small.call("status", get_job(job_id))
    (tag,) = first["multiValueHeaders"]["ETag"]
    url = json.loads(first["body"])["result_link"]["url"]
    while True:  # an address is signed for the second in which it is made
        again = small.call("status", get_job(job_id, if_none_match=tag))
        if again["statusCode"] == 200:
            break
        assert again["multiValueHeaders"]["ETag"] == [tag]
    assert json.loads(again["body"])["result_link"]["url"] != url


def test_the_attempt_is_in_the_key(small: Stage, rows: Rows, model: ModelGate) -> None:
    """A worker that lost its lease overwrites nothing: the link leads to what the last attempt said."""
    job_id = small.accept(**EXTRACT)

    def lose() -> None:
        rows.run("UPDATE jobs SET status = 'pending', lease_expires_at = NULL, available_at = now()")
        rows.run(
            "UPDATE jobs SET status = 'running', attempt = 2, lease_expires_at = now() + interval '1 hour'"
        )

    model.meanwhile(lose)
    small.work(job_id)
    assert (rows.job(job_id)["status"], rows.job(job_id)["result"]) == ("running", None)
    rows.run("UPDATE jobs SET status = 'pending', lease_expires_at = NULL")
    rows.make_due()
    small.work(job_id)
    assert urlsplit(small.read(job_id)["result_link"]["url"]).path.endswith(f"/{job_id}/3")
    assert put(small)[f"results/acme/{job_id}/3"] == json.loads(stored(rows, job_id))


def test_a_job_is_final_once_its_result_can_be_fetched(small: Stage, rows: Rows, model: ModelGate) -> None:
    """Where the bucket fails the job is put back, charged nothing; what was paid for is used again."""
    job_id = small.accept(**EXTRACT)

    def gone() -> None:
        with pytest.raises(ClientError):
            small.s3.head_object(Bucket=small.bucket, Key=f"results/acme/{job_id}/1")
        small.s3.delete_bucket(Bucket=small.bucket)

    model.meanwhile(gone)
    assert small.work(job_id) == []
    row = rows.job(job_id)
    assert (row["status"], row["failures"], row["result"]) == ("pending", 0, None)
    assert row["last_failure"]["code"] == "storage_unavailable"
    small.s3.create_bucket(Bucket=small.bucket)
    rows.make_due()
    small.work(job_id)
    assert small.read(job_id)["status"] == "completed"
    assert len(model.calls) == 1
    assert set(put(small)) == {f"results/acme/{job_id}/2"}


def test_lists_webhooks_and_cancelling_go_on(small: Stage, rows: Rows) -> None:
    """The list shows no results anyway, a webhook has what it always has, cancelling gives the link."""
    job_id = small.accept(**EXTRACT, webhook_url=HOOK)
    small.work(job_id)
    (listed,) = json.loads(small.call("status", list_jobs())["body"])["jobs"]
    assert listed["job_id"] == job_id
    assert listed.keys().isdisjoint({"result", "result_link"})
    assert json.loads(rows.delivery(job_id)["body"])["data"]["result"] == json.loads(stored(rows, job_id))
    cancelled = json.loads(small.call("status", cancel_job(job_id))["body"])
    assert (cancelled["status"], cancelled["result"]) == ("completed", None)
    assert "/results/" in cancelled["result_link"]["url"]
