"""What cannot be signed: known before anything is taken, or one tenant's trouble and nobody else's."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.failures import UnavailableError
from claimcheck.store.faults import DatabaseUnavailableError, StoreError
from claimcheck.webhooks.vault import Vault, VaultError

from tests.unit.usecases.counted import counted
from tests.unit.usecases.recording_queue import RecordingQueue
from tests.unit.usecases.webhook_rows import VAULT, WebhookRows, deliver_by, due

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.usecases.scripted_database import Rows

OTHER_KEY = Vault(lambda: base64.b64encode(b"o" * 32).decode())


def vault_without_key(error: Exception) -> Vault:
    """A vault whose key cannot be read."""

    def read() -> str:
        raise error

    return Vault(read)


def three_tenants() -> WebhookRows:
    """Two deliveries of acme, one of globex and one of initech, each with a secret."""
    return WebhookRows(
        due("a1"),
        due("g1", tenant_id="globex"),
        due("i1", tenant_id="initech"),
        due("a2"),
        secrets={"acme": 1, "globex": 1, "initech": 1},
    )


def planned(rows: WebhookRows) -> set[str]:
    """Which deliveries are planned."""
    return {message["delivery_id"] for message, _ in deliver_by(RecordingQueue()).plan(rows.database)}


@pytest.mark.parametrize(
    ("vault", "kind"),
    [
        pytest.param(
            vault_without_key(UnavailableError("Secrets Manager is away")), UnavailableError, id="away"
        ),
        pytest.param(Vault(lambda: "no key"), VaultError, id="malformed"),
    ],
)
def test_without_the_key_nothing_is_taken(vault: Vault, kind: type[Exception]) -> None:
    """A key that cannot be had is known before a delivery is taken: what is due stays due."""
    rows = three_tenants()
    with pytest.raises(kind):
        deliver_by(RecordingQueue(), vault).plan(rows.database)
    assert rows.database.calls == []


def test_the_key_that_was_missing_is_asked_for_again() -> None:
    """The next plan after a failed one takes and signs what is due."""
    answers: list[Any] = [UnavailableError("away"), base64.b64encode(b"k" * 32).decode()]

    def read() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    rows, deliver = three_tenants(), deliver_by(RecordingQueue(), Vault(read))
    with pytest.raises(UnavailableError):
        deliver.plan(rows.database)
    assert len(deliver.plan(rows.database)) == 4


def test_who_is_ready_plans_without_the_key() -> None:
    """After `ready` a plan asks nobody for the key: it may run where only the database may be waited for."""
    keys = iter([base64.b64encode(b"k" * 32).decode()])
    deliver = deliver_by(RecordingQueue(), Vault(lambda: next(keys)))
    deliver.ready()
    assert len(deliver.plan(three_tenants().database)) == 4


def foreign(rows: WebhookRows) -> None:
    rows.sealed["acme"] = [OTHER_KEY.seal("acme", "whsec_AAAA")]


def malformed(rows: WebhookRows) -> None:
    rows.sealed["acme"] = [VAULT.seal("acme", "whsec_no base64")]


def half_foreign(rows: WebhookRows) -> None:
    rows.sealed["acme"].append(OTHER_KEY.seal("acme", "whsec_AAAA"))


def unreadable(rows: WebhookRows) -> None:
    def live(params: Any) -> Rows:
        if params["tenant_id"] == "acme":
            raise StoreError("the database refused the statement (22000)")
        return rows._live(params)

    rows.database.answers["live_secrets"] = live


@pytest.mark.parametrize("trouble", [foreign, malformed, unreadable])
def test_one_tenants_trouble_is_its_own(trouble: Callable[[WebhookRows], None]) -> None:
    """Where one tenant's secret is of no use, its two deliveries are counted and the others' are planned."""
    rows = three_tenants()
    trouble(rows)
    assert planned(rows) == {"g1", "i1"}
    assert counted("DeliveriesNotSigned") == 2


def test_a_secret_that_does_not_open_leaves_signing_to_the_others() -> None:
    """After a rotation the old secret may be sealed with a key that is gone: the new one signs."""
    rows = three_tenants()
    half_foreign(rows)
    assert planned(rows) == {"a1", "a2", "g1", "i1"}


def test_what_is_not_signed_gives_its_room_back() -> None:
    """The attempts that could not be signed are named to the database, and nobody else's."""
    rows = three_tenants()
    foreign(rows)
    planned(rows)
    assert rows.database.params_of("not_signed") == [{"delivery_ids": ["a1", "a2"], "attempts": [1, 1]}]


def test_what_is_not_signed_is_logged_by_its_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log names the tenant, its deliveries and the kind of error, and no secret."""
    from aws_lambda_powertools import Logger

    written = io.StringIO()
    logger = Logger(service="deliver-test", stream=written)
    monkeypatch.setattr("claimcheck.usecases.deliver.logger", lambda: logger)
    rows = three_tenants()
    malformed(rows)
    planned(rows)
    [line] = [json.loads(each) for each in written.getvalue().splitlines()]
    assert (line["tenant_id"], line["delivery_ids"]) == ("acme", ["a1", "a2"])
    assert "no base64" not in written.getvalue()


def test_without_the_database_no_further_tenant_is_tried() -> None:
    """A database lost after the plan is asked once: all that was taken is counted, and nothing is raised."""

    def lost(_params: Any) -> Rows:
        raise DatabaseUnavailableError("the database call failed (connection lost)")

    rows = three_tenants()
    rows.database.answers["live_secrets"] = lost
    assert planned(rows) == set()
    assert counted("DeliveriesNotSigned") == 4
    assert len(rows.database.params_of("live_secrets")) == 1


def test_a_database_that_is_away_is_said() -> None:
    """Where nothing could be taken, the caller hears why."""

    def lost(_params: Any) -> Rows:
        raise DatabaseUnavailableError("cannot connect to the database")

    rows = three_tenants()
    rows.database.answers["take_deliveries"] = lost
    with pytest.raises(UnavailableError):
        planned(rows)
    assert counted("DeliveriesNotSigned") == 0
