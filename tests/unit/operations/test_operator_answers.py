"""What the operator's command makes of the function's answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from operations.invoking import as_typed
from tests.unit.operations.operator_standin import Operator, System

if TYPE_CHECKING:
    from pathlib import Path


def test_a_result_is_shown_and_the_system_named(tmp_path: Path) -> None:
    """stdout has the answer alone; stderr says where it was asked."""
    operator = Operator(
        {"result": {"tenant": "acme", "created": True}},
        {"result": {"tenant": "acme", "usage_key": "u" * 36, "planned": True}},
    )
    with System(tmp_path, operator) as system:
        result = system.run("tenants", "create", "--tenant", "acme")
    assert operator.asked == [
        {"command": f"tenants.{command}", "tenant": "acme"} for command in ("create", "usage_key")
    ]
    assert (result.exit_code, result.stdout) == (0, "acme created\n")
    assert f"on the local system of {tmp_path}" in result.stderr


@pytest.mark.parametrize(
    ("code", "exit_code"), [("arguments_invalid", 2), ("command_unknown", 2), ("any_other", 1)]
)
def test_a_refusal_is_one_line(code: str, exit_code: int, tmp_path: Path) -> None:
    """The function's own words, and an exit code that tells wrong use from what the state forbids."""
    with System(tmp_path, Operator({"error": {"code": code, "message": "Do this\ninstead."}})) as system:
        result = system.run("tenants", "list")
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert result.stderr.endswith("error: Do this instead.\n")


def test_a_fault_of_the_function_is_told_apart(tmp_path: Path) -> None:
    """The type, never the text, which may quote what was sent; exit code 3."""
    fault = {"errorType": "StoreError", "errorMessage": "some detail", "stackTrace": []}
    with System(tmp_path, Operator(fault, failed=True)) as system:
        result = system.run("tenants", "list")
    assert result.exit_code == 3
    assert "claimcheck-OperatorFunction failed (StoreError)" in result.stderr
    assert "some detail" not in result.output


def test_json_is_the_answer_as_it_came(tmp_path: Path) -> None:
    """For programs."""
    shown = {"tenants": [{"tenant": "acme", "created_at": "2026-01-01T00:00:00.000000Z", "live_keys": 2}]}
    with System(tmp_path, Operator({"result": shown})) as system:
        result = system.run("tenants", "list", "--json")
    assert json.loads(result.stdout) == shown


@pytest.mark.parametrize(
    ("words", "asked", "told"),
    [
        (("--days", "90"), {"days": 90}, "acme keeps final jobs 90 days\n"),
        (("--default",), {}, "acme keeps final jobs as long as the deployment\n"),
    ],
    ids=["days", "default"],
)
def test_how_long_a_tenant_keeps_its_jobs(
    words: tuple[str, ...], asked: dict[str, int], told: str, tmp_path: Path
) -> None:
    """A number of days, or none of its own."""
    operator = Operator({"result": {"tenant": "acme", "retention_days": asked.get("days")}})
    with System(tmp_path, operator) as system:
        result = system.run("tenants", "retention", "--tenant", "acme", *words)
    assert operator.asked == [{"command": "tenants.retention", "tenant": "acme", **asked}]
    assert (result.exit_code, result.stdout) == (0, told)


@pytest.mark.parametrize("words", [(), ("--days", "9", "--default")], ids=["neither", "both"])
def test_how_long_has_to_be_said(words: tuple[str, ...], tmp_path: Path) -> None:
    """Neither is no wish, both are two: wrong use, and nothing is asked."""
    operator = Operator()
    with System(tmp_path, operator) as system:
        result = system.run("tenants", "retention", "--tenant", "acme", *words)
    assert (result.exit_code, operator.asked) == (2, [])


def test_limits_are_asked_for_by_their_names(tmp_path: Path) -> None:
    """Megabytes become bytes; the answer says whose each limit is."""
    own = {"jobs_in_flight": 5, "usd_per_day": None, "document_bytes": 1_500_000}
    shown = {"jobs_in_flight": 5, "usd_per_day": 500.0, "document_bytes": 1_500_000}
    operator = Operator({"result": {"tenant": "acme", "limits": shown, "own": own}})
    options = ("--jobs-in-flight", "5", "--document-mb", "1.5", "--default", "usd-per-day")
    with System(tmp_path, operator) as system:
        result = system.run("tenants", "limits", "--tenant", "acme", *options)
    (asked,) = operator.asked
    assert asked == {
        "command": "tenants.limits",
        "tenant": "acme",
        "jobs_in_flight": 5,
        "document_bytes": 1_500_000,
        "reset": ["usd_per_day"],
    }
    assert "jobs in flight: 5 (its own)" in result.stdout
    assert "usd per day: 500.0 (the deployment's)" in result.stdout


def test_a_list_has_every_tenants_limits(tmp_path: Path) -> None:
    """Its own as they are, the deployment's in brackets; and when it was deleted."""
    deployment = {"jobs_in_flight": 10_000, "usd_per_day": 500.0, "document_bytes": 200_000_000}
    tenant = {"tenant": "acme", "created_at": "2026-01-01", "live_keys": 1, "retention_days": None}
    own = {"jobs_in_flight": 7, "usd_per_day": None, "document_bytes": None}
    shown = {**tenant, "deleted_at": "2026-02-03", "limits": own, "spent_today_usd": 1.25}
    result = {"tenants": [shown], "limits": deployment}
    with System(tmp_path, Operator({"result": result})) as system:
        told = system.run("tenants", "list").stdout
    for each in ("acme", "2026-02-03", "default", " 7 ", "(500.0)", "1.2500", "(200.0)"):
        assert each in told


def test_commands_are_told_as_they_are_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the function calls `tenants.create` is, to whoever types, `claimcheck tenants create`."""
    monkeypatch.delenv("CLAIMCHECK_COMMAND", raising=False)
    assert as_typed("No such tenant. tenants.create makes it.").endswith(
        "`claimcheck tenants create` makes it."
    )
    monkeypatch.setenv("CLAIMCHECK_COMMAND", "python3 run.py")
    assert as_typed("Revoke one (keys.revoke).") == "Revoke one (`python3 run.py keys revoke`)."
    assert as_typed("Expires 2027-01-01; monkeys.too") == "Expires 2027-01-01; monkeys.too"
