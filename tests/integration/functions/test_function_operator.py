"""The operator's function: one answer a command, a clear refusal for every mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.functions.recorded import authorization

if TYPE_CHECKING:
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage


def test_a_tenant_is_made_once(stage: Stage, rows: Rows) -> None:
    """A second time it is said to be there; its history has one event."""
    asked = {"command": "tenants.create", "tenant": "globex"}
    assert stage.call("operator", asked) == {"result": {"tenant": "globex", "created": True}}
    assert stage.call("operator", asked) == {"result": {"tenant": "globex", "created": False}}
    listed = stage.call("operator", {"command": "tenants.list"})["result"]["tenants"]
    assert [each["tenant"] for each in listed] == ["acme", "globex"]
    events = rows.all("SELECT type FROM tenant_events WHERE tenant_id = 'globex'")
    assert [each["type"] for each in events] == ["tenant.created"]


@pytest.mark.parametrize(
    ("event", "code", "told"),
    [
        ({}, "command_unknown", "tenants.create"),
        ({"command": None}, "command_unknown", "tenants.create"),
        ({"command": ["tenants.list"]}, "command_unknown", "tenants.create"),
        ({"command": "tenants.drop"}, "command_unknown", "tenants.create"),
        ({"command": "tenants.create"}, "arguments_invalid", "tenant: Field required"),
        ({"command": "tenants.create", "tenant": 7}, "arguments_invalid", "tenant: "),
        ({"command": "tenants.create", "tenant": "A/b"}, "arguments_invalid", "tenant: "),
        ({"command": "tenants.list", "tenants": "x"}, "arguments_invalid", "tenants: "),
    ],
)
def test_a_mistake_is_told_and_changes_nothing(
    event: dict[str, Any], code: str, told: str, stage: Stage, rows: Rows
) -> None:
    """What is unknown, missing or malformed is named; what was given is not repeated."""
    answer = stage.call("operator", event)
    assert answer["error"]["code"] == code
    assert told in answer["error"]["message"]
    assert "A/b" not in answer["error"]["message"]
    assert [each["id"] for each in rows.all("SELECT id FROM tenants")] == ["acme"]


def test_a_database_that_is_away_is_a_typed_answer(stage: Stage) -> None:
    """It is said that the outcome is not known."""
    stage.override(DATABASE_URL="postgresql://claimcheck@127.0.0.1:1/none?connect_timeout=1")
    answer = stage.call("operator", {"command": "tenants.list"})
    assert answer["error"]["code"] == "unavailable"


def ask(stage: Stage, command: str, **arguments: Any) -> dict[str, Any]:
    """A command's result."""
    answer = stage.call("operator", {"command": command, **arguments})
    assert "result" in answer, answer
    result: dict[str, Any] = answer["result"]
    return result


def refusal(stage: Stage, command: str, **arguments: Any) -> dict[str, str]:
    """What a command was refused with."""
    answer = stage.call("operator", {"command": command, **arguments})
    assert set(answer) == {"error"}, answer
    error: dict[str, str] = answer["error"]
    return error


def allowed(stage: Stage, key: str) -> bool:
    """Whether the authorizer lets a key in."""
    policy = stage.call("authorize", authorization(f"Bearer {key}"))
    return bool(policy["policyDocument"]["Statement"][0]["Effect"] == "Allow")


def test_a_key_is_made_with_what_was_asked(stage: Stage, rows: Rows) -> None:
    """It works, it is shown once, and only its hash is kept."""
    made = ask(
        stage, "keys.create", tenant="acme", scopes=["jobs:read", "admin"], expires_s=86_400, name="ci"
    )
    assert allowed(stage, made["key"])
    assert made["key"].startswith(f"{made['prefix']}_")
    assert (made["scopes"], made["name"], made["state"]) == (["admin", "jobs:read"], "ci", "live")
    left = rows.one("SELECT extract(epoch FROM expires_at - now())::float8 AS s FROM api_keys")["s"]
    assert 86_300 < left <= 86_400
    (listed,) = ask(stage, "keys.list", tenant="acme")["keys"]
    assert listed["last_used_at"] is not None
    assert {**listed, "last_used_at": None} == {name: made[name] for name in listed}
    secret = made["key"].split("_", 2)[2]
    kept = rows.all(
        "SELECT api_keys::text AS row FROM api_keys UNION ALL SELECT e::text FROM tenant_events e"
    )
    assert len(kept) == 2
    assert secret not in "".join(each["row"] for each in kept) + stage.output.getvalue()


def test_a_key_is_exchanged_without_an_outage(stage: Stage, rows: Rows) -> None:
    """Between the rotation and the end of the grace both keys work, then the new one alone."""
    old = ask(stage, "keys.create", tenant="acme", name="ci", scopes=["jobs:write"])
    new = ask(stage, "keys.rotate", tenant="acme", grace_s=3_600)
    assert (new["name"], new["scopes"], new["old"]["prefix"]) == ("ci", ["jobs:write"], old["prefix"])
    assert allowed(stage, old["key"])
    assert allowed(stage, new["key"])
    rows.run("UPDATE api_keys SET expires_at = now() WHERE expires_at IS NOT NULL")
    assert not allowed(stage, old["key"])
    assert allowed(stage, new["key"])


def test_a_revoked_key_is_refused(stage: Stage) -> None:
    """The answer says how long a cache may let it in, and how many keys are left."""
    made = ask(stage, "keys.create", tenant="acme")
    revoked = ask(stage, "keys.revoke", tenant="acme", prefix=made["prefix"])
    assert revoked == {"prefix": made["prefix"], "revoked": True, "live": 0, "cached_s": 60}
    assert not allowed(stage, made["key"])
    again = ask(stage, "keys.revoke", tenant="acme", prefix=made["prefix"].removeprefix("ck_"))
    assert not again["revoked"]


def test_what_a_key_is_refused_for(stage: Stage) -> None:
    """Each refusal says what to do instead."""
    unknown = refusal(stage, "keys.create", tenant="nobody")
    assert (unknown["code"], "tenants.create" in unknown["message"]) == ("tenant_unknown", True)
    assert refusal(stage, "keys.list", tenant="nobody")["code"] == "tenant_unknown"
    assert refusal(stage, "keys.rotate", tenant="acme")["code"] == "no_live_key"
    assert refusal(stage, "keys.revoke", tenant="acme", prefix="ck_000000000000")["code"] == "key_unknown"
    first = ask(stage, "keys.create", tenant="acme", name="web")
    ask(stage, "keys.create", tenant="acme", expires_s=600)
    full = refusal(stage, "keys.create", tenant="acme")
    assert full["code"] == "too_many_keys"
    for told in (first["prefix"], "(web)", "never used", "never expires", "expires 20", "keys.revoke"):
        assert told in full["message"]
    assert refusal(stage, "keys.rotate", tenant="acme")["code"] == "too_many_keys"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["jobs:read", "root"]}, "scopes.1"),
        ({"scopes": "jobs:read"}, "scopes"),
        ({"expires_s": 0}, "expires_s"),
        ({"expires_s": -90}, "expires_s"),
        ({"expires_s": 1e12}, "expires_s"),
        ({"expires_s": "soon"}, "expires_s"),
        ({"name": ""}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": "a\x1b[31m"}, "name"),
        ({"name": "zero\x00"}, "name"),
        ({"key": "ck_mine"}, "key"),
    ],
)
def test_a_key_with_a_mistake_is_not_made(
    arguments: dict[str, Any], told: str, stage: Stage, rows: Rows
) -> None:
    """The argument is named, and nothing was stored."""
    error = refusal(stage, "keys.create", tenant="acme", **arguments)
    assert error["code"] == "arguments_invalid"
    assert told in error["message"]
    assert rows.all("SELECT FROM api_keys") == []


def test_limits_are_shown_set_and_reset(stage: Stage) -> None:
    """The deployment's hold until a tenant has its own; the list has both, and what was spent today."""
    shown = ask(stage, "tenants.limits", tenant="acme")
    assert shown["limits"] == {"jobs_in_flight": 10_000, "usd_per_day": 500.0, "document_bytes": 209_715_200}
    assert set(shown["own"].values()) == {None}
    changed = ask(stage, "tenants.limits", tenant="acme", jobs_in_flight=1, usd_per_day=2.5)
    assert (changed["limits"]["jobs_in_flight"], changed["limits"]["document_bytes"]) == (1, 209_715_200)
    (listed,) = ask(stage, "tenants.list")["tenants"]
    assert listed["limits"] == {"jobs_in_flight": 1, "usd_per_day": 2.5, "document_bytes": None}
    assert listed["spent_today_usd"] == 0.0
    reset = ask(stage, "tenants.limits", tenant="acme", reset=["jobs_in_flight"])
    assert reset["own"] == {"jobs_in_flight": None, "usd_per_day": 2.5, "document_bytes": None}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"tenant": "nobody"}, "tenant_unknown"),
        ({"tenant": "acme", "jobs_in_flight": -1}, "arguments_invalid"),
        ({"tenant": "acme", "usd_per_day": "much"}, "arguments_invalid"),
        ({"tenant": "acme", "document_bytes": 0}, "arguments_invalid"),
        ({"tenant": "acme", "reset": ["everything"]}, "arguments_invalid"),
        ({"tenant": "acme", "jobs_in_flight": 1, "reset": ["jobs_in_flight"]}, "arguments_invalid"),
    ],
)
def test_limits_with_a_mistake_change_nothing(
    arguments: dict[str, Any], code: str, stage: Stage, rows: Rows
) -> None:
    """Each is refused as what it is."""
    assert refusal(stage, "tenants.limits", **arguments)["code"] == code
    assert rows.all("SELECT FROM tenants WHERE num_nonnulls(max_jobs_in_flight, max_usd_per_day) > 0") == []
