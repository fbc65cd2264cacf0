"""Keys through the gateway and its cache: what each scope opens, and when a key's end takes effect."""

from __future__ import annotations

import asyncio
import itertools
import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.scopes import PUBLIC, ROUTES, SCOPES
from claimcheck.store.keys import NewKey, issue_key
from claimcheck.usecases.authorize import digest_of, new_key, prefix_of

from tests.integration.functions.through_gateway import Api, through_gateway

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.store.connection import Database

    from local.system import Route
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

SETS = [set(each) for size in range(1, len(SCOPES) + 1) for each in itertools.combinations(SCOPES, size)]


def key_with(database: Database, scopes: Sequence[str]) -> str:
    """A live key of acme with these scopes; of such keys there may be more than two here."""
    key = new_key()
    issue_key(database, NewKey("acme", prefix_of(key), digest_of(key), scopes=list(scopes)), at_most=99)
    return key


async def call(api: Api, route: Route, key: str) -> Any:
    """A request to a route, with ids of nothing and without a body."""
    path = re.sub(r"\{[^}]+\}", lambda _: str(uuid.uuid4()), route.path)
    return await api.http.request(route.method, path, headers={"Authorization": f"Bearer {key}"})


def test_every_route_and_every_set_of_scopes(stage: Stage, database: Database) -> None:
    """A call is let through exactly where the key has its route's scope, whichever route filled the cache.

    The routes are asked in both orders: each one's answer is first the authorizer's own, then the cache's.
    """

    async def scenario() -> None:
        async with through_gateway(stage) as api:
            for scopes in SETS:
                for order in (1, -1):
                    key, before = key_with(database, sorted(scopes)), api.calls("authorize")
                    for route in api.system.routes[::order]:
                        answer = await call(api, route, key)
                        judge(route, scopes, answer)
                    assert api.calls("authorize") == before + 1

    asyncio.run(scenario())


def judge(route: Route, scopes: set[str], answer: Any) -> None:
    """The one refusal that belongs to a missing scope, or any answer of the function's own."""
    wanted = ROUTES[route.method, route.path]
    if wanted == PUBLIC or wanted in scopes:
        assert answer.status_code not in {401, 403, 500, 502}, (route, scopes, answer.text)
        return
    assert answer.status_code == 403, (route, scopes, answer.text)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == f'Bearer error="insufficient_scope", scope="{wanted}"'
    problem = answer.json()
    assert (problem["code"], problem["status"]) == ("scope_missing", 403)
    assert wanted in problem["detail"]


def test_three_refusals_are_told_apart(stage: Stage, database: Database) -> None:
    """No key, an unknown key, and a key without the scope have codes of their own."""

    async def scenario() -> None:
        async with through_gateway(stage) as api:
            reading = {"Authorization": f"Bearer {key_with(database, ['jobs:read'])}"}
            unknown = {"Authorization": f"Bearer {new_key()}"}
            answers = [
                (await api.http.post("/documents", headers=headers)).json()
                for headers in ({}, {"Authorization": "Bearer nonsense"}, unknown, reading)
            ]
            assert [(each["status"], each["code"]) for each in answers] == [
                (401, "key_missing"),
                (401, "key_missing"),
                (403, "key_refused"),
                (403, "scope_missing"),
            ]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "ending",
    [
        "UPDATE api_keys SET revoked_at = now()",
        "UPDATE api_keys SET expires_at = now() - interval '1 millisecond'",
    ],
)
def test_an_end_takes_effect_within_the_cache(
    stage: Stage, database: Database, rows: Rows, ending: Any
) -> None:
    """A kept answer lets the key in until it is a minute old and no longer; unused keys end at once."""

    async def scenario() -> None:
        async with through_gateway(stage) as api:
            used = {"Authorization": f"Bearer {key_with(database, SCOPES)}"}
            unused = {"Authorization": f"Bearer {key_with(database, SCOPES)}"}
            assert (await api.http.get("/jobs", headers=used)).status_code == 200
            rows.run(ending)
            assert (await api.http.get("/jobs", headers=unused)).json()["code"] == "key_refused"
            api.clock.now += 59.9
            assert (await api.http.get("/jobs", headers=used)).status_code == 200
            api.clock.now += 0.2
            refused = await api.http.get("/jobs", headers=used)
            assert (refused.status_code, refused.json()["code"]) == (403, "key_refused")

    asyncio.run(scenario())


def test_a_changed_scope_is_seen_after_the_cache(stage: Stage, database: Database, rows: Rows) -> None:
    """Nothing in the functions keeps scopes: the next question to the authorizer decides."""

    async def scenario() -> None:
        async with through_gateway(stage) as api:
            headers = {"Authorization": f"Bearer {key_with(database, ['jobs:read'])}"}
            assert (await api.http.get("/jobs", headers=headers)).status_code == 200
            rows.run("UPDATE api_keys SET scopes = '{admin}'")
            api.clock.now += 61
            assert (await api.http.get("/jobs", headers=headers)).json()["code"] == "scope_missing"
            assert (await api.http.get("/events", headers=headers)).status_code == 200

    asyncio.run(scenario())
