"""PgBouncer in transaction mode stands in for RDS Proxy: 500 clients of the store on 20 connections."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.proof.check import Check, NotProvedError
from toolchain.environments import OURS

if TYPE_CHECKING:
    from tests.proof.check import Ground

_CLIENTS = 500
_SERVERS = 20
_ROUNDS = 3


def run(ground: Ground) -> str:
    """Fail on any error, any row of another tenant, any connection more, any job that is not done."""
    from local.postgres import Postgres
    from tests.integration.conftest import Server
    from tests.integration.pooling.bouncer import Bouncer, program
    from tests.integration.pooling.crowd import Crowd

    if program() is None:
        raise NotProvedError("PgBouncer is not installed: Debian's package pgbouncer has it")
    ground.scratch.chmod(0o755)
    postgres = Postgres(ground.scratch)
    with asyncio.Runner() as runner:
        try:
            runner.run(postgres.start())
            server = Server(postgres, ground.scratch)
            url = server.migrated()
            proxy = Bouncer(server.address_of(url), server.passwords, servers=_SERVERS, clients=_CLIENTS)
            with proxy:
                ground.say(f"{_CLIENTS} clients on {_SERVERS} connections")
                crowd = Crowd(url, proxy.url_for, clients=_CLIENTS, tenants=["acme", "globex", "initech"])
                found = crowd.run(_ROUNDS)
            server.close()
        finally:
            runner.run(postgres.stop())
    wanted = _CLIENTS // 2 * 2  # of three jobs one is cancelled
    if found.errors or found.strangers or found.completed != wanted or found.most_servers > _SERVERS:
        raise NotProvedError(
            f"{found.errors.total()} errors {found.errors.most_common(5)}, {found.strangers} rows of other "
            f"tenants, {found.completed} of {wanted} jobs completed, {found.most_servers} connections"
        )
    return (
        f"{found.clients} clients, at most {found.most_servers} connections, {found.statements} statements "
        f"in {found.took_s:.0f} s, {found.completed} jobs completed, no error, no row of another tenant"
    )


CHECK = Check(
    "pgbouncer",
    "500 clients on 20 connections behind PgBouncer in transaction mode: nothing is left in a session",
    run,
    (OURS,),
)
