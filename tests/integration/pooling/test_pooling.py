"""Behind a multiplexer of transactions no statement needs its session, and nothing is left in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from claimcheck.store.connection import Database

from tests.integration.pooling.bouncer import Bouncer, program
from tests.integration.pooling.crowd import Crowd
from tests.integration.store.jobs_in_states import accepted

if TYPE_CHECKING:
    from tests.integration.conftest import Server

pytestmark = pytest.mark.skipif(
    program() is None, reason="PgBouncer is not installed here (Debian's package pgbouncer)"
)


def bouncer(server: Server, url: str, *, servers: int, clients: int) -> Bouncer:
    return Bouncer(server.address_of(url), server.passwords, servers=servers, clients=clients)


def test_many_clients_share_few_connections(server: Server, database_url: str) -> None:
    """Sixty on six, in the roles of the functions: no error, every job done, no row of another tenant."""
    with bouncer(server, database_url, servers=6, clients=60) as proxy:
        found = Crowd(database_url, proxy.url_for, clients=60, tenants=["acme", "globex"]).run(3)
    assert found.errors == {}
    assert found.completed == 30 * 2
    assert found.strangers == 0
    assert 1 <= found.most_servers <= 6


def test_a_tenant_is_not_left_behind_for_the_next_client(
    server: Server, database_url: str, database: Database
) -> None:
    """On one server connection, what one client says of its tenant is nothing to the next; a SET would be."""
    from claimcheck.store.reading import get_job

    job_id = accepted(database)
    with bouncer(server, database_url, servers=1, clients=5) as proxy:
        first, second = Database(proxy.url_for("api")), Database(proxy.url_for("api"))
        assert get_job(first, "acme", job_id) is not None
        with psycopg.connect(proxy.url_for("api"), autocommit=True, prepare_threshold=None) as next_client:
            assert next_client.execute("SELECT count(*) FROM jobs").fetchone() == (0,)
            assert get_job(second, "globex", job_id) is None
            careless = "SELECT set_config('claimcheck.tenant', 'acme', false)"
            next_client.execute(careless)
        third = Database(proxy.url_for("api"))
        with psycopg.connect(proxy.url_for("api"), autocommit=True, prepare_threshold=None) as stranger:
            assert stranger.execute("SELECT count(*) FROM jobs").fetchone() == (1,), "the same connection"
            assert get_job(third, "globex", job_id) is None  # whatever was left there, ours says it anew
        for each in (first, second, third):
            each.close()
