"""The whole system on one machine: services, functions, gateway and event sources, started and stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from local import database_roles, emulator, tenant_key
from local.datadir import DataDirectory, UpFile
from local.options import check_port, function_environment, port_error
from local.processes import LOOPBACK, ServiceError
from local.services import SECRET_PARAMETERS, Services
from local.tenant_key import TENANT

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.gateway import Gateway
    from local.lambdas.invoke_api import InvokeApi
    from local.lambdas.pool import FunctionPool
    from local.options import Options
    from local.permissions.guard import Guard
    from local.sources import Sources
    from local.system import System

# On a laptop, what bounds a tenant is the machine, and no question waits for company, unless one asks for it.
_UNHURRIED = {
    "TenantRateLimit": "10000",
    "TenantBurst": "5000",
    "EconomyWaitSeconds": "2",
    "EconomyLookSeconds": "2",
    "EconomySchedule": "rate(3 seconds)",
}


@dataclass(frozen=True)
class Ready:
    """Where the running system is, and the local tenant's key."""

    url: str
    key: str


class Stack:
    """One local system; `start` and `stop` run in the main thread's event loop (see `processes.spawn`)."""

    def __init__(self, options: Options, *, log: Callable[[str], None] = lambda _: None) -> None:
        self._options = options
        self._log = log
        self._data = DataDirectory(options.directory)
        self._services = Services(options, self._data, log=log)
        self._system: System | None = None
        self._pools: dict[str, FunctionPool] = {}
        self._gateway: Gateway | None = None
        self._invoke_api: InvokeApi | None = None
        self._invoke_secret = secrets.token_urlsafe(32)
        self._sources: Sources | None = None
        self._warming: asyncio.Task[None] | None = None
        self._guard: Guard | None = None

    @property
    def failed(self) -> asyncio.Future[ServiceError]:
        """Is done when a service cannot be kept running; its result says why."""
        return self._services.failed

    async def start(self) -> Ready:
        """Start everything and return when requests are answered.

        Raises ServiceError with one line that says what to do, TemplateError for a template that cannot
        be run here. After either, call `stop`.
        """
        self._data.acquire()
        check_port(self._options.port)
        database_url = await self._services.start()
        self._system = self._load_template(database_url)
        await self._start_pools(self._system)
        _, version = await asyncio.gather(self._services.provision(self._system), self._migrate())
        self._services.watch(self._system)
        self._log(f"the database's schema is at version {version}")
        await asyncio.to_thread(self._open_to_roles, database_url)
        key = await asyncio.to_thread(self._ensure_key, database_url)
        await self._start_traffic(self._system)
        self._warming = asyncio.create_task(self._warm())
        ready = Ready(f"http://{LOOPBACK}:{self._port()}", key)
        self._data.write_up(self._up(ready, database_url))
        return ready

    async def stop(self) -> None:
        """Stop everything within 5 seconds and let the data directory go. May be called at any time."""
        if self._warming is not None:
            self._warming.cancel()
        parts = (self._gateway, self._invoke_api, self._sources)
        closing = [part.close() for part in parts if part is not None]
        if closing:  # an open call may take its time; its client sees a lost connection
            await asyncio.wait([asyncio.ensure_future(close) for close in closing], timeout=1.0)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(
                asyncio.gather(*(pool.close() for pool in self._pools.values()), return_exceptions=True), 2.0
            )
        if self._guard is not None:
            await self._guard.close()
        await self._services.stop()
        self._data.release()

    def kill(self) -> None:
        """Kill every process at once and let the data directory go; for a user who does not want to wait."""
        import psutil

        workers = [pid for pool in self._pools.values() for pid in pool.pids()]
        victims = []
        for pid in (*self._services.pids(), *workers):
            with contextlib.suppress(psutil.NoSuchProcess):
                victims.append(psutil.Process(pid))
                # PostgreSQL takes its own children with it, and recovers at the next start
                is_database = pid == self._services.database_pid()
                victims[-1].send_signal(signal.SIGQUIT if is_database else signal.SIGKILL)
        for survivor in psutil.wait_procs(victims, timeout=1.5)[1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                survivor.kill()
        self._data.release()

    def _load_template(self, database_url: str) -> System:
        from local import nested, template

        address = database_roles.address_of(database_url, self._data.role_passwords)
        parameters = {
            **_UNHURRIED,
            **self._options.parameters,
            **SECRET_PARAMETERS,
        }
        try:
            return template.load(
                self._options.template,
                parameters,
                physical=self._services.physical(),
                outputs=nested.outputs(database_url, address),
            )
        except template.TemplateError as error:
            raise ServiceError(f"{self._options.template}: {error}") from error
        except OSError as error:
            raise ServiceError(f"cannot read {self._options.template}: {error.strerror}") from None

    async def _start_pools(self, system: System) -> None:
        from local.lambdas.environment import THIS_PYTHON
        from local.lambdas.pool import FunctionPool
        from local.permissions.guard import guarding

        self._guard = await guarding(
            self._options.permissions,
            system,
            upstream=self._services.aws_url,
            record=self._data.path / "logs" / "aws-calls.jsonl",
        )
        waited_for = _waited_for(system)
        for logical_id, function in system.functions.items():
            aws_url = self._guard.url(logical_id) if self._guard else self._services.aws_url
            extra = function_environment(self._options, aws_url=aws_url, model_url=self._services.model_url)
            pool = FunctionPool(
                function,
                logs=self._data.path / "logs",
                extra_environment=extra,
                region=emulator.REGION,
                concurrency=system.concurrency(logical_id),
                python=self._options.python or THIS_PYTHON,
                yields=logical_id not in waited_for,
            )
            await pool.start()
            self._pools[logical_id] = pool

    async def _migrate(self) -> str:
        """As a deployment does: by the function of the template."""
        from local.lambdas.environment import InitError

        pool = self._pools.get("MigrateFunction")
        if pool is None:
            raise ServiceError(f"{self._options.template} has no function MigrateFunction")
        while True:
            try:
                invocation = await pool.invoke({})
            except InitError as error:
                raise ServiceError(f"MigrateFunction does not start: {error}") from None
            if not invocation.ok:
                log = self._data.path / "logs" / "MigrateFunction.log"
                message = invocation.payload.decode(errors="replace")
                raise ServiceError(f"the database could not be migrated: {message} (log: {log})")
            migrated = invocation.json()
            if migrated["unfinished"] is None:
                return str(migrated["version"])
            self._log(f"the migration goes on: {migrated['unfinished']}")

    def _open_to_roles(self, database_url: str) -> None:
        database_roles.give_passwords(database_url, self._data.role_passwords)
        if not self._services.own_database:
            database_roles.check_roles(database_url, self._data.role_passwords)

    def _ensure_key(self, database_url: str) -> str:
        from claimcheck.refusals import CommandRefused

        try:
            return tenant_key.keep(self._data.key, database_url)
        except CommandRefused as refusal:  # the tenant was deleted
            raise ServiceError(f"{refusal.message} Here: another --data directory.") from None

    async def _start_traffic(self, system: System) -> None:
        from local.gateway import Gateway
        from local.lambdas.invoke_api import InvokeApi
        from local.sources import Sources

        self._gateway = Gateway(system, self._pools, host=LOOPBACK, port=self._options.port)
        try:
            await self._gateway.start()
        except OSError as error:
            raise port_error(self._options.port, error) from None
        self._invoke_api = InvokeApi(self._pools, credentials=(TENANT, self._invoke_secret))
        await self._invoke_api.start()
        self._sources = Sources(
            system,
            self._pools,
            sqs_endpoint=self._services.aws_url,
            region=emulator.REGION,
            credentials=emulator.CREDENTIALS,
        )
        await self._sources.start()

    async def _warm(self) -> None:
        """One environment of each function that answers requests, so that the first one is quick too."""
        assert self._system is not None  # noqa: S101 (for the type checker)
        first = _waited_for(self._system)
        later = {source.function for source in self._system.sqs_sources} - first
        for group in (first, later):
            results = await asyncio.gather(*map(self._warm_one, sorted(group)), return_exceptions=True)
            for name, result in zip(sorted(group), results, strict=True):
                if isinstance(result, Exception):
                    self._log(f"{name} does not start: {result}")

    async def _warm_one(self, name: str) -> None:
        await self._pools[name].warm()

    def _port(self) -> int:
        return self._gateway.port if self._gateway else self._options.port

    def _up(self, ready: Ready, database_url: str) -> UpFile:
        operator = self._pools.get("OperatorFunction")
        return UpFile(
            pid=os.getpid(),
            url=ready.url,
            key=ready.key,
            model=self._services.model,
            database_url=database_url,
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            services={
                "aws": self._services.aws_url,
                "model": self._services.model_url or "",
                "lambda": self._invoke_api.url if self._invoke_api else "",
            },
            operator={
                "function": operator.function.name if operator else "",
                "access_key_id": TENANT,
                "secret_access_key": self._invoke_secret,
            },
        )


def _waited_for(system: System) -> set[str]:
    """The functions that answer requests: somebody waits for them."""
    authorizer = system.api.authorizer
    return {route.function for route in system.routes} | ({authorizer.function} if authorizer else set())
