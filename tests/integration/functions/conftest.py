"""The nine functions as one deployment in this process: moto's AWS, a real database, the offline model."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import psycopg
import pytest
from moto import mock_aws

from tests.integration.functions.model_gate import ModelGate
from tests.integration.functions.receiver import Receiver
from tests.integration.functions.rows import Rows
from tests.integration.functions.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Server


@pytest.fixture(scope="session")
def model_gate() -> Iterator[ModelGate]:
    """One offline model for all tests of this worker."""
    gate = ModelGate()
    yield gate
    gate.close()


@pytest.fixture
def model(model_gate: ModelGate) -> ModelGate:
    """The offline model without faults and with an empty record."""
    model_gate.reset()
    return model_gate


@pytest.fixture
def stage(server: Server, database_url: str, model: ModelGate) -> Iterator[Stage]:
    """A fresh deployment: no function has run yet."""
    with mock_aws():
        deployed = Stage(database_url, database_address=server.address_of(database_url), model_url=model.url)
        yield deployed
        deployed.close()


@pytest.fixture
def rows(sql_connection: psycopg.Connection[tuple[object, ...]]) -> Rows:
    """This test's database, looked at behind the product's back."""
    return Rows(sql_connection)


@pytest.fixture(scope="module")
def standing(server: Server, model_gate: ModelGate) -> Iterator[tuple[Stage, Rows]]:
    """One deployment for a module whose tests change nothing; such a module may not use `stage`."""
    url = server.migrated()
    with mock_aws(), psycopg.connect(url, autocommit=True) as connection:
        deployed = Stage(url, database_address=server.address_of(url), model_url=model_gate.url)
        yield deployed, Rows(connection)
        deployed.close()
    server.drop(url)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A customer's webhook receiver."""
    opened = Receiver()
    yield opened
    opened.close()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of this machine on which every connection is refused."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
