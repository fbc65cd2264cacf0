"""authorize: whose key this is, as a policy of API Gateway."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.usecases.authorize import digest_of, new_key, prefix_of
from claimcheck.usecases.keys import create_key

from tests.integration.functions.recorded import authorization

if TYPE_CHECKING:
    from claimcheck.store.connection import Database

    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

STAGE_ARN = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/v1/*"


@pytest.fixture
def key(database: Database) -> str:
    """A key of the tenant acme."""
    return create_key(database, "acme")


def effect(policy: Any) -> str:
    """Allow or Deny, for the whole stage."""
    (statement,) = policy["policyDocument"]["Statement"]
    assert policy["policyDocument"]["Version"] == "2012-10-17"
    assert (statement["Action"], statement["Resource"]) == ("execute-api:Invoke", STAGE_ARN)
    return str(statement["Effect"])


def test_a_key_allows_the_whole_stage_to_its_tenant(stage: Stage, key: str) -> None:
    """API Gateway keeps the policy for the next call too; the tenant goes into the functions' events."""
    policy = stage.call("authorize", authorization(f"Bearer {key}"))
    assert effect(policy) == "Allow"
    scopes = "jobs:write jobs:read admin"
    assert policy["context"] == {"tenant_id": "acme", "scopes": scopes, "key": prefix_of(key)}
    assert 20 <= len(policy["usageIdentifierKey"]) <= 128
    assert policy["principalId"] == "acme"


def test_names_are_read_in_any_case(stage: Stage, key: str) -> None:
    """RFC 9110: the header's name and the scheme's are the same in any case."""
    for name in ("Authorization", "authorization", "AUTHORIZATION"):
        for scheme in ("Bearer", "bearer", "BEARER"):
            policy = stage.call("authorize", authorization(f"{scheme} {key}", name=name))
            assert effect(policy) == "Allow"


def test_a_tenant_may_have_two_keys(stage: Stage, database: Database, key: str) -> None:
    """While a key is changed for another, both are good."""
    second = create_key(database, "acme")
    for each in (key, second):
        assert effect(stage.call("authorize", authorization(f"Bearer {each}"))) == "Allow"


def test_an_unknown_key_is_denied(stage: Stage) -> None:
    """A policy that denies, which API Gateway answers with 403 and keeps as well."""
    policy = stage.call("authorize", authorization(f"Bearer {new_key()}"))
    assert effect(policy) == "Deny"
    assert not {"context", "usageIdentifierKey"} & set(policy)


def test_a_known_prefix_is_not_enough(stage: Stage, key: str) -> None:
    """The prefix finds a key, only the secret opens."""
    wrong = key[:-1] + ("A" if key[-1] != "A" else "B")
    assert effect(stage.call("authorize", authorization(f"Bearer {wrong}"))) == "Deny"


@pytest.mark.parametrize("column", ["revoked_at", "expires_at"])
def test_a_key_that_has_ended_is_denied(stage: Stage, rows: Rows, key: str, column: str) -> None:
    """A revoked and an expired key are as good as none."""
    rows.run(
        "UPDATE api_keys SET revoked_at = CASE WHEN %s = 'revoked_at' THEN now() END,"
        " expires_at = CASE WHEN %s = 'expires_at' THEN now() END",
        [column, column],
    )
    assert effect(stage.call("authorize", authorization(f"Bearer {key}"))) == "Deny"


def test_an_unreachable_database_denies_nobody(stage: Stage, key: str, closed_port: int) -> None:
    """It raises something else than Unauthorized, so that API Gateway says 500 and keeps no refusal."""
    stage.override(DATABASE_URL=f"postgresql://claimcheck@127.0.0.1:{closed_port}/claimcheck")
    with pytest.raises(Exception, match="database") as raised:
        stage.call("authorize", authorization(f"Bearer {key}"))
    assert str(raised.value) != "Unauthorized"


@pytest.mark.parametrize("right", [True, False])
def test_secrets_are_compared_in_constant_time(
    stage: Stage, key: str, right: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digests, of equal length, meet in hmac.compare_digest and nowhere else."""
    compared: list[tuple[Any, Any]] = []
    real = hmac.compare_digest

    def listening(one: Any, other: Any) -> bool:
        compared.append((one, other))
        return real(one, other)

    monkeypatch.setattr("claimcheck.usecases.authorize.hmac.compare_digest", listening)
    sent = key if right else key[:-1] + ("A" if key[-1] != "A" else "B")
    policy = stage.call("authorize", authorization(f"Bearer {sent}"))
    assert effect(policy) == ("Allow" if right else "Deny")
    assert compared == [(digest_of(key), digest_of(sent))]


def test_refusals_are_logged_without_the_key(stage: Stage, key: str) -> None:
    """The log says that a key was refused and of which kind, and holds no part of it."""
    wrong = new_key()
    stage.call("authorize", authorization(f"Bearer {wrong}"))
    with pytest.raises(Exception, match="Unauthorized"):
        stage.call("authorize", authorization("Bearer canary-key"))
    reasons = [line["reason"] for line in stage.lines() if line.get("message") == "key refused"]
    assert reasons == ["unknown key", "malformed key"]
    printed = stage.output.getvalue()
    assert not [part for part in (wrong, wrong[3:15], wrong[16:], "canary") if part in printed]
