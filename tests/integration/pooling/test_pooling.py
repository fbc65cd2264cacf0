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


@pytest.mark.parametrize("begins", [False, True])
def test_many_clients_share_few_connections(server: Server, database_url: str, begins: bool) -> None:
    """Sixty on six, in the roles of the functions: no error, every job done, no row of another tenant."""
    with bouncer(server, database_url, servers=6, clients=60) as proxy:
        crowd = Crowd(database_url, proxy.url_for, clients=60, tenants=["acme", "globex"], begins=begins)
        found = crowd.run(3)
    assert found.errors == {}
    assert found.completed == 30 * 2
    assert found.strangers == 0
    assert 1 <= found.most_servers <= 6


@pytest.mark.parametrize("begins", [False, True])
def test_a_tenant_is_not_left_behind_for_the_next_client(
    server: Server, database_url: str, database: Database, begins: bool
) -> None:
    """On one server connection, what one client says of its tenant is nothing to the next; a SET would be."""
    from claimcheck.store.faults import StoreError
    from claimcheck.store.reading import get_job

    job_id = accepted(database)
    with bouncer(server, database_url, servers=1, clients=5) as proxy:
        first, second, third = (Database(proxy.url_for("api"), begins=begins) for _ in range(3))
        assert get_job(first, "acme", job_id) is not None
        with psycopg.connect(proxy.url_for("api"), autocommit=True, prepare_threshold=None) as next_client:
            assert next_client.execute("SELECT count(*) FROM jobs").fetchone() == (0,)
            assert get_job(second, "globex", job_id) is None
            careless = "SELECT set_config('claimcheck.tenant', 'acme', false)"
            next_client.execute(careless)
        with psycopg.connect(proxy.url_for("api"), autocommit=True, prepare_threshold=None) as stranger:
            assert stranger.execute("SELECT count(*) FROM jobs").fetchone() == (1,), "the same connection"
            with pytest.raises(StoreError):  # whatever was left there, ours works for nobody else
                get_job(third, "globex", job_id)
        for each in (first, second, third):
            each.close()


@pytest.mark.parametrize("begins", [False, True])
def test_a_refusal_gives_the_connection_back(
    server: Server, database_url: str, database: Database, begins: bool
) -> None:
    """Where a client's statement fails, the one server connection is the next client's at once."""
    from claimcheck.store.faults import StoreError
    from claimcheck.store.reading import get_job

    job_id = accepted(database)
    with bouncer(server, database_url, servers=1, clients=5) as proxy:
        first, second = (Database(proxy.url_for("api"), begins=begins) for _ in range(2))
        for wrong in ("no uuid", "\ud800"):  # the server refuses one; the driver the other, behind a tenant
            with pytest.raises(StoreError):
                get_job(first, "acme", wrong)
            assert get_job(second, "acme", job_id) is not None
        assert get_job(first, "acme", job_id) is not None
        for each in (first, second):
            each.close()
