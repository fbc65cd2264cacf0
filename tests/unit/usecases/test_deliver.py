"""Webhooks are planned and signed where the secrets are, and what cannot be sent waits in the database."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from claimcheck.usecases.secrets import Secrets
from standardwebhooks import Webhook

from tests.unit.usecases.counted import counted
from tests.unit.usecases.recording_queue import RecordingQueue
from tests.unit.usecases.webhook_rows import VAULT, WebhookRows, deliver_by, due


def planned(rows: WebhookRows, *, now: float | None = None) -> list[tuple[dict[str, Any], str]]:
    """What is planned at a moment of the database (default: now, as receivers' libraries want it)."""
    rows.now = now
    return deliver_by(RecordingQueue()).plan(rows.database)


def test_a_planned_delivery_in_full() -> None:
    """A message names the delivery, its tenant, attempt, address and time; its group is the tenant.

    The time is the database's, not this machine's.
    """
    rows = WebhookRows(due(attempt=3), secrets={"acme": 1})
    [(message, group)] = planned(rows, now=1_000_000.5)
    assert group == message["tenant_id"] == "acme"
    assert (message["delivery_id"], message["attempt"]) == ("d1", 3)
    assert message["url"] == "https://example.com/hook"
    assert datetime.fromisoformat(message["planned_at"]) == datetime.fromtimestamp(1_000_000.5, UTC)
    assert message["headers"]["content-type"] == "application/json"
    assert message["headers"]["webhook-id"] == "msg_d1"
    assert message["headers"]["webhook-timestamp"] == "1000000"


def test_a_message_can_travel_as_json() -> None:
    """Nothing is lost where a message goes through a queue as JSON."""
    [(message, _)] = planned(WebhookRows(due(), secrets={"acme": 1}))
    assert json.loads(json.dumps(message)) == message


@pytest.mark.parametrize("live", [1, 2])
def test_every_live_secret_signs(live: int) -> None:
    """A receiver with any of the tenant's live secrets verifies the message."""
    rows = WebhookRows(due(), secrets={"acme": live})
    [(message, _)] = planned(rows)
    for secret in rows.opened("acme"):
        Webhook(secret).verify(message["body"].encode(), message["headers"])


def test_tenants_sign_with_their_own_secrets() -> None:
    """In one plan each tenant's messages are signed with that tenant's secret, looked up once."""
    rows = WebhookRows(due("d1"), due("d2", tenant_id="globex"), due("d3"), secrets={"acme": 1, "globex": 1})
    for message, group in planned(rows):
        Webhook(rows.opened(group)[0]).verify(message["body"].encode(), message["headers"])
    assert len(rows.database.params_of("live_secrets")) == 2


def test_attempts_send_the_same_body_signed_anew() -> None:
    """A later attempt sends the same bytes under the same id, with a new time and signature."""
    rows = WebhookRows(due(), secrets={"acme": 1})
    [(first, _)], [(second, _)] = planned(rows, now=1_000_000), planned(rows, now=1_000_300)
    assert first["body"] == second["body"]
    assert first["headers"]["webhook-id"] == second["headers"]["webhook-id"]
    assert first["headers"]["webhook-timestamp"] != second["headers"]["webhook-timestamp"]
    assert first["headers"]["webhook-signature"] != second["headers"]["webhook-signature"]


@pytest.mark.parametrize("rival", [False, True])
def test_the_first_secret_is_made_on_first_use(rival: bool) -> None:
    """A tenant without a secret gets one; of two at once, the one that is stored signs."""
    rows = WebhookRows(due(), rival=rival)
    [(message, _)] = planned(rows)
    assert len(rows.opened("acme")) == 1
    Webhook(rows.opened("acme")[0]).verify(message["body"].encode(), message["headers"])


def test_only_what_was_named_is_planned() -> None:
    """With ids only those deliveries are planned, and of all due ones at most a hundred at a time."""
    rows = WebhookRows(*(due(f"d{number}") for number in range(150)), secrets={"acme": 1})
    deliver = deliver_by(RecordingQueue())
    assert [message["delivery_id"] for message, _ in deliver.plan(rows.database, ["d7"])] == ["d7"]
    assert len(deliver.plan(rows.database)) == 100


def test_nothing_due_needs_no_secret() -> None:
    """Where nothing is due, no secret is read or made."""
    rows = WebhookRows()
    assert planned(rows) == []
    assert [name for name, _ in rows.database.calls] == ["take_deliveries"]


def test_what_was_planned_is_sent() -> None:
    """Planned messages go to the queue in one call, with their groups."""
    queue = RecordingQueue()
    deliver = deliver_by(queue)
    messages = deliver.plan(WebhookRows(due("d1"), due("d2"), secrets={"acme": 1}).database)
    deliver.send(messages)
    assert (queue.sent, queue.calls) == (messages, 1)


def test_nothing_to_send_asks_nobody() -> None:
    """An empty plan makes no call to the queue."""
    queue = RecordingQueue()
    deliver_by(queue).send([])
    assert queue.calls == 0


@pytest.mark.parametrize(
    ("queue", "not_sent"),
    [(RecordingQueue(away=True), 2), (RecordingQueue(refuses=1), 1), (RecordingQueue(), 0)],
)
def test_a_queue_that_does_not_take_them_is_no_error(queue: RecordingQueue, not_sent: int) -> None:
    """What the queue does not take is counted and stays due in the database: the job's end does not fail."""
    deliver_by(queue).send([({"delivery_id": "d1"}, "acme"), ({"delivery_id": "d2"}, "acme")])
    assert queue.calls == 1
    assert counted("DeliveriesNotSent") == not_sent


def test_the_secrets_are_shown_with_their_dates() -> None:
    """The caller sees each live secret in the clear with its dates, newest first."""
    rows = WebhookRows(secrets={"acme": 2})
    shown = json.loads(Secrets(VAULT).shown(rows.database, "acme"))
    first, second = rows.opened("acme")
    assert shown == {
        "secrets": [
            {"secret": first, "created_at": "0", "expires_at": None},
            {"secret": second, "created_at": "1", "expires_at": None},
        ]
    }


def test_secrets_and_their_dates_are_read_together() -> None:
    """Secrets that are rotated while they are being shown are shown as they were: they are read once."""
    rows = WebhookRows(secrets={"acme": 1})
    before = rows.opened("acme")

    def rotating(params: Any) -> list[dict[str, Any]]:
        found = rows._live(params)
        rows.sealed["acme"].insert(0, VAULT.seal("acme", "whsec_AAAA"))
        return found

    rows.database.answers["live_secrets"] = rotating
    shown = json.loads(Secrets(VAULT).shown(rows.database, "acme"))["secrets"]
    assert [each["secret"] for each in shown] == before
    assert len(rows.database.params_of("live_secrets")) == 1


@pytest.mark.parametrize("rival", [False, True])
def test_the_first_secret_is_shown_as_it_is_stored(rival: bool) -> None:
    """Who asks before there is a secret is shown the one that will sign, also where two ask at once."""
    rows = WebhookRows(rival=rival)
    [shown] = json.loads(Secrets(VAULT).shown(rows.database, "acme"))["secrets"]
    assert [shown["secret"]] == rows.opened("acme")
