"""What environments of functions are measured on: servers, and the processes that Lambda would start."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import secrets
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.ground import TENANT
from local import database_roles, emulator, nested, template
from local.emulator import Emulator
from local.lambdas.environment import Environment
from local.postgres import Postgres
from local.sqs_events import sqs_event
from local.system import Physical

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from claimcheck.store.connection import Database

    from local.system import Function, System

_ROOT = Path(__file__).resolve().parents[1]
_MODEL_KEY, _WEBHOOK_KEY = "bench/model", "bench/webhooks"


class NotDoneError(Exception):
    """A job did not come to its end, so what was measured is not what was meant."""


@dataclass(frozen=True)
class Stand:
    """Where environments are measured."""

    directory: Path
    database_url: str
    aws_url: str
    model_url: str
    system: System

    @property
    def function(self) -> Function:
        """Process, as the template has it."""
        return self.system.functions["ProcessFunction"]

    def event(self, jobs: Sequence[str]) -> bytes:
        """One batch of doorbells."""
        messages: Any = [
            {
                "MessageId": str(uuid.uuid4()),
                "ReceiptHandle": "r",
                "Body": json.dumps({"job_id": job}),
                "MD5OfBody": "",
                "Attributes": {},
            }
            for job in jobs
        ]
        return json.dumps(sqs_event(messages, self.system.queues["JobsQueue"], emulator.REGION)).encode()

    def uploaded(self, database: Database, content: bytes, media_type: str) -> dict[str, Any]:
        """Put a document into the bucket, as submit does with a large one; its fields of NewJob."""
        from claimcheck.aws.objects import S3Objects
        from claimcheck.store.documents import object_key
        from claimcheck.store.uploads import want_object

        sha256 = hashlib.sha256(content).digest()
        want_object(database, TENANT, sha256)
        client = emulator.client_of("s3", self.aws_url)
        objects = S3Objects(self.system.buckets["DocumentsBucket"].name, connect=lambda: client)
        objects.put(object_key(TENANT, sha256), content, media_type)
        return {"media_type": media_type, "size_bytes": len(content), "sha256": sha256}

    async def start(self, environment: Environment, **more: str) -> None:
        """Start one with what a function needs here, and `more` variables; from the main thread."""
        access_key, secret_key = emulator.CREDENTIALS
        variables = {
            "ANTHROPIC_BASE_URL": self.model_url,
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret_key,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1,localhost",
            **more,
        }
        await environment.start(region=emulator.REGION, extra=variables)

    @contextlib.asynccontextmanager
    async def environment(self, **more: str) -> AsyncIterator[Environment]:
        """A new environment of process, with `more` variables; to be called from the main thread."""
        environment = Environment(self.function, self.directory / "process.log")
        await self.start(environment, **more)
        try:
            yield environment
        finally:
            await environment.close()


async def invoked(environment: Environment, event: bytes) -> None:
    """One invocation. Raises NotDoneError."""
    answer = await environment.invoke(event, str(uuid.uuid4()))
    if answer.failed:
        raise NotDoneError(answer.payload.decode(errors="replace"))


@contextlib.asynccontextmanager
async def stand(directory: Path, model_url: str) -> AsyncIterator[Stand]:
    """Start the servers in `directory`, which everybody may enter; stop them afterwards."""
    postgres, aws = Postgres(directory), Emulator(directory)
    await asyncio.gather(postgres.start(), aws.start())
    try:
        passwords = directory / "roles"
        system = _system(postgres.url, passwords, aws.url)
        await asyncio.to_thread(_prepared, postgres.url, passwords, aws.url, system)
        yield Stand(directory, postgres.url, aws.url, model_url, system)
    finally:
        await asyncio.gather(postgres.stop(), aws.stop())


def _system(database_url: str, passwords: Path, aws_url: str) -> System:
    parameters = {
        "AnthropicSecretArn": emulator.secret_arn(_MODEL_KEY),
        "WebhookKeySecretArn": emulator.secret_arn(_WEBHOOK_KEY),
    }
    names = Physical(aws_endpoint=aws_url, region=emulator.REGION, account=emulator.ACCOUNT)
    return template.load(
        _ROOT / "template.yaml",
        parameters,
        physical=names,
        outputs=nested.outputs(database_url, database_roles.address_of(database_url, passwords)),
    )


def _prepared(database_url: str, passwords: Path, aws_url: str, system: System) -> None:
    from claimcheck.store.connection import Database
    from claimcheck.usecases.keys import create_key
    from claimcheck.usecases.migrate import migrate

    key = base64.b64encode(secrets.token_bytes(32)).decode()
    emulator.provision(aws_url, system, {_MODEL_KEY: "offline", _WEBHOOK_KEY: key})
    migrate(database_url)
    database_roles.give_passwords(database_url, passwords)
    database = Database(database_url)
    create_key(database, TENANT)
    database.close()
