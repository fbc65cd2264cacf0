"""SQS, S3 and Secrets Manager as files: what a process did before it was killed, the next one finds."""

from __future__ import annotations

import base64
import io
import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from pathlib import Path

BUCKET = "documents"
QUEUES = {"process": "jobs", "notify": "deliveries", "record": "outcomes"}  # by who reads them
# Receivers that hang have a queue of their own; whether notify reads one or two is no matter of crashes.
SECRETS = {"model": "sk-ant-offline", "webhooks": base64.b64encode(b"k" * 32).decode()}


@dataclass(frozen=True)
class Letter:
    """A message that lies in a queue."""

    path: Path
    body: str
    group: str
    delay_s: int

    def acknowledge(self) -> None:
        """Take it out of its queue."""
        self.path.unlink()

    def rewrite(self, body: str) -> None:
        """Give it another body."""
        _write(self.path, _letter(body, self.group, self.delay_s))


class FileCloud:
    """One account's queues and bucket, below `directory`. `client` stands in for `boto3.client`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        for name in (*QUEUES.values(), BUCKET):
            (directory / name).mkdir(parents=True, exist_ok=True)

    def client(self, service: str, **_: Any) -> Any:
        """A client of one service, with the calls that the product makes."""
        return {"sqs": _Sqs, "s3": _S3, "secretsmanager": _Secrets}[service](self._directory)

    def letters(self, queue: str, *, delayed: bool = False) -> list[Letter]:
        """What can be seen in a queue, oldest first; with `delayed` also what waits for its delay to end."""
        paths = sorted((self._directory / queue).glob("*.json"))
        letters = [Letter(path=path, **json.loads(path.read_bytes())) for path in paths]
        return [letter for letter in letters if delayed or letter.delay_s == 0]

    def end_delays(self) -> None:
        """As if SQS's longest delay had passed."""
        for queue in QUEUES.values():
            for letter in self.letters(queue, delayed=True):
                if letter.delay_s:
                    letter.acknowledge()
                    _put_letter(self._directory / queue, letter.body, letter.group, 0)

    def lose_letters(self) -> None:
        """Every message is lost, whether anybody has seen it or not."""
        for queue in QUEUES.values():
            for letter in self.letters(queue, delayed=True):
                letter.acknowledge()


class _Sqs:
    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def send_message(self, **call: Any) -> None:
        queue = self._directory / call["QueueUrl"]
        _put_letter(queue, call["MessageBody"], call["MessageGroupId"], call["DelaySeconds"])

    def send_message_batch(self, **call: Any) -> dict[str, Any]:
        for entry in call["Entries"]:
            self.send_message(QueueUrl=call["QueueUrl"], **entry)
        return {"Successful": [{"Id": entry["Id"]} for entry in call["Entries"]], "Failed": []}


class _S3:
    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put_object(self, **call: Any) -> None:
        _write(self._path(call), call["Body"])

    def get_object(self, **call: Any) -> dict[str, Any]:
        return {"Body": io.BytesIO(self._path(call).read_bytes())}

    def get_paginator(self, _operation: str) -> _S3:
        return self

    def paginate(self, **call: Any) -> list[dict[str, Any]]:
        """Every object has one version."""
        keys = [unquote(path.name) for path in (self._directory / call["Bucket"]).iterdir()]
        found = [key for key in keys if key.startswith(call["Prefix"])]
        return [{"Versions": [{"Key": key, "VersionId": "null"} for key in found]}]

    def delete_objects(self, **call: Any) -> dict[str, Any]:
        for each in call["Delete"]["Objects"]:
            self._path({"Bucket": call["Bucket"], "Key": each["Key"]}).unlink(missing_ok=True)
        return {}

    def _path(self, call: dict[str, Any]) -> Path:
        path: Path = self._directory / call["Bucket"] / quote(call["Key"], safe="")
        return path


class _Secrets:
    def __init__(self, directory: Path) -> None:
        """The directory holds none of them."""

    def get_secret_value(self, **call: Any) -> dict[str, str]:
        return {"SecretString": SECRETS[call["SecretId"]]}


def _put_letter(queue: Path, body: str, group: str, delay_s: int) -> None:
    _write(queue / f"{time.time_ns()}-{uuid.uuid4()}.json", _letter(body, group, delay_s))


def _letter(body: str, group: str, delay_s: int) -> bytes:
    return json.dumps({"body": body, "group": group, "delay_s": delay_s}).encode()


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, as the services do it."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.rename(path)
