"""Two versions beside each other, as they are during a deployment and after a rollback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psycopg
import pytest
from claimcheck.sql.migrations.numbers import newest
from claimcheck.sql.migrations.runner import migrate
from claimcheck.store.connection import connector

from tests.integration.compatibility.fleet import QUEUES, RELEASED, ROOT, Cloud, Fleet, Host, unpacked
from tests.integration.compatibility.lives import Lives
from tests.integration.functions.model_gate import ModelGate
from tests.integration.functions.receiver import Receiver
from tests.integration.functions.stage import declared_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.integration.conftest import Server


@pytest.fixture(scope="package", params=RELEASED, ids=lambda path: path.stem)
def hosts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Host]]:
    """This version's functions and a released one's."""
    folder = tmp_path_factory.mktemp("fleet")
    old = unpacked(request.param, folder)
    started = {
        "old": Host(
            old, folder / "old.log", schema=json.loads((old / "released.json").read_text())["schema"]
        ),
        "new": Host(ROOT, folder / "new.log", schema=newest()),
    }
    yield started
    for host in started.values():
        host.close()


@pytest.fixture(scope="package")
def cloud() -> Iterator[Cloud]:
    """Queues, a bucket and secrets."""
    started = Cloud()
    yield started
    started.close()


@pytest.fixture(scope="package")
def gate() -> Iterator[ModelGate]:
    """The offline model."""
    started = ModelGate()
    yield started
    started.close()


@pytest.fixture(scope="package")
def hook() -> Iterator[Receiver]:
    """A customer's webhook receiver."""
    opened = Receiver()
    yield opened
    opened.close()


@pytest.fixture
def old_url(server: Server, hosts: Mapping[str, Host]) -> Iterator[str]:
    """A database with the released version's schema, and a tenant."""
    url = server.empty()
    migrate(connector(url), target=hosts["old"].schema)
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO tenants (id) VALUES ('acme')")
    yield url
    server.drop(url)


@pytest.fixture
def fleet_on(
    hosts: Mapping[str, Host], cloud: Cloud, gate: ModelGate, server: Server
) -> Callable[[str], Fleet]:
    """All functions of both versions over a database, with empty queues; the new one's in their roles."""
    for queue in QUEUES:
        cloud.taken(queue)
    gate.reset()
    common = {
        **cloud.environment(),
        "ANTHROPIC_SECRET_ARN": "model",
        "WEBHOOK_KEY_SECRET_ARN": "webhooks",
        "MODEL_STANDARD": "claude-sonnet-5-5",
        "MODEL_ECONOMY": "claude-haiku-5-5",
        "ANTHROPIC_BASE_URL": gate.url,
        "CLAIMCHECK_ALLOW_LOOPBACK_WEBHOOKS": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "POWERTOOLS_SERVICE_NAME": "claimcheck",
        "POWERTOOLS_METRICS_NAMESPACE": "Claimcheck",
        "LAMBDA_TASK_ROOT": "/var/task",  # with it Powertools keeps to one event loop
    }

    def fleet(url: str) -> Fleet:
        def old(_: str) -> dict[str, str]:
            return {**common, "DATABASE_URL": url}

        def new(function: str) -> dict[str, str]:
            return {**declared_environment(function, url, server.address_of(url)), **common}

        for host in hosts.values():
            host.forget()
        return Fleet(hosts, cloud, {"old": old, "new": new})

    return fleet


@pytest.fixture(scope="module")
def upgraded(server: Server) -> Iterator[str]:
    """One database of the new schema for all tests of a module."""
    url = server.migrated()
    yield url
    server.drop(url)


@pytest.fixture
def lives(fleet_on: Callable[[str], Fleet], upgraded: str, hook: Receiver) -> Iterator[Lives]:
    """What happens to jobs in a fleet on the new schema."""
    with psycopg.connect(upgraded, autocommit=True) as sql:
        yield Lives(fleet_on(upgraded), sql, hook)


@pytest.fixture
def old_lives(fleet_on: Callable[[str], Fleet], old_url: str, hook: Receiver) -> Iterator[Lives]:
    """What happens to jobs in a fleet on the schema of before."""
    with psycopg.connect(old_url, autocommit=True) as sql:
        yield Lives(fleet_on(old_url), sql, hook)
