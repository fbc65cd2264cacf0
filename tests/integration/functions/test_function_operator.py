"""The operator's function: one answer a command, a clear refusal for every mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

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
