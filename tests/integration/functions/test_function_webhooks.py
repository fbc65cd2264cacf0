"""webhooks: secrets and their rotation, replays, samples, addresses, the tenant's events."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.integration.functions.documents import EXTRACT
from tests.integration.functions.recorded import api_call, batch, get_part, recorded
from tests.integration.functions.waiting import until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

HOOK = "https://example.com/hook"


def call(stage: Stage, method: str, path: str, body: Any = None, **query: str) -> tuple[int, Any]:
    """Status and JSON of an answer."""
    answer = stage.call("webhooks", api_call(method, path, body, **query))
    assert answer["multiValueHeaders"].get("Cache-Control", ["no-store"]) == ["no-store"]
    return answer["statusCode"], json.loads(answer["body"])


def finished(stage: Stage, **fields: Any) -> tuple[str, dict[str, Any]]:
    """A finished job, and the message of its webhook's first attempt."""
    job_id = stage.accept(**EXTRACT, webhook_url=HOOK, **fields)
    stage.work(job_id)
    (message,) = stage.bodies("DeliveriesQueue")
    return job_id, message


def tell(stage: Stage, message: Mapping[str, Any], **members: Any) -> None:
    """What came of an attempt, as notify reports it."""
    pattern = json.loads(recorded("sqs-outcomes")["Records"][0]["body"])
    ids = {name: message[name] for name in ("delivery_id", "attempt")}
    assert stage.call("record", batch("sqs-outcomes", [{**pattern, **ids, **members}])) == {
        "batchItemFailures": []
    }


def verified(message: Mapping[str, Any], secret: str) -> bool:
    """Whether the public library takes it with this secret."""
    try:
        Webhook(secret).verify(message["body"], message["headers"])
    except WebhookVerificationError:
        return False
    return True


def test_a_rotation_signs_with_both_secrets(stage: Stage) -> None:
    """Before: the old one; from then on both, the new one shown first; a second rotation is refused."""
    old = call(stage, "GET", "/webhook-secret")[1]["secrets"][0]["secret"]
    _, before = finished(stage)
    status, shown = call(stage, "POST", "/webhook-secret/rotate")
    new = shown["secrets"][0]["secret"]
    assert (status, [each["secret"] for each in shown["secrets"]]) == (200, [new, old])
    assert [each["expires_at"] is None for each in shown["secrets"]] == [True, False]
    _, during = finished(stage)
    assert [verified(before, old), verified(before, new)] == [True, False]
    assert [verified(during, old), verified(during, new)] == [True, True]
    status, problem = call(stage, "POST", "/webhook-secret/rotate")
    assert (status, problem["code"]) == (409, "rotation_in_progress")
    assert shown["secrets"][1]["expires_at"] in problem["detail"]


def test_after_a_rotation_only_the_new_secret_signs(stage: Stage, rows: Rows) -> None:
    """When the old one's day is over it neither signs nor is shown."""
    old = call(stage, "GET", "/webhook-secret")[1]["secrets"][0]["secret"]
    new = call(stage, "POST", "/webhook-secret/rotate")[1]["secrets"][0]["secret"]
    rows.run("UPDATE webhook_secrets SET expires_at = now() WHERE expires_at IS NOT NULL")
    _, after = finished(stage)
    assert [verified(after, old), verified(after, new)] == [False, True]
    assert [each["secret"] for each in call(stage, "GET", "/webhook-secret")[1]["secrets"]] == [new]


def test_who_rotates_before_any_webhook_has_two_secrets(stage: Stage) -> None:
    """The first secret is made to be replaced: a receiver may have been given none yet."""
    assert len(call(stage, "POST", "/webhook-secret/rotate")[1]["secrets"]) == 2


@pytest.mark.parametrize("status_code", [204, 500])
def test_a_replay_sends_the_same_event_with_the_current_secret(stage: Stage, status_code: int) -> None:
    """Same id and bytes, signed now and with what signs now."""
    job_id, message = finished(stage)
    tell(stage, message, status_code=status_code)
    new = call(stage, "POST", "/webhook-secret/rotate")[1]["secrets"][0]["secret"]
    path = f"/jobs/{job_id}/deliveries/{message['delivery_id']}/replay"
    status, shown = call(stage, "POST", path)
    (again,) = stage.bodies("DeliveriesQueue")
    assert (status, shown["status"], shown["webhook_id"]) == (202, "pending", again["headers"]["webhook-id"])
    assert (again["body"], again["headers"]["webhook-id"]) == (
        message["body"],
        message["headers"]["webhook-id"],
    )
    assert verified(again, new)
    assert again["attempt"] > message["attempt"]


def test_a_replay_is_in_the_log_and_counts_for_nothing(stage: Stage, rows: Rows) -> None:
    """Where it fails the delivery is what it was; the attempt is marked."""
    job_id, message = finished(stage)
    tell(stage, message, status_code=204)
    call(stage, "POST", f"/jobs/{job_id}/deliveries/{message['delivery_id']}/replay")
    (again,) = stage.bodies("DeliveriesQueue")
    tell(stage, again, status_code=410)
    (delivery,) = call(stage, "GET", f"/jobs/{job_id}/deliveries")[1]["deliveries"]
    assert delivery["status"] == "delivered"
    assert [(each["status_code"], each["replay"]) for each in delivery["attempts"]] == [
        (204, False),
        (410, True),
    ]
    assert call(stage, "GET", "/webhook-addresses") == (200, {"addresses": []})
    assert rows.delivery(job_id)["failures"] == 0


@pytest.mark.parametrize("part", ["019a9b1c-7f00-7c3e-9a55-2f6d1be0c0de", "17", "%00"])
def test_what_is_no_delivery_is_not_found(stage: Stage, part: str) -> None:
    """404 delivery_not_found, for unknown ids and for what is no id."""
    job_id, message = finished(stage)
    for path in (f"/jobs/{job_id}/deliveries/{part}", f"/jobs/{part}/deliveries/{message['delivery_id']}"):
        status, problem = call(stage, "POST", f"{path}/replay")
        assert (status, problem["code"]) == (404, "delivery_not_found")


def test_a_sample_comes_back_with_its_attempt(stage: Stage) -> None:
    """The call waits for the outcome, as it came by the way of all webhooks."""
    found: list[tuple[int, Any]] = []
    asked = threading.Thread(target=lambda: found.append(call(stage, "POST", "/webhook-test", {"url": HOOK})))
    stage.call("webhooks", api_call("GET", "/webhook-secret"))  # warm, before a thread uses it
    asked.start()
    messages: list[Any] = []

    def came() -> bool:
        messages.extend(stage.bodies("DeliveriesQueue"))
        return bool(messages)

    until(came)
    body = json.loads(messages[0]["body"])
    assert (body["type"], set(body)) == ("webhook.test", {"type", "timestamp", "data"})
    tell(stage, messages[0], status_code=418, response_head="short and stout")
    asked.join(30)
    ((status, shown),) = found
    assert (status, shown["status"], shown["event"]) == (200, "exhausted", "webhook.test")
    (attempt,) = shown["attempts"]
    assert (attempt["status_code"], attempt["response_head"]) == (418, "short and stout")


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"url": "http://example.com"}, "fields_invalid", "/url"),
        ({"url": "https://127.0.0.1/"}, "fields_invalid", "/url"),
        ({}, "fields_invalid", "/url"),
        ({"url": HOOK, "urls": []}, "fields_invalid", "/urls"),
        ("{", "json_malformed", None),
    ],
)
def test_a_sample_needs_an_address(stage: Stage, body: Any, code: str, pointer: str | None) -> None:
    """What a webhook may not go to, a sample may not either; nothing is sent."""
    status, problem = call(stage, "POST", "/webhook-test", body)
    assert (status, problem["code"]) == (422 if pointer else 400, code)
    assert [each["pointer"] for each in problem.get("errors", [])] == ([pointer] if pointer else [])
    assert stage.bodies("DeliveriesQueue") == []


def test_a_disabled_address_is_listed_told_of_and_enabled(stage: Stage) -> None:
    """410: the list and the events say so, enabling it lets the next job's webhook go out."""
    _, message = finished(stage)
    tell(stage, message, status_code=410)
    (address,) = call(stage, "GET", "/webhook-addresses")[1]["addresses"]
    assert (address["url"], address["status"], address["reason"]) == (HOOK, "disabled", "gone")
    stage.work(stage.accept(**EXTRACT, webhook_url=HOOK))
    assert stage.call("sweep", {})["deliveries_stopped"] == 1
    assert stage.bodies("DeliveriesQueue") == []
    enabled = {"url": HOOK, "status": "enabled"}
    assert call(stage, "POST", "/webhook-addresses/enable", {"url": HOOK}) == (200, enabled)
    status, problem = call(stage, "POST", "/webhook-addresses/enable", {"url": HOOK})
    assert (status, problem["code"]) == (404, "address_not_disabled")
    finished(stage)
    status, page = call(stage, "GET", "/events", limit="1")
    assert (status, page["events"][0]["type"]) == (200, "webhook_address.enabled")
    (older,) = call(stage, "GET", "/events", cursor=page["next_cursor"])[1]["events"]
    assert (older["type"], older["detail"]["reason"]) == ("webhook_address.disabled", "gone")


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"cursor": "17"}])
def test_a_page_that_cannot_be_is_refused(stage: Stage, query: dict[str, str]) -> None:
    """400 query_invalid, for events as for jobs."""
    status, problem = call(stage, "GET", "/events", **query)
    assert (status, problem["code"]) == (400, "query_invalid")


@pytest.mark.parametrize(("wish", "has_result"), [("full", True), ("thin", False)])
def test_a_caller_may_ask_for_a_thin_body(stage: Stage, wish: str, has_result: bool) -> None:
    """With `webhook_body: thin` the event links to the job instead of holding its result."""
    job_id, message = finished(stage, webhook_body=wish)
    data = json.loads(message["body"])["data"]
    assert ("result" in data) is has_result
    assert ("links" in data) is not has_result
    assert data.get("links", {}).get("self", f"/jobs/{job_id}") == f"/jobs/{job_id}"


def test_another_tenant_neither_sees_nor_replays(stage: Stage, rows: Rows) -> None:
    """Logs, replays and events of one tenant are nobody else's."""
    rows.run("INSERT INTO tenants (id) VALUES ('globex')")
    job_id, message = finished(stage)
    tell(stage, message, status_code=410)
    path = f"/jobs/{job_id}/deliveries/{message['delivery_id']}/replay"
    foreign = stage.call("webhooks", api_call("POST", path, tenant="globex"))
    assert foreign["statusCode"] == 404
    assert stage.call("webhooks", get_part(job_id, "deliveries", tenant="globex"))["statusCode"] == 404
    for own in ("/events", "/webhook-addresses"):
        body = json.loads(stage.call("webhooks", api_call("GET", own, tenant="globex"))["body"])
        assert next(iter(body.values())) == []
