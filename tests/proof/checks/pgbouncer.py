"""PgBouncer in transaction mode stands in for RDS Proxy: 500 clients of the store on 20 connections.

Both ways that a statement is run for a tenant: in a pipeline, and from BEGIN to COMMIT as behind RDS Proxy.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.proof.check import Check, NotProvedError
from toolchain.environments import OURS

if TYPE_CHECKING:
    from tests.integration.conftest import Server
    from tests.proof.check import Ground

_CLIENTS = 500
_SERVERS = 20
_ROUNDS = 3
_WAYS = {"in a pipeline": False, "from BEGIN to COMMIT": True}


def run(ground: Ground) -> str:
    """Fail on any error, any row of another tenant, any connection more, any job that is not done."""
    from local.postgres import Postgres
    from tests.integration.conftest import Server
    from tests.integration.pooling.bouncer import program

    if program() is None:
        raise NotProvedError("PgBouncer is not installed: Debian's package pgbouncer has it")
    ground.scratch.chmod(0o755)
    postgres = Postgres(ground.scratch)
    with asyncio.Runner() as runner:
        try:
            runner.run(postgres.start())
            server = Server(postgres, ground.scratch)
            said = [f"{name}: {_crowded(ground, server, begins)}" for name, begins in _WAYS.items()]
            server.close()
        finally:
            runner.run(postgres.stop())
    return f"{_CLIENTS} clients, no error, no row of another tenant; {'; '.join(said)}"


def _crowded(ground: Ground, server: Server, begins: bool) -> str:
    """One run on a database of its own; its figures."""
    from tests.integration.pooling.bouncer import Bouncer
    from tests.integration.pooling.crowd import Crowd

    url = server.migrated()
    proxy = Bouncer(server.address_of(url), server.passwords, servers=_SERVERS, clients=_CLIENTS)
    with proxy:
        ground.say(f"{_CLIENTS} clients on {_SERVERS} connections, begins={begins}")
        tenants = ["acme", "globex", "initech"]
        crowd = Crowd(url, proxy.url_for, clients=_CLIENTS, tenants=tenants, begins=begins)
        found = crowd.run(_ROUNDS)
    wanted = _CLIENTS // 2 * 2  # of three jobs one is cancelled
    if found.errors or found.strangers or found.completed != wanted or found.most_servers > _SERVERS:
        raise NotProvedError(
            f"begins={begins}: {found.errors.total()} errors {found.errors.most_common(5)}, "
            f"{found.strangers} rows of other tenants, {found.completed} of {wanted} jobs completed, "
            f"{found.most_servers} connections"
        )
    return (
        f"at most {found.most_servers} connections, {found.statements} statements in {found.took_s:.0f} s, "
        f"{found.completed} jobs completed"
    )


CHECK = Check(
    "pgbouncer",
    "500 clients on 20 connections behind PgBouncer in transaction mode: nothing is left in a session",
    run,
    (OURS,),
)
