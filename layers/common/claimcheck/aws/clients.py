"""boto3's clients, and how long a call of each may take.

Times are seconds, `attempts` counts the first one. A timeout that a function does not outlive is none:
submit has 15 s, status 28 s (of which a reader may wait 20), sweep 50 s for everything it does.
Proxies and addresses are the environment's.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.config import Config
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_sqs.client import SQSClient

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Budget:
    """One call's limits; a second attempt follows within a second (standard mode's first backoff)."""

    connect_s: float
    read_s: float
    attempts: int

    def config(self, **more: Any) -> Config:
        """As botocore takes it."""
        from botocore.config import Config

        return Config(
            connect_timeout=self.connect_s,
            read_timeout=self.read_s,
            retries={"mode": "standard", "total_max_attempts": self.attempts},
            **more,
        )


# A doorbell: 3 s at most after a row that is committed already. Where it fails, sweep rings.
DOORBELL = Budget(connect_s=1, read_s=2, attempts=1)
# Ten doorbells or webhooks: a second attempt is cheaper than a minute (five, for a webhook) of waiting.
BATCH = Budget(connect_s=1, read_s=2, attempts=2)
# Messages that a function takes by itself: SQS answers within the second that it is asked to wait.
POLL = Budget(connect_s=1, read_s=5, attempts=1)
# A body of 5 MB needs its time. The second attempt is for a connection refused or a 503, which come at once.
CONTENT = Budget(connect_s=2, read_s=8, attempts=2)
# Whether an upload is there: sweep looks for many, and gives up at the first that gets no answer.
LOOK = Budget(connect_s=1, read_s=3, attempts=2)
# A few bytes, read once an environment; whoever needs them has other work to do.
SECRET = Budget(connect_s=1, read_s=3, attempts=2)
# A function that is waited for: as long as it may run (840 s), and once, because it may have begun.
CALL = Budget(connect_s=5, read_s=850, attempts=1)


def sqs(budget: Budget) -> SQSClient:
    """A new client of SQS, for who receives; who only sends has `SqsSender`."""
    import boto3

    client: SQSClient = boto3.client("sqs", config=budget.config())
    return client


def s3(budget: Budget = CONTENT) -> S3Client:
    """A new client of S3."""
    import boto3

    # Path style: the bucket's name need not resolve, which an endpoint on this machine relies on.
    # Version 4: an address that boto3 signs by default binds neither the length nor the checksum.
    config = budget.config(s3={"addressing_style": "path"}, signature_version="s3v4")
    client: S3Client = boto3.client("s3", config=config)
    return client


def secrets() -> SecretsManagerClient:
    """A new client of Secrets Manager."""
    import boto3

    client: SecretsManagerClient = boto3.client("secretsmanager", config=SECRET.config())
    return client


def functions() -> LambdaClient:
    """A new client of Lambda."""
    import boto3

    client: LambdaClient = boto3.client("lambda", config=CALL.config(tcp_keepalive=True))
    return client


_MAKING = Lock()  # one for all: boto3's default session makes clients for one thread at a time


class Lazily(Generic[T]):
    """Makes something on first use, once, whichever thread asks first."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: list[T] = []

    def __call__(self) -> T:
        """What was made."""
        with _MAKING:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]
