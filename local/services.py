"""What the functions speak to, as child processes: PostgreSQL, the emulator of AWS, the model's stand-in."""

from __future__ import annotations

import asyncio
import base64
import secrets
from typing import TYPE_CHECKING

from local import emulator, postgres, secretfiles
from local.emulator import Emulator
from local.model_server import OfflineModel
from local.options import choose_model
from local.postgres import Postgres
from local.supervisor import Supervisor
from local.system import Physical

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.datadir import DataDirectory
    from local.options import Model, Options
    from local.processes import ServiceError
    from local.system import System

_MODEL_KEY_AT = "claimcheck/anthropic-key"
_WEBHOOK_KEY_AT = "claimcheck/webhook-key"
SECRET_PARAMETERS = {
    "AnthropicSecretArn": emulator.secret_arn(_MODEL_KEY_AT),
    "WebhookKeySecretArn": emulator.secret_arn(_WEBHOOK_KEY_AT),
}
"""Where the template's secrets are in the emulator."""


class Services:
    """Started together, watched, and stopped together; of the database, the user's own where there is one.

    Raises ServiceError where the model that is asked for cannot be called.
    """

    def __init__(self, options: Options, data: DataDirectory, *, log: Callable[[str], None]) -> None:
        self.model: Model = choose_model(options.model, options.environ)
        self._options = options
        self._log = log
        self._data = data
        self._supervisor = Supervisor(log)
        self._emulator = Emulator(data.path)
        self._postgres: Postgres | None = None
        self._offline: OfflineModel | None = None

    @property
    def failed(self) -> asyncio.Future[ServiceError]:
        """Is done when a service cannot be kept running; its result says why."""
        return self._supervisor.failed

    @property
    def own_database(self) -> bool:
        """Whether PostgreSQL is one of them, and not a server of the user's."""
        return self._postgres is not None

    @property
    def aws_url(self) -> str:
        """Where AWS is, known after `start`."""
        return self._emulator.url

    @property
    def model_url(self) -> str | None:
        """Where the model is, known after `start`; None for the Anthropic SDK's own address."""
        return self._offline.url if self._offline else self._options.environ.get("ANTHROPIC_BASE_URL")

    def physical(self) -> Physical:
        """The emulator's account, after which the template's resources are named."""
        return Physical(aws_endpoint=self._emulator.url, region=emulator.REGION, account=emulator.ACCOUNT)

    async def start(self) -> str:
        """Start them, and return the database's URL when each serves. Raises ServiceError."""
        external = self._options.environ.get("DATABASE_URL")
        started: list[Emulator | Postgres | OfflineModel] = [self._emulator]
        if not external:
            self._postgres = Postgres(self._data.path, log=self._log)
            started.append(self._postgres)
        if self.model == "offline":
            self._log("answers come from the offline stand-in, labelled `offline`: no AI model is called")
            self._offline = OfflineModel(self._data.path, context_tokens=self._context_tokens())
            started.append(self._offline)
        imported = asyncio.create_task(asyncio.to_thread(_import_slow_modules))
        await self._supervisor.start(*started)
        await imported
        if external:
            self._log("using the PostgreSQL server of DATABASE_URL")
            await asyncio.to_thread(postgres.check_server, external)
            return external
        assert self._postgres is not None  # noqa: S101 (for the type checker)
        return self._postgres.url

    async def provision(self, system: System) -> None:
        """Make the template's queues, buckets and secrets in the emulator."""
        webhook_key = secretfiles.read_or_make(
            self._data.webhook_key, lambda: base64.b64encode(secrets.token_bytes(32)).decode()
        )
        model_key = self._options.environ.get("ANTHROPIC_API_KEY") if self.model == "anthropic" else None
        values = {_MODEL_KEY_AT: model_key or "offline", _WEBHOOK_KEY_AT: webhook_key}
        await asyncio.to_thread(emulator.provision, self._emulator.url, system, values)

    def watch(self, system: System) -> None:
        """From now on start again what ends; in the emulator, make queues and secrets again."""
        self._supervisor.watch(self._emulator, lambda: self.provision(system))
        for service in (self._postgres, self._offline):
            if service is not None:
                self._supervisor.watch(service)

    async def stop(self) -> None:
        """Stop them, all at once."""
        await self._supervisor.stop()

    def pids(self) -> list[int]:
        """The process ids of those that run now."""
        return self._supervisor.pids()

    def database_pid(self) -> int | None:
        """PostgreSQL's process id, where it is one of them and was started."""
        return self._postgres.process.pid if self._postgres and self._postgres.process else None

    def _context_tokens(self) -> int | None:
        """What the worker believes the model to hold: the stand-in is to refuse what is more.

        What is wrong with the template is said where it is loaded.
        """
        from local import template, template_parameters

        try:
            said = template_parameters.parameter(
                self._options.template, "ContextTokens", self._options.parameters
            )
            return None if said is None else int(said)
        except (template.TemplateError, OSError, ValueError):
            return None


def _import_slow_modules() -> None:
    """While the services start: half a second that nobody has to wait for afterwards."""
    import aiohttp  # noqa: F401
    import boto3  # noqa: F401
    import psycopg  # noqa: F401
