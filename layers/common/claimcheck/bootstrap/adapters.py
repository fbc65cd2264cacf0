"""The adapters, as settings say, and the use cases that several others hold."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

    from claimcheck.environment import DatabaseAuth
    from claimcheck.store.connection import Database
    from claimcheck.usecases.arrive import Arrive
    from claimcheck.usecases.deliver import Deliver
    from claimcheck.usecases.ports import Queue
    from claimcheck.usecases.secrets import Secrets


class _Reaching(Protocol):
    """Settings of a function that has the database."""

    @property
    def database_url(self) -> str: ...

    @property
    def database_auth(self) -> DatabaseAuth: ...


def database(chosen: _Reaching) -> Database:
    """The connection of an environment, opened on first use; with `iam` by a token of its own."""
    from claimcheck.store.connection import Database

    if chosen.database_auth == "iam":
        from claimcheck.aws.database_token import connect_with_token

        # tokens are for RDS Proxy, which may know a transaction by its BEGIN alone (decision 167)
        return Database(chosen.database_url, connect=connect_with_token, begins=True)
    return Database(chosen.database_url)


def queue(url: str) -> Queue:
    """A queue of SQS to send to."""
    from claimcheck.aws.queues import SqsQueue

    return SqsQueue(url)


def arrive(database: Database, bucket: str, jobs_queue_url: str) -> Arrive:
    """Looks at uploads in `bucket`, and rings for the jobs that wait for them."""
    from claimcheck.aws.objects import S3Objects
    from claimcheck.usecases.arrive import Arrive

    return Arrive(database, S3Objects(bucket, connect=looking), queue(jobs_queue_url))


def looking() -> S3Client:
    """S3 for those who have many questions and little time."""
    from claimcheck.aws import clients

    return clients.s3(clients.LOOK)


def secrets(key_arn: str) -> Secrets:
    """The tenants' webhook secrets, sealed by the key in Secrets Manager, which is read once."""
    from claimcheck.aws.secrets import read_secret
    from claimcheck.usecases.secrets import Secrets
    from claimcheck.webhooks.vault import Vault

    return Secrets(Vault(partial(read_secret, key_arn)))


class _Queues(Protocol):
    """Settings of a function that sends webhooks on their way."""

    @property
    def deliveries_queue_url(self) -> str: ...

    @property
    def slow_deliveries_queue_url(self) -> str: ...


def deliver(queues: _Queues, secrets: Secrets) -> Deliver:
    """Puts signed webhooks on their queues."""
    from claimcheck.usecases.deliver import Deliver

    return Deliver(queue(queues.deliveries_queue_url), queue(queues.slow_deliveries_queue_url), secrets)
