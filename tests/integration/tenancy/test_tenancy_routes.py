"""Every route of the template, asked by a second tenant who knows every id of the first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from claimcheck.store.connection import Database
from moto import mock_aws

from tests.integration.functions.documents import EXTRACT
from tests.integration.functions.recorded import api_call, path_parameters
from tests.integration.functions.stage import Stage, _system
from tests.integration.tenancy.tenants_world import (
    CANARY,
    KEY,
    LIMIT,
    OWNER,
    STRANGER,
    URL,
    World,
    build,
    everything_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.integration.conftest import Server
    from tests.integration.store.traces import Sql

NOBODYS = "019a9b1c-7f00-7c3e-9a55-2f6d1be0c0de"


@dataclass(frozen=True)
class Place:
    """A deployment in which `acme` has something of everything."""

    stage: Stage
    owner: Sql
    world: World

    def ask(
        self,
        route: str,
        ids: Mapping[str, str],
        body: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        tenant: str = STRANGER,
    ) -> tuple[int, Any]:
        """Status and body of the answer to a tenant; `route` is `METHOD /path/{id}`."""
        method, path = route.split(" ")
        for name, value in ids.items():
            path = path.replace(f"{{{name}}}", value)
        event = api_call(method, path, body, tenant=tenant, **(query or {}))
        resource = route.split(" ")[1]
        event["resource"] = event["requestContext"]["resourcePath"] = resource
        event["pathParameters"] = path_parameters(resource, path)
        event["headers"] = {**event["headers"], **(headers or {})}
        answer = self.stage.call(FUNCTIONS[route], event)
        return answer["statusCode"], json.loads(answer["body"] or "null")

    def fetch(self, route: str, *, tenant: str = STRANGER) -> Any:
        """The whole answer of a page, or of a file that none has."""
        method, path = route.replace("{file+}", "assets/none.js").split(" ")
        event = api_call(method, path, tenant=tenant)
        event["resource"] = route.split(" ")[1]
        event["pathParameters"] = path_parameters(event["resource"], path) or {"file": "assets/none.js"}
        return self.stage.call(FUNCTIONS[route], event)


def not_found(**ids: str) -> Callable[[Place, str], None]:
    """What the other tenant's things are answered with, to the letter: as if nobody had them."""

    def case(place: Place, route: str) -> None:
        theirs = place.ask(route, {name: getattr(place.world, thing) for name, thing in ids.items()})
        nobodys = place.ask(route, dict.fromkeys(ids, NOBODYS))
        assert theirs[0] == 404
        assert theirs[1]["code"] != "route_not_found"
        assert _without_request(theirs) == _without_request(nobodys)

    return case


def _without_request(answer: tuple[int, Any]) -> tuple[int, Any]:
    return answer[0], {name: value for name, value in answer[1].items() if name != "request_id"}


def _own_list(place: Place, route: str) -> None:
    """The stranger's own, also from a cursor of the other tenant's."""
    for cursor in (None, place.world.completed, "ffffffff-ffff-7fff-bfff-ffffffffffff"):
        status, page = place.ask(route, {}, query={} if cursor is None else {"cursor": cursor})
        assert status == 200
        assert CANARY not in json.dumps(page)


def _submits(place: Place, route: str) -> None:
    """Neither a document nor an idempotency key of the other tenant's means anything to him."""
    ids = {"id": "extract"}
    theirs, nobodys = (
        place.ask(route, ids, {**EXTRACT, "document": {"document_id": document}})
        for document in (place.world.document, NOBODYS)
    )
    assert 400 <= theirs[0] < 500
    assert _without_request(theirs) == _without_request(nobodys)
    status, ticket = place.ask(route, ids, EXTRACT, headers={"Idempotency-Key": KEY})
    assert status == 202
    assert ticket["job_id"] not in place.world.secrets()


def _announces(place: Place, route: str) -> None:
    """Bytes that the other tenant has stored are not here for him."""
    status, made = place.ask(
        route,
        {},
        {
            "name": "a.txt",
            "media_type": "text/plain",
            "bytes": place.world.params["size_bytes"],
            "sha256": place.world.sha256.hex(),
        },
    )
    assert status == 201
    assert made["upload"] is not None
    assert made["document_id"] != place.world.document
    assert OWNER not in json.dumps(made)


def _own_secret(place: Place, route: str) -> None:
    """His own, which nobody has had before."""
    status, shown = place.ask(route, {})
    assert status == 200
    assert CANARY not in json.dumps(shown)
    assert shown["secrets"]


def _not_his_address(place: Place, route: str) -> None:
    """A disabled address of the other tenant's stays disabled."""
    assert place.ask(route, {}, {"url": URL})[0] == 404


def _takes_no_id(place: Place, route: str) -> None:
    """An address only, which is checked first; how many samples a tenant had is counted in its own rows."""
    assert place.ask(route, {}, {"url": "ftp://nowhere"})[0] == 422


def _tells_nothing(place: Place, route: str) -> None:
    """Asked without a key."""
    status, told = place.ask(route, {})
    assert status == 200
    assert set(told) <= {"status", "schema", "schema_needed"}


def _for_everybody(place: Place, route: str) -> None:
    """The same for each tenant."""
    theirs, owners = place.ask(route, {}), place.ask(route, {}, tenant=OWNER)
    assert theirs[0] == 200
    assert theirs == owners


def _page_for_everybody(place: Place, route: str) -> None:
    """The same for each tenant, built or not: it knows of none."""
    theirs, owners = place.fetch(route), place.fetch(route, tenant=OWNER)
    assert theirs["statusCode"] == (404 if "file" in route else theirs["statusCode"])
    assert theirs == owners


def _own_limits(place: Place, route: str) -> None:
    """The deployment's, of which he has used nothing; the other tenant has some of its own."""
    theirs, owners = place.ask(route, {}), place.ask(route, {}, tenant=OWNER)
    assert (theirs[0], owners[0]) == (200, 200)
    assert theirs[1]["jobs_in_flight"]["used"] == theirs[1]["usd_per_day"]["used"] == 0
    assert owners[1]["jobs_in_flight"]["used"] > 0
    assert str(LIMIT) not in json.dumps(theirs)


def _own_usage(place: Place, route: str) -> None:
    """The other tenant has jobs of today, and he has none."""
    theirs, owners = place.ask(route, {}), place.ask(route, {}, tenant=OWNER)
    assert (theirs[0], owners[0]) == (200, 200)
    assert theirs[1]["days"] == []
    assert sum(day["jobs"] for day in owners[1]["days"]) > 0


def _reckons(place: Place, route: str) -> None:
    """Of what it is told alone."""
    body = {"task": "summarise", "document": {"characters": 1_000}}
    theirs, owners = place.ask(route, {}, body), place.ask(route, {}, body, tenant=OWNER)
    assert theirs[0] == 200
    assert theirs == owners


CASES: dict[str, Callable[[Place, str], None]] = {
    "POST /jobs/{id}": _submits,
    "POST /documents": _announces,
    "GET /documents/{id}": not_found(id="document"),
    "DELETE /documents/{id}": not_found(id="document"),
    "GET /jobs": _own_list,
    "DELETE /jobs/{id}": not_found(id="completed"),
    "GET /jobs/{id}": not_found(id="completed"),
    "GET /jobs/{id}/events": not_found(id="completed"),
    "GET /jobs/{id}/document": not_found(id="completed"),
    "POST /jobs/{id}/cancel": not_found(id="job"),
    "POST /jobs/{id}/redrive": not_found(id="failed"),
    "GET /limits": _own_limits,
    "GET /usage": _own_usage,
    "POST /estimates": _reckons,
    "GET /health": _tells_nothing,
    "GET /openapi.json": _for_everybody,
    "GET /console": _page_for_everybody,
    "GET /console/{file+}": _page_for_everybody,
    "GET /docs": _page_for_everybody,
    "GET /docs/{file+}": _page_for_everybody,
    "GET /jobs/{id}/deliveries": not_found(id="completed"),
    "POST /jobs/{id}/deliveries/{delivery_id}/replay": not_found(id="completed", delivery_id="delivery"),
    "GET /deliveries/{id}": not_found(id="delivery"),
    "POST /webhook-test": _takes_no_id,
    "GET /webhook-secret": _own_secret,
    "POST /webhook-secret/rotate": _own_secret,
    "GET /webhook-addresses": _own_list,
    "POST /webhook-addresses/enable": _not_his_address,
    "GET /events": _own_list,
}
FUNCTIONS = {
    f"{route.method} {route.path}": _system().functions[route.function].code_uri.name
    for route in _system().routes
}


@pytest.fixture(scope="module")
def place(server: Server) -> Iterator[Place]:
    """The functions that answer, each in its own role."""
    url = server.migrated()
    database = Database(url)
    with mock_aws(), psycopg.connect(url, autocommit=True) as owner:
        stage = Stage(url, database_address=server.address_of(url), model_url="http://127.0.0.1:1")
        yield Place(stage, owner, build(database, owner))
        stage.close()
    database.close()
    server.drop(url)


def test_every_route_has_its_case() -> None:
    """A new one fails here until somebody has said what a stranger gets there."""
    assert set(CASES) == set(FUNCTIONS)


@pytest.mark.parametrize("route", sorted(CASES))
def test_a_stranger_at_a_route(place: Place, route: str) -> None:
    """He gets what its case says, and nothing of the other tenant's is changed."""
    before = everything_of(place.owner)
    CASES[route](place, route)
    assert everything_of(place.owner) == before


def test_a_delivery_is_not_replayed_by_way_of_an_own_job(place: Place) -> None:
    """His job's id before the other tenant's delivery's opens nothing."""
    job_id = place.stage.accept(tenant=STRANGER, **EXTRACT)
    before = everything_of(place.owner)
    ids = {"id": job_id, "delivery_id": place.world.delivery}
    assert place.ask("POST /jobs/{id}/deliveries/{delivery_id}/replay", ids)[0] == 404
    assert everything_of(place.owner) == before


def test_the_owner_is_answered(place: Place) -> None:
    """So that 404 means something: with the same ids `acme` gets its things."""
    world = place.world
    asked = {
        "GET /documents/{id}": {"id": world.document},
        "GET /jobs/{id}": {"id": world.completed},
        "GET /jobs/{id}/events": {"id": world.completed},
        "GET /jobs/{id}/document": {"id": world.completed},
        "GET /jobs/{id}/deliveries": {"id": world.completed},
        "GET /deliveries/{id}": {"id": world.delivery},
        "POST /jobs/{id}/cancel": {"id": world.job},
        "POST /jobs/{id}/redrive": {"id": world.failed},
    }
    assert {route: place.ask(route, ids, tenant=OWNER)[0] for route, ids in asked.items()} == dict.fromkeys(
        asked, 200
    )
