"""Two emulators of AWS, a client of SQS for each; and Node with what a receiver of webhooks needs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from local.emulator import Emulator
from tests.contract.webhook_receivers import installed_node_example

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mypy_boto3_sqs import SQSClient


@pytest.fixture(scope="module", params=["ministack", "moto"])
def endpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running emulator's address."""
    if request.param == "moto":
        moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        moto.start()
        host, port = moto.get_host_and_port()
        yield f"http://{host}:{port}"
        moto.stop()
        return
    with asyncio.Runner() as runner:
        emulator = Emulator(tmp_path_factory.mktemp("ministack"))
        runner.run(emulator.start())
        yield emulator.url
        runner.run(emulator.stop())


@pytest.fixture(scope="module")
def sqs(endpoint: str) -> SQSClient:
    """A client of the emulator, as a function makes one."""
    make: Any = boto3.client
    return cast(
        "SQSClient",
        make(
            "sqs",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"max_attempts": 0}),
        ),
    )


@pytest.fixture(scope="session")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Node example, installed."""
    return installed_node_example(tmp_path_factory.mktemp("node"))
