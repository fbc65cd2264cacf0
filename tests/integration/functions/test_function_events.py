"""The recorded events (tests/events) have the shape that AWS documents and Powertools reads."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import (
    APIGatewayProxyEvent,
    EventBridgeEvent,
    S3Event,
    SQSEvent,
)
from aws_lambda_powertools.utilities.data_classes.api_gateway_authorizer_event import (
    APIGatewayAuthorizerRequestEvent,
    parse_api_gateway_arn,
)

from tests.integration.functions.recorded import EVENTS, REQUEST_ID, recorded

API = sorted(path.stem for path in EVENTS.glob("api-*.json"))
QUEUES = sorted(path.stem for path in EVENTS.glob("sqs-*.json"))


def proxy(name: str) -> APIGatewayProxyEvent:
    """A recorded event of API Gateway, as Powertools reads it."""
    return APIGatewayProxyEvent(recorded(name))


def test_there_is_an_event_of_every_kind() -> None:
    """Requests, batches, the authorizer's question, the schedule's firing and the deployment's call."""
    kinds = {path.stem for path in EVENTS.glob("*.json")}
    assert kinds == {*API, *QUEUES, "authorizer-request", "scheduler", "migrate", "cloudformation-schema"}
    assert len(API) == 13
    assert len(QUEUES) == 5


@pytest.mark.parametrize("name", API)
def test_an_api_event_is_read(name: str) -> None:
    """Its parts agree with each other: path, parameters, headers in both forms, stage and request id."""
    event = proxy(name)
    context = event.request_context
    identifier = (event.path_parameters or {}).get("id", "")
    assert event.path == event.resource.replace("{id}", identifier)
    assert context.path == f"/{context.stage}{event.path}"
    assert (context.http_method, context.resource_path) == (event.http_method, event.resource)
    assert context.request_id == REQUEST_ID
    assert event.multi_value_headers == {header: [value] for header, value in event.headers.items()}
    assert context.identity.source_ip == "192.0.2.17"


@pytest.mark.parametrize("name", [name for name in API if name != "api-get-health"])
def test_an_authorized_event_has_its_tenant(name: str) -> None:
    """What the authorizer put into its context, as text."""
    authorizer = proxy(name).request_context.authorizer
    assert (authorizer["tenant_id"], authorizer["principalId"]) == ("acme", "acme")


def test_a_post_has_a_body_of_json() -> None:
    """As text, and the same as base64."""
    plain, encoded = proxy("api-post-job"), proxy("api-post-job-base64")
    assert plain.json_body["fields"] == ["date_of_loss"]
    assert (plain.is_base64_encoded, encoded.is_base64_encoded) == (False, True)
    assert base64.b64decode(encoded.body or "") == (plain.body or "").encode()


def test_a_list_has_a_query() -> None:
    """Each parameter once in both forms."""
    event = proxy("api-list-jobs")
    assert event.query_string_parameters == {"status": "completed", "task": "extract", "limit": "20"}
    assert event.multi_value_query_string_parameters["limit"] == ["20"]


def test_the_authorizers_question_is_read() -> None:
    """A REQUEST event: the method's ARN has its parts, and the header is there."""
    event = APIGatewayAuthorizerRequestEvent(recorded("authorizer-request"))
    arn = parse_api_gateway_arn(event.method_arn)
    assert (event.get("type"), arn.api_id, arn.stage) == ("REQUEST", "a1b2c3d4e5", "v1")
    assert (arn.http_method, f"/{arn.resource}") == (event.http_method, event.path)
    assert event.headers["Authorization"].startswith("Bearer ck_")


@pytest.mark.parametrize("name", QUEUES)
def test_a_batch_is_read(name: str) -> None:
    """Every attribute SQS sends is there, and the body's digest is the body's."""
    for record in SQSEvent(recorded(name)).records:
        assert record.attributes.approximate_receive_count == "1"
        assert ("MessageGroupId" in record["attributes"]) == (name != "sqs-uploads")  # S3 sends none
        assert record.md5_of_body == hashlib.md5(record.body.encode(), usedforsecurity=False).hexdigest()
        assert record.event_source == "aws:sqs"
        assert record.event_source_arn.startswith("arn:aws:sqs:us-east-1:123456789012:claimcheck-")
        assert json.loads(record.body)


def test_the_buckets_event_is_read() -> None:
    """S3 puts its event into a message's body; the key is that of the announced bytes."""
    (message,) = SQSEvent(recorded("sqs-uploads")).records
    (record,) = S3Event(json.loads(message.body)).records
    assert (record.event_name, record.s3.bucket.name) == ("ObjectCreated:Put", "claimcheck-documentsbucket")
    announced = json.loads(recorded("api-post-document")["body"])
    assert record.s3.get_object.key == f"documents/acme/{announced['sha256']}"
    assert record.s3.get_object.size == announced["bytes"]


def test_the_ids_of_a_batch_differ() -> None:
    """Partial failures are told by them."""
    event: Any = recorded("sqs-jobs")
    assert len({record["messageId"] for record in event["Records"]}) == len(event["Records"]) == 2


def test_the_schedules_firing_is_read() -> None:
    """EventBridge Scheduler sends its details as text."""
    event = EventBridgeEvent(recorded("scheduler"))
    assert (event.source, event.detail_type, event["detail"]) == ("aws.scheduler", "Scheduled Event", "{}")
    assert event.resources[0].startswith("arn:aws:scheduler:us-east-1:123456789012:schedule/")


def test_a_deployment_calls_with_nothing() -> None:
    """migrate is invoked with an empty object."""
    assert recorded("migrate") == {}
