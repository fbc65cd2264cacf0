"""SQS, S3 and Secrets Manager on one machine: ministack as a child process, and what is made in it."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.processes import (
    LOOPBACK,
    ServiceError,
    end,
    ended_how,
    free_port,
    http_status,
    last_words,
    spawn,
    wait_ready,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

    from local.system import Bucket, System

REGION = "us-east-1"
ACCOUNT = "000000000000"
CREDENTIALS = ("local", "local")  # an access key of 12 digits would be taken for an account
_START_ATTEMPTS = 5
# Fair queues, and another server than its own, which reads HTTP in Python: a call costs half.
_APPLICATION = "local.fair_queues:app"
_SERVED = [
    *("--app-dir", str(Path(__file__).resolve().parents[1])),
    *("--host", LOOPBACK, "--http", "httptools", "--loop", "uvloop", "--lifespan", "on"),
    *("--no-access-log", "--no-date-header", "--no-server-header", "--log-level", "warning"),
    *("--timeout-keep-alive", "75", "--timeout-graceful-shutdown", "1"),
]


class Emulator:
    """ministack on a free port of the loopback interface; `directory/s3` holds its objects.

    Objects and buckets survive a kill. Queues and secrets do not: `provision` makes them again, and lost
    messages are rung again by `sweep`.
    """

    name = "the AWS emulator"

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._log_file = directory / "logs" / "emulator.log"
        self._port = 0
        self._process: asyncio.subprocess.Process | None = None

    @property
    def process(self) -> asyncio.subprocess.Process | None:
        """The emulator, None before the start."""
        return self._process

    @property
    def url(self) -> str:
        """The endpoint URL of every service, known after `start`."""
        return f"http://{LOOPBACK}:{self._port}"

    async def start(self) -> None:
        """Start it and wait until it answers; a second call starts it again on the same port.

        Raises ServiceError when the wheel is missing or it does not start.
        """
        if importlib.util.find_spec("ministack") is None:
            raise ServiceError("the wheel ministack is not installed: pip install ministack")
        scratch, objects = self._directory / "tmp", self._directory / "s3"
        for path in (scratch, objects):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        keep_port = self._port != 0
        for attempt in range(_START_ATTEMPTS):
            if attempt:
                await asyncio.sleep(0.2)
            if not keep_port:
                self._port = free_port()
            self._process = await spawn(
                [sys.executable, "-m", "uvicorn", _APPLICATION, *_SERVED, "--port", str(self._port)],
                env=self._environment(scratch, objects),
                log=self._log_file,
                cwd=scratch,
            )
            if await wait_ready(self._process, self._answers, timeout_s=60):
                return
        await self.stop()
        how = ended_how(self._process.returncode) if self._process else ""
        raise ServiceError(
            f"the AWS emulator does not start ({how}): {last_words(self._log_file)} (log: {self._log_file})"
        )

    async def stop(self) -> None:
        """Stop it: it is asked, and killed after a second."""
        await end(self._process, (signal.SIGTERM, 1.0))

    def _environment(self, scratch: Path, objects: Path) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "TMPDIR": str(scratch),  # its pid file goes there
            "GATEWAY_PORT": str(self._port),
            "BIND_HOST": LOOPBACK,  # its default is every interface
            "MINISTACK_HOST": LOOPBACK,  # in the queues' URLs
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "SERVICES": "sqs,s3,secretsmanager",
            # Of presigned addresses it checks the signature, which only a key that it knows can have made.
            "AWS_ACCESS_KEY_ID": CREDENTIALS[0],
            "AWS_SECRET_ACCESS_KEY": CREDENTIALS[1],
            "IOT_MTLS_ENABLED": "0",  # would listen on port 8883
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent",  # it would remove containers it takes for its own
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(objects),
            "LOG_LEVEL": "WARNING",
        }

    async def _answers(self) -> bool:
        return await http_status(self._port, "/_ministack/health") == 200


def provision(endpoint: str, system: System, secrets: Mapping[str, str]) -> None:
    """Create the queues, buckets and secrets that are not there yet, and set what has changed.

    `secrets` maps names to values; `secret_arn(name)` is where a function finds one.
    """
    sqs: SQSClient = client_of("sqs", endpoint)
    targets = {queue.dead_letter for queue in system.queues.values()}
    for queue in sorted(system.queues.values(), key=lambda queue: queue.logical_id not in targets):
        _ensure_queue(sqs, queue.name, queue.attributes(system.queues))
    s3: S3Client = client_of("s3", endpoint)
    for bucket in system.buckets.values():
        with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
            s3.create_bucket(Bucket=bucket.name)
        _set_notifications(s3, bucket, system)
    vault: SecretsManagerClient = client_of("secretsmanager", endpoint)
    for name, value in secrets.items():
        _ensure_secret(vault, name, value)


def secret_arn(name: str) -> str:
    """The ARN of a secret without its random ending: valid on AWS too, and the same after a restart."""
    return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}"


def _set_notifications(s3: S3Client, bucket: Bucket, system: System) -> None:
    """As on AWS, each queue gets a test message."""
    configurations: list[Any] = [
        {
            "QueueArn": system.queues[each.queue].arn,
            "Events": [each.event],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": each.prefix}]}},
        }
        for each in bucket.notifications
    ]
    s3.put_bucket_notification_configuration(
        Bucket=bucket.name, NotificationConfiguration={"QueueConfigurations": configurations}
    )


def _ensure_queue(sqs: SQSClient, name: str, attributes: Mapping[str, str]) -> None:
    wanted: dict[Any, str] = dict(attributes)
    try:
        sqs.create_queue(QueueName=name, Attributes=wanted)
    except sqs.exceptions.QueueNameExists:
        sqs.set_queue_attributes(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"], Attributes=wanted)


def _ensure_secret(vault: SecretsManagerClient, name: str, value: str) -> None:
    try:
        vault.create_secret(Name=name, SecretString=value)
    except vault.exceptions.ResourceExistsException:
        vault.put_secret_value(SecretId=name, SecretString=value)


def client_of(service: str, endpoint: str) -> Any:
    """A client that is deaf to the user's own AWS settings: profiles, endpoints, proxies."""
    import boto3
    from botocore.config import Config

    key, secret = CREDENTIALS
    session = boto3.Session(aws_access_key_id=key, aws_secret_access_key=secret, region_name=REGION)
    config = Config(
        s3={"addressing_style": "path"},
        retries={"mode": "standard", "max_attempts": 3},
        proxies={},
        connect_timeout=5,
        read_timeout=15,
    )
    make: Any = session.client
    return make(service, endpoint_url=endpoint, config=config)
