"""Webhooks verified as a receiver does it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from claimcheck.client import UnexpectedAnswer, WebhookMalformed, WebhookNotVerified, verify_webhook
from claimcheck.client.models import ExtractResult, JobEvent, OtherEvent, TestEvent
from standardwebhooks import Webhook

from openapi import examples

OLD, NEW = (f"whsec_{base64.b64encode(bytes([n]) * 32).decode()}" for n in (1, 2))
AT = "2026-11-30T00:00:00Z"
DATA = {"job_id": "j", "task": "extract", "status": "completed", "metadata": {"case": "größe"}}
DONE = {
    "type": "job.completed",
    "timestamp": AT,
    "data": {**DATA, "result": examples.JOB["result"], "error": None},
}


def signed(secret: str, body: bytes, at: datetime | None = None) -> dict[str, str]:
    """The headers of a webhook."""
    at = at or datetime.now(UTC)
    signature = Webhook(secret).sign("msg_1", at, body.decode())
    headers = {"Webhook-Id": "msg_1", "Webhook-Timestamp": str(int(at.timestamp()))}
    return {**headers, "Webhook-Signature": signature}


def body_of(event: dict[str, Any]) -> bytes:
    """As it is sent."""
    return json.dumps(event, ensure_ascii=False).encode()


def test_either_secret_of_a_rotation_verifies() -> None:
    """The event comes typed by its kind and its task, from bytes and from text."""
    body = body_of(DONE)
    for secret in (OLD, NEW):
        event = verify_webhook(body, signed(secret, body), [NEW, OLD])
        assert isinstance(event, JobEvent)
        assert isinstance(event.data.result, ExtractResult)
    assert verify_webhook(body.decode(), signed(OLD, body), OLD) == event


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"type": "job.failed", "timestamp": AT, "data": {**DATA, "links": {"self": "/jobs/j"}}}, JobEvent),
        ({"type": "webhook.test", "timestamp": AT, "data": {"message": "hello"}}, TestEvent),
        ({"type": "batch.done", "timestamp": AT, "data": {"of": "a later version"}}, OtherEvent),
    ],
    ids=["thin", "test", "later"],
)
def test_every_event_has_its_class(event: dict[str, Any], kind: type) -> None:
    """One of a later version too."""
    body = body_of(event)
    assert isinstance(verify_webhook(body, signed(OLD, body), OLD), kind)


def test_what_is_not_genuine_is_refused() -> None:
    """Altered, signed with another secret, too old, too new."""
    body = body_of(DONE)
    headers = signed(OLD, body)
    late, early = (signed(OLD, body, datetime.now(UTC) + timedelta(minutes=m)) for m in (-6, 6))
    wrongs: list[tuple[bytes, dict[str, str], str | list[str]]] = [
        (body.replace(b"completed", b"cancelled"), headers, OLD),
        (body, headers, NEW),
        (body, headers, []),
        (body, late, OLD),
        (body, early, OLD),
    ]
    for wrong in wrongs:
        with pytest.raises(WebhookNotVerified) as caught:
            verify_webhook(*wrong)
        assert not isinstance(caught.value, WebhookMalformed)


@pytest.mark.parametrize(
    "changed",
    [{"Webhook-Id": ""}, {"Webhook-Signature": "v1"}, {"Webhook-Signature": "v1,€"}],
    ids=["no id", "half", "no base64"],
)
def test_what_has_not_the_form_of_one_is_malformed(changed: dict[str, str]) -> None:
    """Told apart, for who answers 400."""
    body = body_of(DONE)
    with pytest.raises(WebhookMalformed):
        verify_webhook(body, {**signed(OLD, body), **changed}, OLD)


@pytest.mark.parametrize("secret", ["whsec_s3cret!!", "whsec_", ""])
def test_a_secret_that_is_none_is_an_error_of_the_receivers(secret: str) -> None:
    """ValueError, which does not repeat it: answering 401 would hide it for days."""
    body = body_of(DONE)
    with pytest.raises(ValueError, match="no webhook secret") as caught:
        verify_webhook(body, signed(OLD, body), secret)
    assert "s3cret" not in str(caught.value)


def test_what_is_genuine_and_no_event_is_unexpected() -> None:
    """As where a framework has put the body together again."""
    body = b'["signed"]'
    with pytest.raises(UnexpectedAnswer, match="genuine"):
        verify_webhook(body, signed(OLD, body), OLD)
