"""What the page of /docs offers runs: every example of every operation, ids taken from earlier answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest

from client.connection import read_up
from openapi.document import document
from tests.contract.documented import CheckedTransport
from tests.e2e.test_openapi import BUILT
from tests.e2e.test_operator_commands import operator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import Running

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

TENANT = "reader-of-docs"
# In this order: what makes something comes before what reads it, what deletes it last.
LAST = ("replayDelivery", "cancelJob", "redriveJob", "deleteJob", "deleteDocument", "rotateWebhookSecret")


class Play:
    """One reader of the page, who runs one example after the other."""

    def __init__(self, http: httpx.Client, system: Running) -> None:
        self.http = http
        self.ids: dict[str, str] = {}
        self._database = read_up(system.data)["database_url"]

    def run(self, path: str, method: str, call: dict[str, Any]) -> Iterator[httpx.Response]:
        """Each example of an operation: with its body, and with the examples of its parameters."""
        self._before(call["operationId"])
        headers = dict(self._parameters(call, "header"))
        query = dict(self._parameters(call, "query"))
        bodies: list[Any] = [None]
        if "requestBody" in call:
            examples = call["requestBody"]["content"]["application/json"]["examples"]
            bodies = [example["value"] for example in examples.values()]
        for body in bodies:
            answer = self.http.request(
                method.upper(), path.format_map(self.ids), params=query, headers=headers, json=body
            )
            self._learn(call["operationId"], answer)
            yield answer

    def _parameters(self, call: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
        for each in call.get("parameters", []):
            name = each["$ref"].rpartition("/")[2]
            parameter = document()["components"]["parameters"][name]
            for example in parameter.get("examples", {}).values():
                if parameter["in"] == place:
                    yield parameter["name"], example["value"]

    def _before(self, operation: str) -> None:
        """What the page's reader would have to wait for: a job that failed, an address that was disabled."""
        if operation == "redriveJob":
            document = {"base64": "JVBERi0xLjcK", "media_type": "application/pdf"}  # a PDF without a page
            asked = {"document": document, "max_cost_usd": 1}
            self.ids["job_id"] = self.http.post("/jobs/summarise", json=asked).json()["job_id"]
            self._ended("failed")
        if operation == "enableWebhookAddress":
            with psycopg.connect(self._database, autocommit=True) as connection:
                disabled = "UPDATE webhook_addresses SET disabled_at = now(), reason = 'gone'"
                connection.execute(f"{disabled}, failing_since = now() WHERE tenant_id = %s", [TENANT])
        if operation == "getDeliveries":
            self._ended("completed")

    def _ended(self, status: str) -> None:
        job = self.http.get(f"/jobs/{self.ids['job_id']}", headers={"Prefer": "wait=20"}).json()
        assert job["status"] == status, job

    def _learn(self, operation: str, answer: httpx.Response) -> None:
        """The ids that the page would fill in: of the job with a webhook, once there is one."""
        if not answer.content or not answer.headers["content-type"].endswith("json"):
            return
        told = answer.json()
        if operation == "extract" and answer.request.content and b"webhook_url" in answer.request.content:
            self.ids["job_id"] = told["job_id"]
        if operation == "announceDocument":
            self.ids["document_id"] = told["document_id"]
        if operation == "getDeliveries":
            self.ids["delivery_id"] = told["deliveries"][0]["delivery_id"]


@pytest.fixture
def play(system: Running) -> Iterator[Play]:
    """A tenant of its own, with a key that may do everything."""
    operator(system, "tenants", "create", "--tenant", TENANT)
    scopes = "jobs:write,jobs:read,admin"
    key = operator(system, "keys", "create", "--tenant", TENANT, "--scopes", scopes).stdout.strip()
    with httpx.Client(
        base_url=system.url,
        headers={"Authorization": f"Bearer {key}"},
        timeout=60,
        trust_env=False,
        transport=CheckedTransport(system.url),
    ) as http:
        yield Play(http, system)


def _operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Path, method and call: posts before gets, what ends something last."""
    found = [
        (path, method, call) for path, item in document()["paths"].items() for method, call in item.items()
    ]
    order = {"post": 0, "get": 1, "delete": 2}

    def place(one: tuple[str, str, dict[str, Any]]) -> tuple[int, int, int]:
        _, method, call = one
        name = call["operationId"]
        return (LAST.index(name) + 1 if name in LAST else 0, order[method], name == "getDelivery")

    return sorted(found, key=place)


def test_every_example_of_every_operation_runs(play: Play) -> None:
    """Each is answered with a success that the document describes: the transport compares the two."""
    ran: dict[str, list[int]] = {}
    for path, method, call in _operations():
        for answer in play.run(path, method, call):
            unbuilt = not BUILT and path in {"/console", "/docs"} and answer.status_code == 503
            told = (call["operationId"], answer.status_code, answer.text[:500])
            assert answer.is_success or unbuilt, told
            ran.setdefault(call["operationId"], []).append(answer.status_code)
    operations = {call["operationId"] for _, _, call in _operations()}
    assert set(ran) == operations
    assert sum(map(len, ran.values())) >= len(operations) + 3  # some have several


def test_every_body_has_examples() -> None:
    """So that the page shows one to send; and what a path needs is an id that earlier answers name."""
    for path, _, call in _operations():
        if "requestBody" in call:
            assert call["requestBody"]["content"]["application/json"]["examples"], path
        needed = {part.partition("}")[0] for part in path.split("{")[1:]}
        assert needed <= {"job_id", "document_id", "delivery_id"}
