"""New functions on an older schema: a deployment out of order refuses clearly, and loses nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from claimcheck.failures import UnavailableError
from claimcheck.sql.migrations.runner import migrate
from claimcheck.store.connection import connector

from local.intrinsics import read_yaml
from tests.integration.functions.documents import EXTRACT
from tests.integration.functions.recorded import authorization, doorbells, failed_ids, post_job, recorded
from tests.integration.functions.stage import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Server
    from tests.integration.functions.stage import Stage

OLD = "0004"
UNKNOWN = "019a9b1c-7f00-7c3e-9a55-2f6d1be0c0de"


@pytest.fixture
def old_url(server: Server, stage: Stage) -> Iterator[str]:
    """A database whose schema is several versions old; the deployment's functions have it."""
    url = server.empty()
    migrate(connector(url), target=OLD)
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO tenants (id) VALUES ('acme')")
    stage.override(DATABASE_URL=url)
    yield url
    server.drop(url)


def problem(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["statusCode"], json.loads(answer["body"])["code"]


CALLS = [
    ("submit", post_job("extract", EXTRACT)),
    ("documents", recorded("api-post-document")),
    ("status", recorded("api-get-health")),
]


@pytest.mark.parametrize(("name", "event"), CALLS, ids=["submit", "announce", "health"])
def test_a_caller_is_told(stage: Stage, old_url: str, name: str, event: dict[str, Any]) -> None:
    """503 `schema_behind` with Retry-After, so that it is known that nothing was done."""
    answer = stage.call(name, event)
    assert problem(answer) == (503, "schema_behind")
    assert int(answer["multiValueHeaders"]["Retry-After"][0]) >= 1


def test_messages_stay_in_their_queues(stage: Stage, old_url: str) -> None:
    """A doorbell and an outcome go back, each named as failed."""
    for name, event in (("process", doorbells(UNKNOWN)), ("record", recorded("sqs-outcomes"))):
        sent = [record["messageId"] for record in event["Records"]]
        assert failed_ids(stage.call(name, event)) == sent


def test_a_deployment_out_of_order_loses_nothing(stage: Stage, old_url: str) -> None:
    """What was refused before the migration is taken after it, by the same warm functions, and finishes."""
    refused = stage.call("submit", post_job("extract", EXTRACT))
    assert problem(refused) == (503, "schema_behind")
    migrate(connector(old_url))
    job_id = stage.accept(**EXTRACT)
    assert stage.work(job_id) == []
    assert stage.read(job_id)["status"] == "completed"


@pytest.mark.parametrize("kind", ["AUTHORIZER_FAILURE", "AUTHORIZER_CONFIGURATION_ERROR"])
def test_a_key_that_cannot_be_checked_is_a_503_as_well(stage: Stage, old_url: str, kind: str) -> None:
    """The authorizer raises, which API Gateway answers by itself: as the template says, and not by a 500."""
    key = "ck_0a1b2c3d4e5f_" + "a" * 43
    with pytest.raises(UnavailableError):
        stage.call("authorize", authorization(f"Bearer {key}"))
    responses = read_yaml(ROOT / "template.yaml")["Resources"]["Api"]["Properties"]["GatewayResponses"]
    said = json.loads(responses[kind]["ResponseTemplates"]["application/json"])
    assert (responses[kind]["StatusCode"], said["status"], said["code"]) == (503, 503, "unavailable")
