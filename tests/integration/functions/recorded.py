"""Events as AWS records them (tests/events), filled in for a test."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
import uuid
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EVENTS = Path(__file__).resolve().parents[2] / "events"
REQUEST_ID = "5d0b8a1e-43c5-4b7e-8f0c-9a2d6e1f7b30"  # of every recorded API event

Event = dict[str, Any]


def recorded(name: str) -> Event:
    """The event in `tests/events/NAME.json`, a copy of its own."""
    return copy.deepcopy(_read(name))


@cache
def _read(name: str) -> Event:
    event: Event = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return event


def post_job(
    task: str, body: Mapping[str, Any] | str | bytes, *, tenant: str = "acme", **headers: str
) -> Event:
    """`POST /jobs/{task}`; bytes travel as base64, as API Gateway sends what it takes as binary."""
    event = _with(_filled("api-post-job", task, tenant), headers)
    if isinstance(body, bytes):
        return {**event, "body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    return {**event, "body": body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)}


def get_job(job_id: str, *, tenant: str = "acme", **headers: str) -> Event:
    """`GET /jobs/{job_id}`; `if_none_match` and the like become headers."""
    return _with(_filled("api-get-job", job_id, tenant), headers)


def get_part(job_id: str, part: str, *, tenant: str = "acme") -> Event:
    """`GET /jobs/{job_id}/{part}`: events, document or deliveries."""
    event = _filled("api-get-part", job_id, tenant)
    path = f"/jobs/{job_id}/{part}"
    event |= {"resource": f"/jobs/{{id}}/{part}", "path": path}
    event["requestContext"] |= {"resourcePath": f"/jobs/{{id}}/{part}", "path": f"/v1{path}"}
    return event


def reader_of(event: Event) -> str:
    """The function that answers a GET."""
    return "webhooks" if event["resource"].endswith("/deliveries") else "status"


def list_jobs(*, tenant: str = "acme", **query: str) -> Event:
    """`GET /jobs`; without a query API Gateway sends null."""
    event = _for(recorded("api-list-jobs"), tenant)
    event["queryStringParameters"] = query or None
    event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()} or None
    return event


def cancel_job(job_id: str, *, tenant: str = "acme") -> Event:
    """`POST /jobs/{job_id}/cancel`."""
    return _filled("api-cancel-job", job_id, tenant)


def delete_job(job_id: str, *, tenant: str = "acme") -> Event:
    """`DELETE /jobs/{job_id}`."""
    return _filled("api-delete-job", job_id, tenant)


def delete_document(document_id: str, *, tenant: str = "acme", **query: str) -> Event:
    """`DELETE /documents/{document_id}`."""
    event = _filled("api-delete-document", document_id, tenant)
    return event | {"queryStringParameters": query or None}


def redrive_job(job_id: str, *, tenant: str = "acme") -> Event:
    """`POST /jobs/{job_id}/redrive`."""
    return _filled("api-redrive-job", job_id, tenant)


def post_document(body: Mapping[str, Any] | str, *, tenant: str = "acme") -> Event:
    """`POST /documents`."""
    event = _for(recorded("api-post-document"), tenant)
    return {**event, "body": body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)}


def get_document(document_id: str, *, tenant: str = "acme") -> Event:
    """`GET /documents/{document_id}`."""
    return _filled("api-get-document", document_id, tenant)


def arrivals(*keys: str) -> Event:
    """What the bucket tells of objects that were created, one message each."""
    told = json.loads(recorded("sqs-uploads")["Records"][0]["body"])
    bodies = []
    for key in keys:
        body = copy.deepcopy(told)
        body["Records"][0]["s3"]["object"]["key"] = key
        bodies.append(body)
    return batch("sqs-uploads", bodies)


def api_call(
    method: str, path: str, body: Mapping[str, Any] | str | None = None, *, tenant: str = "acme", **query: str
) -> Event:
    """Any call by its method and path; the query as keywords."""
    event = _for(recorded("api-get-webhook-secret"), tenant)
    resource = _resource(path)
    event |= {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "queryStringParameters": query or None,
        "pathParameters": path_parameters(resource, path),
    }
    event["requestContext"] |= {"resourcePath": resource, "path": f"/v1{path}", "httpMethod": method}
    return {**event, "body": body if body is None or isinstance(body, str) else json.dumps(body)}


def _resource(path: str) -> str:
    """The route of a path, as the template writes it: an id follows `jobs`, `documents` and `deliveries`."""
    path = re.sub(r"^/(jobs|documents|deliveries)/[^/]+", r"/\1/{id}", path)
    return re.sub(r"/deliveries/[^/{]+", "/deliveries/{delivery_id}", path)


def path_parameters(resource: str, path: str) -> dict[str, str] | None:
    """What stands in a path for a route's parameters, decoded, as API Gateway says it."""
    found = re.fullmatch(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(resource)), path)
    named = found.groupdict() if found else {}
    return {name: unquote(value) for name, value in named.items()} or None


def get_webhook_secret(*, tenant: str = "acme") -> Event:
    """`GET /webhook-secret`."""
    return _for(recorded("api-get-webhook-secret"), tenant)


def authorization(header: str | None, *, name: str = "Authorization") -> Event:
    """A question to the REQUEST authorizer; None leaves the header out."""
    event = recorded("authorizer-request")
    for headers in (event["headers"], event["multiValueHeaders"]):
        del headers["Authorization"]
    if header is not None:
        event["headers"][name] = header
        event["multiValueHeaders"][name] = [header]
    return event


def batch(name: str, bodies: Sequence[Mapping[str, Any] | str]) -> Event:
    """An SQS batch in the form of `tests/events/NAME.json`, one message for each body."""
    pattern = recorded(name)["Records"][0]
    return {"Records": [_message(pattern, body) for body in bodies]}


def doorbells(*job_ids: str) -> Event:
    """A batch of the jobs queue."""
    return batch("sqs-jobs", [{"job_id": job_id} for job_id in job_ids])


def failed_ids(answer: Any) -> list[str]:
    """The messages that a batch's answer reports as failed."""
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def ids(event: Event) -> list[str]:
    """The ids of a batch's messages."""
    return [message["messageId"] for message in event["Records"]]


def _message(pattern: Event, body: Mapping[str, Any] | str) -> Event:
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    return {**copy.deepcopy(pattern), "messageId": str(uuid.uuid4()), "body": text, "md5OfBody": digest}


def _with(event: Event, headers: Mapping[str, str]) -> Event:
    for name, value in headers.items():
        title = name.replace("_", "-").title()
        event["headers"][title] = value
        event["multiValueHeaders"][title] = [value]
    return event


def _filled(name: str, identifier: str, tenant: str) -> Event:
    """The event with `{id}` filled in; API Gateway leaves the name of the parameter as it is."""
    event = _for(recorded(name), tenant)
    path = event["resource"].replace("{id}", identifier)
    event |= {"path": path, "pathParameters": {"id": identifier}}
    event["requestContext"]["path"] = f"/v1{path}"
    return event


def _for(event: Event, tenant: str) -> Event:
    event["requestContext"]["authorizer"] |= {"tenant_id": tenant, "principalId": tenant}
    return event
