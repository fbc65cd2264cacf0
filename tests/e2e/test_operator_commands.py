"""The operator's commands against the running system, with mistakes made on purpose."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.unit.operations.operator_standin import run

if TYPE_CHECKING:
    from typer.testing import Result

    from tests.e2e.conftest import Running

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

BODY: dict[str, Any] = {"document": {"text": "The monthly fee is EUR 400."}, "fields": ["fee"]}


@pytest.fixture
def tenant(system: Running) -> str:
    """A tenant of this test's own."""
    name = f"t{uuid.uuid4().hex[:10]}"
    assert operator(system, "tenants", "create", "--tenant", name).stdout == f"{name} created\n"
    return name


def operator(system: Running, *arguments: str) -> Result:
    """One command line on the running system."""
    return run(*arguments, "--data", str(system.data))


def asked(system: Running, key: str, method: str, path: str, **more: Any) -> tuple[int, str]:
    """Status and problem code of a call."""
    headers = {"Authorization": f"Bearer {key.strip()}"}
    with httpx.Client(base_url=system.url, headers=headers, timeout=60, trust_env=False) as http:
        answer = http.request(method, path, **more)
    return answer.status_code, answer.json().get("code", "")


def test_a_key_from_its_making_to_its_end(system: Running, tenant: str) -> None:
    """What is printed opens what it may, is exchanged for another, and ends."""
    made = operator(system, "keys", "create", "--tenant", tenant, "--name", "ci", "--scopes", "jobs:write")
    old = made.stdout
    assert made.exit_code == 0
    assert asked(system, old, "POST", "/jobs/extract", json=BODY)[0] == 202
    assert asked(system, old, "GET", "/jobs") == (403, "scope_missing")
    new = operator(system, "keys", "rotate", "--tenant", tenant, "--grace", "1h").stdout
    assert asked(system, new, "POST", "/jobs/extract", json=BODY)[0] == 202
    assert asked(system, old, "POST", "/jobs/extract", json=BODY)[0] == 202
    third = operator(system, "keys", "create", "--tenant", tenant)
    assert (third.exit_code, third.stdout) == (1, "")
    assert "two" in third.stderr or "2 live keys" in third.stderr
    fresh = operator(system, "keys", "revoke", old.strip(), "--tenant", tenant)
    assert "is revoked; it may be let in for 60 s more" in fresh.stdout
    unused = operator(system, "keys", "create", "--tenant", tenant).stdout
    operator(system, "keys", "revoke", unused.strip()[:15], "--tenant", tenant)
    assert asked(system, unused, "GET", "/jobs") == (403, "key_refused")
    listed = json.loads(operator(system, "keys", "list", "--tenant", tenant, "--json").stdout)["keys"]
    assert [key["state"] for key in listed] == ["revoked", "live", "revoked"]
    assert [key["name"] for key in listed] == [None, "ci", "ci"]


def test_limits_take_effect_at_once(system: Running, tenant: str) -> None:
    """A tenant's own limit refuses the next submission, is shown to it, and can be reset."""
    key = operator(system, "keys", "create", "--tenant", tenant).stdout
    limits = ("limits", "--url", system.url, "--key", key.strip(), "--json")
    operator(
        system, "tenants", "limits", "--tenant", tenant, "--jobs-in-flight", "0", "--document-mb", "0.00002"
    )
    assert asked(system, key, "POST", "/jobs/extract", json=BODY) == (413, "document_too_large")
    seen = json.loads(run(*limits).stdout)
    assert (seen["jobs_in_flight"]["limit"], seen["document_bytes"]["limit"]) == (0, 20)
    operator(system, "tenants", "limits", "--tenant", tenant, "--default", "document-mb")
    assert asked(system, key, "POST", "/jobs/extract", json=BODY) == (429, "tenant_busy")
    shown = operator(system, "tenants", "limits", "--tenant", tenant, "--default", "jobs-in-flight").stdout
    assert "jobs in flight: 10,000 (the deployment's)" in shown
    assert asked(system, key, "POST", "/jobs/extract", json=BODY)[0] == 202
    assert json.loads(run(*limits).stdout)["jobs_in_flight"]["limit"] == 10_000


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("keys", "create", "--tenant", "nobody"), 1, "tenants create` makes it"),
        (("keys", "create", "--tenant", "No Name"), 2, "tenant"),
        (("keys", "create", "--tenant", "local", "--scopes", "jobs:all"), 2, "scopes.0"),
        (("keys", "create", "--tenant", "local", "--expires", "1s"), 2, "expires_s"),
        (("keys", "revoke", "ck_000000000000", "--tenant", "local"), 1, "keys list"),
        (("keys", "revoke", "not-a-key", "--tenant", "local"), 2, "prefix"),
        (("keys", "rotate", "--tenant", "local", "--grace", "99d"), 2, "grace_s"),
        (("tenants", "limits", "--tenant", "local", "--usd-per-day", "-1"), 2, "usd_per_day"),
    ],
)
def test_a_mistake_is_one_line(system: Running, arguments: tuple[str, ...], code: int, told: str) -> None:
    """It says what is wrong or what to do, and nothing was printed that could be taken for a key."""
    result = operator(system, *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert told in result.stderr
    assert result.stderr.count("\n") == 2  # which system, and what is wrong
