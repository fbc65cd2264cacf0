"""Two versions beside each other, as they are during a deployment and after a rollback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.compatibility.fleet import RELEASED, ROOT, Cloud, Host, unpacked
from tests.integration.functions.model_gate import ModelGate
from tests.integration.functions.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@pytest.fixture(scope="package", params=RELEASED, ids=lambda path: path.stem)
def hosts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Host]]:
    """This version's functions and a released one's."""
    folder = tmp_path_factory.mktemp("fleet")
    old = unpacked(request.param, folder)
    started = {"old": Host(old, folder / "old.log"), "new": Host(ROOT, folder / "new.log")}
    yield started
    for host in started.values():
        host.close()


@pytest.fixture(scope="package")
def cloud() -> Iterator[Cloud]:
    """Queues, a bucket and secrets."""
    started = Cloud()
    yield started
    started.close()


@pytest.fixture(scope="package")
def gate() -> Iterator[ModelGate]:
    """The offline model."""
    started = ModelGate()
    yield started
    started.close()


@pytest.fixture(scope="package")
def hook() -> Iterator[Receiver]:
    """A customer's webhook receiver."""
    opened = Receiver()
    yield opened
    opened.close()
