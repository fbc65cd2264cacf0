"""status: one job, its trail, its document and its webhook log."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.functions.documents import CLAIM, EXTRACT
from tests.integration.functions.recorded import (
    cancel_job,
    get_job,
    get_part,
    get_webhook_secret,
    list_jobs,
    reader_of,
    recorded,
)
from tests.integration.functions.waiting import until

if TYPE_CHECKING:
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

PARTS = ["events", "document", "deliveries"]


def body_of(answer: Any) -> Any:
    """The JSON of a good answer."""
    assert answer["statusCode"] == 200, answer
    assert answer["multiValueHeaders"]["Content-Type"] == ["application/json"]
    return json.loads(answer["body"])


def header(answer: Any, name: str) -> str | None:
    """The only value of a header."""
    values = answer["multiValueHeaders"].get(name, [None])
    assert len(values) == 1
    value: str | None = values[0]
    return value


def test_a_job_that_waits_is_shown(stage: Stage) -> None:
    """Every member of the interface is there from the first moment, those not known yet as null."""
    job_id = stage.accept(**EXTRACT, metadata={"case": 17})
    job = body_of(stage.call("status", get_job(job_id)))
    assert (job["job_id"], job["task"], job["status"], job["attempt"]) == (job_id, "extract", "pending", 0)
    assert (job["started_at"], job["completed_at"], job["result"], job["error"]) == (None, None, None, None)
    assert (job["metadata"], job["priority"]) == ({"case": 17}, "standard")
    assert job["progress"] == {"done": 0, "total": 1}
    assert (job["usage"]["model"], job["usage"]["calls"], job["usage"]["cost_usd"]) == (None, 0, 0)
    assert job["links"] == {"self": f"/v1/jobs/{job_id}", "events": f"/v1/jobs/{job_id}/events"}


@pytest.mark.parametrize("base", ["", "/claims/v2"])
def test_links_are_below_the_domains_path(stage: Stage, base: str) -> None:
    """A custom domain serves the API without the stage, or below a mapping of its own."""
    job_id = stage.accept(**EXTRACT)
    links = {"self": f"{base}/jobs/{job_id}", "events": f"{base}/jobs/{job_id}/events"}
    for event in (get_job(job_id), list_jobs(), cancel_job(job_id)):
        event["requestContext"]["path"] = f"{base}{event['path']}"
        answer = body_of(stage.call("status", event))
        assert answer.get("jobs", [answer])[0]["links"] == links


def test_times_are_iso_8601_in_utc(stage: Stage) -> None:
    """Every time ends in Z and they follow each other."""
    job_id = stage.accept(**EXTRACT)
    stage.work(job_id)
    job = stage.read(job_id)
    times = [job["created_at"], job["started_at"], job["completed_at"]]
    assert all(each.endswith("Z") for each in times)
    assert times == sorted(times)


def test_an_unchanged_job_is_not_sent_again(stage: Stage) -> None:
    """304 without a body for the ETag of the last answer, also as one of several and as a weak one."""
    job_id = stage.accept(**EXTRACT)
    tag = header(stage.call("status", get_job(job_id)), "ETag")
    for sent in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = stage.call("status", get_job(job_id, if_none_match=str(sent)))
        assert (answer["statusCode"], answer.get("body") or "") == (304, "")
        assert header(answer, "ETag") == tag


def test_each_change_changes_the_etag(stage: Stage) -> None:
    """The tag of a waiting job does not fit the finished one."""
    job_id = stage.accept(**EXTRACT)
    tag = header(stage.call("status", get_job(job_id)), "ETag")
    stage.work(job_id)
    answer = stage.call("status", get_job(job_id, if_none_match=str(tag)))
    assert body_of(answer)["status"] == "completed"
    assert header(answer, "ETag") != tag


def test_a_job_may_be_kept_by_nobody_else(stage: Stage) -> None:
    """An answer holds a customer's text: caches between us may not keep it."""
    job_id = stage.accept(**EXTRACT)
    assert header(stage.call("status", get_job(job_id)), "Cache-Control") == "private, no-cache"
    for part in PARTS:
        asked = get_part(job_id, part)
        assert header(stage.call(reader_of(asked), asked), "Cache-Control") == "no-store"


def test_waiting_for_a_final_job_ends_at_once(stage: Stage) -> None:
    """Prefer: wait is honoured and said so; nothing is waited for where nothing can change."""
    job_id = stage.accept(**EXTRACT)
    stage.work(job_id)
    answer = stage.call("status", get_job(job_id, prefer="wait=20"))
    assert body_of(answer)["status"] == "completed"
    assert header(answer, "Preference-Applied") == "wait"


def test_waiting_ends_when_the_job_does(stage: Stage, rows: Rows) -> None:
    """A request that found the job running is answered with its end."""
    job_id = stage.accept(**EXTRACT)
    rows.run("UPDATE jobs SET status = 'running', attempt = 1, lease_expires_at = now() + interval '1 hour'")
    asked = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE %s"

    def finish() -> None:
        until(lambda: rows.all(asked, ["%FROM find_job(%"]))
        rows.run(
            "UPDATE jobs SET status = 'completed', result = '{}', completed_at = now(), updated_at = now(),"
            " lease_expires_at = NULL"
        )

    worker = threading.Thread(target=finish)
    worker.start()
    answer = stage.call("status", get_job(job_id, prefer="respond-async, wait=20"))
    worker.join()
    assert body_of(answer)["status"] == "completed"


def test_waiting_has_an_end(stage: Stage) -> None:
    """A job that stays as it is, is shown as it is when the time is up."""
    answer = stage.call("status", get_job(stage.accept(**EXTRACT), prefer="wait=1"))
    assert body_of(answer)["status"] == "pending"
    assert header(answer, "Preference-Applied") == "wait"


def test_the_trail_is_shown_with_its_hashes(stage: Stage) -> None:
    """Each event is numbered and holds the hash of the one before."""
    job_id = stage.accept(**EXTRACT)
    stage.work(job_id)
    trail = body_of(stage.call("status", get_part(job_id, "events")))
    assert trail["job_id"] == job_id
    events = trail["events"]
    assert [event["type"] for event in events] == ["accepted", "claimed", "completed"]
    assert [event["seq"] for event in events] == [1, 2, 3]
    assert events[0]["prev_hash"] == "0" * 64
    assert [event["prev_hash"] for event in events[1:]] == [event["hash"] for event in events[:-1]]


def test_the_document_is_null_until_it_is_read(stage: Stage) -> None:
    """Its name and type are known at once, its text once a worker has read it."""
    job_id = stage.accept(**EXTRACT)
    before = body_of(stage.call("status", get_part(job_id, "document")))
    assert (before["name"], before["media_type"]) == ("claim.txt", "text/plain")
    assert (before["text"], before["chars"]) == (None, None)
    stage.work(job_id)
    after = body_of(stage.call("status", get_part(job_id, "document")))
    assert (after["text"], after["chars"]) == (CLAIM, len(CLAIM))


def test_the_webhook_log_begins_empty_handed(stage: Stage) -> None:
    """A delivery is listed with its address and event, and its attempt while that is on its way."""
    job_id = stage.accept(**EXTRACT, webhook_url="https://example.com/hook")
    assert body_of(stage.call("webhooks", get_part(job_id, "deliveries")))["deliveries"] == []
    stage.work(job_id)
    (delivery,) = body_of(stage.call("webhooks", get_part(job_id, "deliveries")))["deliveries"]
    assert (delivery["event"], delivery["status"]) == ("job.completed", "pending")
    (attempt,) = delivery["attempts"]
    assert (delivery["url"], attempt["status_code"]) == ("https://example.com/hook", None)
    assert (attempt["error"], delivery["next_attempt_at"]) == ("on its way", None)


def test_the_webhook_secret_is_made_once(stage: Stage, rows: Rows) -> None:
    """The first question makes it, the next one reads the same; the database holds it sealed."""
    first = body_of(stage.call("webhooks", get_webhook_secret()))
    assert first == body_of(stage.call("webhooks", get_webhook_secret()))
    (secret,) = first["secrets"]
    assert secret["secret"].startswith("whsec_")
    sealed = rows.one("SELECT sealed FROM webhook_secrets")["sealed"]
    assert secret["secret"].encode() not in bytes(sealed)


def test_health_needs_no_key(stage: Stage, rows: Rows) -> None:
    """Without an authorizer's context: alive, the schema's version, and the one that the code needs."""
    health = body_of(stage.call("status", recorded("api-get-health")))
    version = rows.one("SELECT version_num FROM schema_version")["version_num"]
    assert health == {"status": "ok", "schema": version, "schema_needed": version}
