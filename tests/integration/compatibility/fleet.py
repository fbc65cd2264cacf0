"""Two versions of all functions over one database, one set of queues and one bucket."""

from __future__ import annotations

import base64
import json
import logging
import os
import subprocess
import sys
import threading
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from moto.server import ThreadedMotoServer

from tests.integration.functions.recorded import batch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_sqs.client import SQSClient

ROOT = Path(__file__).resolve().parents[3]
RELEASED = sorted((Path(__file__).parent / "released").glob("*.zip"))
QUEUES = {
    "JOBS": "sqs-jobs",
    "DELIVERIES": "sqs-deliveries",
    "SLOW_DELIVERIES": "sqs-deliveries",
    "OUTCOMES": "sqs-outcomes",
}
_BUCKET = "claimcheck-documents"
_REGION = "us-east-1"
_KEYS = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": _REGION}
_ACCESS: Any = {"region_name": _REGION, "aws_access_key_id": "none", "aws_secret_access_key": "none"}


class FunctionRaisedError(Exception):
    """What a function raised, as text."""


class Host:
    """One version's functions in a process of their own. `schema` is the one that it needs."""

    def __init__(self, root: Path, log: Path, *, schema: str) -> None:
        self.schema = schema
        self._log = log.open("ab")
        self._turn = threading.Lock()
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("host.py")), str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=root,
            env={**inherited, **_KEYS},
            text=True,
        )

    def call(self, function: str, event: Mapping[str, Any], environment: Mapping[str, str]) -> Any:
        """Invoke a function. Raises FunctionRaisedError."""
        order = json.dumps({"function": function, "event": event, "environment": environment})
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._turn:
            self._process.stdin.write(order + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"the process of {function} ended; see {self._log.name}")
        told = json.loads(line)
        if "raised" in told:
            raise FunctionRaisedError(told["raised"])
        return told["answer"]

    def forget(self) -> None:
        """As if no function had run."""
        assert self._process.stdin is not None
        with self._turn:
            self._process.stdin.write('{"forget": true}\n')
            self._process.stdin.flush()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()


class Cloud:
    """moto's SQS, S3 and Secrets Manager on a port."""

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        self._s3: S3Client = boto3.client("s3", endpoint_url=self.url, **_ACCESS)
        self._sqs: SQSClient = boto3.client("sqs", endpoint_url=self.url, **_ACCESS)
        secrets: SecretsManagerClient = boto3.client("secretsmanager", endpoint_url=self.url, **_ACCESS)
        self._s3.create_bucket(Bucket=_BUCKET)
        self._urls = {name: self._sqs.create_queue(QueueName=name)["QueueUrl"] for name in QUEUES}
        secrets.create_secret(Name="model", SecretString="sk-ant-offline")
        secrets.create_secret(Name="webhooks", SecretString=base64.b64encode(b"k" * 32).decode())

    def environment(self) -> dict[str, str]:
        """The variables that say where all this is."""
        urls = {f"{name}_QUEUE_URL": url for name, url in self._urls.items()}
        return {**urls, "AWS_ENDPOINT_URL": self.url, "DOCUMENTS_BUCKET": _BUCKET}

    def upload(self, key: str, content: bytes) -> None:
        """As a client does with the address that was signed for it, its checksum kept."""
        self._s3.put_object(Bucket=_BUCKET, Key=key, Body=content, ChecksumAlgorithm="SHA256")

    def taken(self, queue: str) -> list[str]:
        """The bodies of all that lies in a queue, and is then gone."""
        url, bodies = self._urls[queue], []
        while found := self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                bodies.append(message["Body"])
                self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def close(self) -> None:
        """Stop the server."""
        self._server.stop()


@dataclass
class Fleet:
    """`versions` says which host runs a function, where that is not the new one.

    `environments`: of each host, the variables of a function by its name.
    """

    hosts: Mapping[str, Host]
    cloud: Cloud
    environments: Mapping[str, Callable[[str], dict[str, str]]]
    versions: dict[str, str] = field(default_factory=dict)

    def call(self, function: str, event: Mapping[str, Any], *, on: str | None = None) -> Any:
        """Invoke a function, on the version that is its turn, or `on` another."""
        version = on or self.versions.get(function, "new")
        environment = {**self.environments[version](function), "AWS_LAMBDA_FUNCTION_NAME": function}
        return self.hosts[version].call(function, event, environment)

    def body(self, function: str, event: Mapping[str, Any], *, status: int = 200) -> Any:
        """The JSON of an HTTP answer, which has to have this status."""
        answer = self.call(function, event)
        assert answer["statusCode"] == status, (self.versions, answer)
        return json.loads(answer["body"])

    def deliver(self, function: str, queue: str) -> int:
        """Give a function all that lies in its queue; every message has to be acknowledged. How many."""
        bodies = self.cloud.taken(queue)
        if bodies:
            answer = self.call(function, batch(QUEUES[queue], bodies))
            assert answer == {"batchItemFailures": []}, (function, self.versions)
        return len(bodies)


def unpacked(archive: Path, folder: Path) -> Path:
    """A released version's root."""
    root = folder / archive.stem
    with zipfile.ZipFile(archive) as files:
        files.extractall(root)
    return root
