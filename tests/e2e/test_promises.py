"""Idempotency keys, deadlines, redrive and unknown calls, as a client of the running system sees them."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from claimcheck.client import trail
from claimcheck.client.errors import ApiProblem

from client.connection import read_up
from tests.integration.offline.control import Server
from tests.integration.services.observed import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.api import Api
    from tests.e2e.conftest import Running

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]


@pytest.fixture
def model(system: Running) -> Iterator[Server]:
    """The offline model's controls; no fault stays behind."""
    controls = Server(read_up(system.data)["services"]["model"])
    yield controls
    controls.control("DELETE", "/faults")


@pytest.fixture
def text() -> str:
    """A document that no other test has."""
    return f"File {uuid.uuid4()}. The monthly fee is EUR 400."


def post(system: Running, body: dict[str, Any], **headers: str) -> httpx.Response:
    """`POST /jobs/summarise`."""
    headers["Authorization"] = f"Bearer {system.key}"
    return httpx.post(f"{system.url}/jobs/summarise", json=body, headers=headers, timeout=30)


def usage_of(api: Api, job_id: str) -> dict[str, Any]:
    """What a job has used so far."""
    return api.get(job_id)["usage"] or {}


def test_the_same_key_and_body_get_the_same_ticket(system: Running, text: str) -> None:
    """The second answer is the first one again, and says so; the order of members is no difference."""
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = post(system, {"document": {"text": text}, "focus": "fees"}, **key)
    second = post(system, {"focus": "fees", "document": {"text": text}}, **key)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"


def test_the_same_key_with_another_body_is_refused(system: Running, text: str) -> None:
    """422, and nothing is made of it."""
    key = {"Idempotency-Key": str(uuid.uuid4())}
    assert post(system, {"document": {"text": text}}, **key).status_code == 202
    other = post(system, {"document": {"text": text + "!"}}, **key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")


def test_twins_at_the_same_moment_make_one_job(system: Running, text: str) -> None:
    """Of eight requests at once each gets the one job's ticket, or is told to ask again."""
    key = {"Idempotency-Key": str(uuid.uuid4())}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(system, {"document": {"text": text}}, **key), range(8)))
    assert {each.status_code for each in answers} <= {202, 409}
    made = {each.json()["job_id"] for each in answers if each.status_code == 202}
    assert len(made) == 1
    refused = [each for each in answers if each.status_code == 409]
    assert all(each.json()["code"] == "idempotency_in_flight" for each in refused)
    assert all(each.headers["retry-after"] == "1" for each in refused)


def test_a_deadline_cancels_a_job_that_runs(system: Running, api: Api, model: Server, text: str) -> None:
    """Past Cancel-After the job is cancelled though its model call is under way; what that costs is kept."""
    model.fault("delay", match=text, seconds=14)
    job_id = post(system, {"document": {"text": text}}, **{"Cancel-After": "6s"}).json()["job_id"]
    job = api.wait(job_id)
    assert job["status"] == "cancelled", job
    events = api.events(job_id)["events"]
    assert events[-1]["detail"] == {"reason": "deadline"}
    wait_for("the call's end", lambda: usage_of(api, job_id)["calls"] == 1)
    usage = usage_of(api, job_id)
    assert usage["output_tokens"] > 0
    assert usage["unknown_calls"] == 0


def test_a_time_that_is_none_is_refused(system: Running, text: str) -> None:
    """400, with what it should look like."""
    answer = post(system, {"document": {"text": text}}, **{"Cancel-After": "soon"})
    assert (answer.status_code, answer.json()["code"]) == (400, "query_invalid")
    assert "90s" in answer.json()["detail"]


def test_a_failed_job_is_put_back_and_completes(api: Api, model: Server, text: str) -> None:
    """After a refusal the owner may try again; the trail tells the whole story and verifies."""
    model.fault("refusal", match=text)
    job_id = api.submit("summarise", {"document": {"text": text}})["job_id"]
    failed = api.wait(job_id)
    assert failed["status"] == "failed"
    assert (failed["error"] or {"code": None})["code"] == "model_refusal"
    assert api.redrive(job_id)["status"] == "pending"
    done = api.wait(job_id)
    assert done["status"] == "completed", done
    found = api.events(job_id)
    kinds = [event["type"] for event in found["events"]]
    assert kinds == ["accepted", "claimed", "failed", "redriven", "claimed", "completed"]
    assert trail.verify(done, found) == []
    with pytest.raises(ApiProblem, match="this one is completed"):
        api.redrive(job_id)


def test_a_call_whose_end_nobody_saw_is_told(api: Api, model: Server, text: str) -> None:
    """A connection that breaks in the answer may have cost money: the job completes and says so."""
    model.fault("reset", match=text)
    job = api.wait(api.submit("summarise", {"document": {"text": text}})["job_id"])
    assert job["status"] == "completed", job
    usage = job["usage"] or {}
    assert usage["unknown_calls"] == 1
    assert usage["calls"] == 2


def test_an_economy_job_waits_for_its_batch(api: Api, text: str) -> None:
    """It says that it waits, is answered in a batch, and never by a call."""
    body = {"document": {"text": text}, "priority": "economy", "economy_fallback": "standard"}
    job_id = api.submit("summarise", body)["job_id"]
    wait_for("the question to be parked", lambda: api.get(job_id)["batch"] is not None)
    job = api.wait(job_id)
    assert (job["status"], job["batch"]) == ("completed", None)
    assert (job["usage"] or {})["calls"] == 1
    found = api.events(job_id)
    assert "batched" in [event["type"] for event in found["events"]]
    assert trail.verify(job, found) == []


def test_links_lead_to_the_job(system: Running, text: str) -> None:
    """Location and links are addresses that answer."""
    ticket = post(system, {"document": {"text": text}})
    key = {"Authorization": f"Bearer {system.key}"}
    for path in (ticket.headers["location"], *ticket.json()["links"].values()):
        if not path.endswith("/cancel"):
            assert httpx.get(system.url + path, headers=key).status_code == 200
