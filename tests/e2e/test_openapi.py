"""`GET /openapi.json` of the running system, and the examples in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from openapi.document import ROOT, document
from tests.contract.documented import CheckedTransport, faults
from tests.integration.services.observed import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import Running

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

BUILT = (ROOT / "functions" / "console" / "site" / "docs").exists()  # as `python3 run.py test` does
UNKNOWN = "01a20bf9-f05b-7f80-ac6d-f19c9f28eddf"


@pytest.fixture
def http(system: Running) -> Iterator[httpx.Client]:
    """Plain HTTP with the tenant's key; every answer is held to the API's document."""
    with httpx.Client(
        base_url=system.url,
        headers={"Authorization": f"Bearer {system.key}"},
        timeout=60,
        trust_env=False,
        transport=CheckedTransport(system.url),
    ) as client:
        yield client


def test_the_document_is_served_without_a_key(system: Running) -> None:
    """It is the one that was written, with an ETag that gives 304."""
    with httpx.Client(base_url=system.url, timeout=60, trust_env=False) as client:
        answer = client.get("/openapi.json")
        again = client.get("/openapi.json", headers={"If-None-Match": answer.headers["etag"]})
    served = answer.json()
    assert served["info"].pop("x-max-body-bytes") == 5_000_000
    assert served == json.loads(json.dumps(document()))
    assert answer.headers["content-type"] == "application/json"
    assert (again.status_code, again.content) == (304, b"")


def _requests() -> list[Any]:
    return [
        pytest.param(path, example["value"], id=f"{path}-{name}")
        for path, item in document()["paths"].items()
        for call in item.values()
        if "requestBody" in call
        for name, example in call["requestBody"]["content"]["application/json"]["examples"].items()
    ]


@pytest.mark.parametrize(("path", "body"), _requests())
def test_each_example_of_a_request_is_taken(http: httpx.Client, path: str, body: Any) -> None:
    """What the document shows works as it stands; a job of it is answered in full."""
    answer = http.post(path, json=body)
    if path == "/webhook-addresses/enable":  # nothing is disabled here
        assert (answer.status_code, answer.json()["code"]) == (404, "address_not_disabled")
        return
    assert answer.status_code in {200, 201, 202}, answer.text
    if "job_id" in answer.json():

        def job() -> dict[str, Any]:
            found: dict[str, Any] = http.get(
                answer.json()["links"]["self"], headers={"Prefer": "wait=20"}
            ).json()
            return found

        wait_for("the job's end", lambda: job()["status"] in {"completed", "partial"})


def test_every_call_answers_what_it_says(http: httpx.Client) -> None:
    """Each call that only reads, of a job and of what is not there; the transport compares."""
    job_id = http.post("/jobs/summarise", json={"document": {"text": "The fee is EUR 400."}}).json()["job_id"]
    for path, item in document()["paths"].items():
        for found in (job_id, UNKNOWN, "x"):
            if "get" in item:
                answer = http.get(path.format(job_id=found, delivery_id=found, document_id=found))
                unbuilt = not BUILT and path in {"/console", "/docs"}
                assert answer.status_code in ({503} if unbuilt else {200, 404})


def test_a_webhook_body_is_what_the_document_says(http: httpx.Client, system: Running) -> None:
    """The database's text of a job's event fits the schema, whole and thin."""
    import psycopg

    from client.connection import read_up

    url = "https://hooks.example.invalid/claimcheck"
    for form in ("full", "thin"):
        body = {"document": {"text": "The fee is EUR 400."}, "webhook_url": url, "webhook_body": form}
        job_id = http.post("/jobs/summarise", json=body).json()["job_id"]
        http.get(f"/jobs/{job_id}", headers={"Prefer": "wait=20"})
        with psycopg.connect(read_up(system.data)["database_url"]) as connection:
            row = connection.execute("SELECT body FROM deliveries WHERE job_id = %s", (job_id,)).fetchone()
        assert row is not None
        event = json.loads(row[0])
        assert faults("/components/schemas/JobEvent", event) == []
        assert ("result" in event["data"]) == (form == "full")
