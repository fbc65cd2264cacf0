"""`claimcheck webhooks`: the log, replays, samples, secrets and addresses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.client.standin import Answer, StandIn, script
from tests.unit.client.test_client_commands import run

ATTEMPT = {
    "attempt": 1,
    "at": "2026-11-25T05:12:19.310221Z",
    "url": "https://example.com/hook",
    "status_code": 500,
    "duration_ms": 87,
    "error": None,
    "response_head": "no\x1b[31mpe",
    "replay": True,
}


def delivery(status: str = "exhausted", **more: Any) -> dict[str, Any]:
    """One delivery as the API shows it."""
    plain = {"delivery_id": "d1", "webhook_id": "msg_d1", "event": "job.completed", "next_attempt_at": None}
    return {**plain, "url": "https://example.com/hook", "status": status, "attempts": [ATTEMPT], **more}


def test_the_log_shows_every_attempt() -> None:
    """Status, answer, and that it was a replay; what a receiver answered cannot steer the terminal."""
    with StandIn(
        script(Answer(200, {"deliveries": [delivery(next_attempt_at="2026-11-25T06:00:00Z")]}))
    ) as api:
        result = run(api.url, "webhooks", "log", "0193-a")
        assert [(each.method, each.path) for each in api.asked] == [("GET", "/jobs/0193-a/deliveries")]
    for told in ("job.completed", "exhausted", "1 (replay)", "500", "87", "due 2026-11-25T06:00:00Z"):
        assert told in result.stdout
    assert "\x1b[31m" not in result.stdout


def test_a_job_without_webhooks_says_so() -> None:
    """Nothing on stdout, a line on stderr, and no failure."""
    with StandIn(script(Answer(200, {"deliveries": []}))) as api:
        result = run(api.url, "webhooks", "log", "0193-a")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no webhooks" in result.stderr


def test_a_replay_names_the_event() -> None:
    """Ids are one segment of a path each, whatever is typed."""
    with StandIn(script(Answer(202, delivery("pending")))) as api:
        result = run(api.url, "webhooks", "replay", "0193-a", "../x")
        assert [each.path for each in api.asked] == ["/jobs/0193-a/deliveries/%2E%2E%2Fx/replay"]
    assert result.stdout == "msg_d1 is on its way\n"


@pytest.mark.parametrize(("status", "code"), [("delivered", 0), ("exhausted", 1), ("pending", 1)])
def test_a_sample_that_did_not_arrive_is_a_failure(status: str, code: int) -> None:
    """Exit code 0 only where it was delivered; --json is what the API said."""
    with StandIn(script(Answer(200, delivery(status)))) as api:
        result = run(api.url, "webhooks", "test", "https://example.com/hook", "--json")
        assert [(each.path, each.body) for each in api.asked] == [
            ("/webhook-test", {"url": "https://example.com/hook"})
        ]
    assert (result.exit_code, json.loads(result.stdout)) == (code, delivery(status))


@pytest.mark.parametrize(
    ("options", "asked"),
    [((), ("GET", "/webhook-secret")), (("--rotate",), ("POST", "/webhook-secret/rotate"))],
)
def test_the_secrets_are_shown_and_rotated(options: tuple[str, ...], asked: tuple[str, str]) -> None:
    """One a line, newest first, with the end of those that have one."""
    secrets = [
        {"secret": "whsec_new", "created_at": "2026-11-25T05:00:00Z", "expires_at": None},
        {"secret": "whsec_old", "created_at": "2026-11-01T05:00:00Z", "expires_at": "2026-11-26T05:00:00Z"},
    ]
    with StandIn(script(Answer(200, {"secrets": secrets}))) as api:
        result = run(api.url, "webhooks", "secret", *options)
        assert [(each.method, each.path) for each in api.asked] == [asked]
    first, second = result.stdout.splitlines()
    assert first == "whsec_new  since 2026-11-25T05:00:00Z"
    assert second == "whsec_old  since 2026-11-01T05:00:00Z  signs until 2026-11-26T05:00:00Z"


def test_a_rotation_in_a_rotation_is_one_line() -> None:
    """The API's reason, exit code 2."""
    detail = (
        "The secret before the current one still signs until 2026-11-26T05:00:00Z. Rotate again after that."
    )
    with StandIn(script(Answer(409, {"title": "Conflict", "detail": detail}))) as api:
        result = run(api.url, "webhooks", "secret", "--rotate")
    assert result.exit_code == 2
    assert detail in result.stderr


def test_addresses_in_trouble_are_listed_and_enabled() -> None:
    """Each with its reason; --enable names one."""
    bad = {
        "url": "https://a.example/x",
        "status": "disabled",
        "reason": "gone",
        "failing_since": "2026-11-20",
    }
    answers = [
        Answer(200, {"addresses": [bad]}),
        Answer(200, {"addresses": []}),
        Answer(200, {"status": "enabled"}),
    ]
    with StandIn(script(*answers)) as api:
        listed = run(api.url, "webhooks", "addresses").stdout
        nothing = run(api.url, "webhooks", "addresses")
        enabled = run(api.url, "webhooks", "addresses", "--enable", "https://a.example/x")
        assert api.asked[-1].body == {"url": "https://a.example/x"}
    assert all(word in listed for word in ("https://a.example/x", "disabled", "gone"))
    assert (nothing.stdout, enabled.exit_code) == ("", 0)
