from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import psutil
import pytest
from botocore.config import Config
from claimcheck.aws.objects import S3Objects

from local import emulator, nested, template
from local.emulator import Emulator
from local.system import Physical
from tests.integration.services.observed import alive, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from local.system import System
    from tests.integration.services.observed import Script

TEMPLATE = Path(__file__).resolve().parents[3] / "template.yaml"
START_AND_WAIT = """
import asyncio, sys
from pathlib import Path
from local.emulator import Emulator
async def main():
    server = Emulator(Path(sys.argv[1]))
    await server.start()
    print(server.process.pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@asynccontextmanager
async def running(data: Path) -> AsyncIterator[Emulator]:
    server = Emulator(data)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


def client(service: str, url: str) -> Any:
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(s3={"addressing_style": "path"}),
    )


def system(url: str) -> System:
    parameters = {"AnthropicSecretArn": "-", "WebhookKeySecretArn": "-"}
    return template.load(
        TEMPLATE,
        parameters,
        physical=Physical(aws_endpoint=url),
        outputs=nested.outputs("postgresql://-", "-"),
    )


def test_the_template_s_queues_exist_at_their_urls_with_their_attributes(data: Path) -> None:
    """A function that uses a queue's URL from the template finds it, dead letters included."""

    async def scenario() -> None:
        async with running(data) as server:
            wanted = system(server.url)
            emulator.provision(server.url, wanted, {})
            sqs = client("sqs", server.url)
            assert set(sqs.list_queues()["QueueUrls"]) == {queue.url for queue in wanted.queues.values()}
            jobs = wanted.queues["JobsQueue"]
            found = sqs.get_queue_attributes(QueueUrl=jobs.url, AttributeNames=["All"])["Attributes"]
            assert found["QueueArn"] == jobs.arn
            assert found["VisibilityTimeout"] == str(jobs.visibility_timeout)
            redrive = json.loads(found["RedrivePolicy"])
            assert redrive["deadLetterTargetArn"] == wanted.queues["JobsDeadLetters"].arn

    asyncio.run(scenario())


def test_provisioning_twice_keeps_messages_and_takes_the_newer_secret(data: Path) -> None:
    """Provisioning is idempotent: a second time changes nothing but what is different."""

    async def scenario() -> None:
        async with running(data) as server:
            wanted = system(server.url)
            emulator.provision(server.url, wanted, {"claimcheck/key": "old"})
            sqs = client("sqs", server.url)
            url = wanted.queues["JobsQueue"].url
            sqs.send_message(QueueUrl=url, MessageBody="kept")
            emulator.provision(server.url, wanted, {"claimcheck/key": "new"})
            assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "kept"
            vault = client("secretsmanager", server.url)
            found = vault.get_secret_value(SecretId=emulator.secret_arn("claimcheck/key"))
            assert found["SecretString"] == "new"

    asyncio.run(scenario())


def test_a_bucket_tells_its_queue_of_uploads(data: Path) -> None:
    """A presigned upload of announced bytes makes S3's event; after a restart the next one does as well."""

    async def scenario() -> None:
        async with running(data) as server:
            wanted = system(server.url)
            queue, bucket = wanted.queues["UploadsQueue"], wanted.buckets["DocumentsBucket"]
            await asyncio.to_thread(emulator.provision, server.url, wanted, {})
            for number in range(2):
                key = f"documents/acme/{number}"
                await asyncio.to_thread(upload, server.url, bucket.name, key)
                await asyncio.to_thread(upload, server.url, bucket.name, f"texts/acme/{number}")
                assert await asyncio.to_thread(told, server.url, queue.url) == ["s3:TestEvent", key]
                assert server.process is not None
                os.kill(server.process.pid, signal.SIGKILL)
                await server.process.wait()
                await server.start()
                await asyncio.to_thread(emulator.provision, server.url, wanted, {})

    asyncio.run(scenario())


def upload(url: str, bucket: str, key: str) -> None:
    """As a client does that was given an address by the product's own adapter."""
    config = Config(s3={"addressing_style": "path"}, signature_version="s3v4")
    make: Any = boto3.client
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    s3 = make("s3", endpoint_url=url, region_name="us-east-1", config=config, **keys)
    target = S3Objects(bucket, connect=lambda: s3).upload_target(
        key, media_type="text/plain", size_bytes=1, sha256=hashlib.sha256(b"x").digest(), expires_s=60
    )
    answer = httpx.put(target.url, headers=dict(target.headers), content=b"x")
    assert answer.status_code == 200, answer.text


def told(url: str, queue_url: str) -> list[str]:
    """What a queue has been told by S3: the test of the notification, and keys."""
    sqs = client("sqs", url)
    heard: list[str] = []

    def all_here() -> bool:
        for message in sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", []):
            event = json.loads(message["Body"])
            heard.extend([event["Event"]] if "Event" in event else [])
            heard.extend(record["s3"]["object"]["key"] for record in event.get("Records", []))
        return len(heard) >= 2

    wait_for("two events", all_here)
    return heard


def test_objects_survive_kill_9_and_the_address_stays(data: Path) -> None:
    """After SIGKILL the same address serves every object written before; queues are made again."""

    async def scenario() -> None:
        async with running(data) as server:
            wanted = system(server.url)
            emulator.provision(server.url, wanted, {})
            bucket = wanted.buckets["DocumentsBucket"].name
            s3 = client("s3", server.url)
            key = "documents/ü/report 1.txt"
            s3.put_object(Bucket=bucket, Key=key, Body=b"x" * 300_000, ContentType="text/plain")
            assert server.process is not None
            os.kill(server.process.pid, signal.SIGKILL)
            await server.process.wait()
            url = server.url
            await server.start()
            assert server.url == url
            emulator.provision(server.url, wanted, {})
            found = s3.get_object(Bucket=bucket, Key=key)
            assert (found["Body"].read(), found["ContentType"]) == (b"x" * 300_000, "text/plain")
            assert len(client("sqs", url).list_queues()["QueueUrls"]) == len(wanted.queues)

    asyncio.run(scenario())


def test_it_listens_on_one_port_of_the_loopback_interface(data: Path) -> None:
    """None of the emulator's other listeners (MQTT, SFTP) is open, and no other interface is."""

    async def scenario() -> None:
        async with running(data) as server:
            emulator.provision(server.url, system(server.url), {"claimcheck/key": "k"})
            assert server.process is not None
            sockets = psutil.Process(server.process.pid).net_connections()
            listening = [tuple(s.laddr) for s in sockets if s.status == psutil.CONN_LISTEN]
            assert [f"http://{host}:{port}" for host, port in listening] == [server.url]

    asyncio.run(scenario())


@pytest.mark.skipif(sys.platform != "linux", reason="the death signal is Linux's")
def test_it_ends_with_a_killed_parent(data: Path, script: Callable[[str], Script]) -> None:
    """kill -9 of `up` leaves no emulator behind."""
    parent = script(START_AND_WAIT)
    pid = int(parent.line())
    parent.kill()
    wait_for("the emulator to end", lambda: not alive(pid))
    assert data.exists()
