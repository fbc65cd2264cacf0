"""What handlers are measured on: PostgreSQL and SQS as `claimcheck up` runs them, and no worker."""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.scratch import scratch
from local import database_roles, emulator
from local.emulator import Emulator
from local.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mypy_boto3_sqs.client import SQSClient

TENANT = "bench"


@dataclass(frozen=True)
class Ground:
    """Running servers: a migrated database with one tenant, and a queue that nobody reads.

    `database_url` is for the role of the functions that answer requests, `owner_url` for who migrates.
    """

    owner_url: str
    database_url: str
    aws_url: str
    queue_url: str

    def environment(self, *, database_url: str = "", queue_url: str = "") -> dict[str, str]:
        """The variables of a function on this ground; the arguments put a relay in between."""
        queue = queue_url or self.queue_url
        access_key, secret_key = emulator.CREDENTIALS
        return {
            "DATABASE_URL": database_url or self.database_url,
            "JOBS_QUEUE_URL": queue,
            "DELIVERIES_QUEUE_URL": queue,
            "SLOW_DELIVERIES_QUEUE_URL": queue,
            "DOCUMENTS_BUCKET": "bench",
            "WEBHOOK_KEY_SECRET_ARN": emulator.secret_arn("bench"),
            # the URL of the queue decides where a message goes; the endpoint is for all else
            "AWS_ENDPOINT_URL": queue.rsplit("/", 2)[0],
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret_key,
            "AWS_DEFAULT_REGION": emulator.REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1,localhost",
            "POWERTOOLS_SERVICE_NAME": "claimcheck",
            "POWERTOOLS_METRICS_NAMESPACE": "Claimcheck",
            "POWERTOOLS_LOG_LEVEL": "INFO",
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
        }


@contextlib.contextmanager
def ground() -> Iterator[Ground]:
    """Start the servers in a directory of their own, and leave nothing behind.

    To be called from the main thread: the kernel ends the servers with the thread that started them.
    """
    with scratch() as directory, asyncio.Runner() as runner:
        services = (Postgres(directory), Emulator(directory))
        try:
            for service in services:
                runner.run(service.start())
            database, aws = services
            yield _prepared(database.url, aws.url, directory / "roles")
        finally:
            for service in services:
                runner.run(service.stop())


def _prepared(owner_url: str, aws_url: str, passwords: Path) -> Ground:
    from claimcheck.store.connection import Database
    from claimcheck.usecases.keys import create_key
    from claimcheck.usecases.migrate import migrate

    migrate(owner_url)
    database_roles.give_passwords(owner_url, passwords)
    database = Database(owner_url)
    create_key(database, TENANT)
    database.close()
    queue: str = sqs_client(aws_url).create_queue(QueueName="bench")["QueueUrl"]
    api_url = f"postgresql://claimcheck_api@{database_roles.address_of(owner_url, passwords)}"
    return Ground(owner_url, api_url, aws_url, queue)


def sqs_client(endpoint: str) -> SQSClient:
    """A plain client of the kind that submit has."""
    import boto3
    from botocore.config import Config

    access_key, secret_key = emulator.CREDENTIALS
    session = boto3.Session(
        aws_access_key_id=access_key, aws_secret_access_key=secret_key, region_name=emulator.REGION
    )
    make: Any = session.client
    config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2}, proxies={})
    client: SQSClient = make("sqs", endpoint_url=endpoint, config=config)
    return client


@contextlib.contextmanager
def environment(variables: dict[str, str]) -> Iterator[None]:
    """These variables in the environment of this process, for a block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
