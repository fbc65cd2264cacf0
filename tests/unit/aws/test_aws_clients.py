"""How long a call to AWS may take, as botocore was told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.aws import clients
from claimcheck.aws.objects import S3Objects
from claimcheck.aws.queues import SqsQueue
from claimcheck.aws.secrets import read_secret
from claimcheck.failures import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Lambda gives every function."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")


@pytest.mark.parametrize(
    ("make", "connect_s", "read_s", "attempts"),
    [
        pytest.param(partial(clients.sqs, clients.DOORBELL), 1, 2, 1, id="a doorbell"),
        pytest.param(partial(clients.sqs, clients.BATCH), 1, 2, 2, id="a batch"),
        pytest.param(clients.s3, 2, 8, 2, id="S3"),
        pytest.param(clients.secrets, 1, 3, 2, id="Secrets Manager"),
    ],
)
def test_a_client_has_its_budget(
    make: Callable[[], Any], connect_s: float, read_s: float, attempts: int
) -> None:
    """Seconds to connect and to read, and attempts in botocore's standard mode."""
    config: Any = make().meta.config
    assert (config.connect_timeout, config.read_timeout) == (connect_s, read_s)
    assert config.retries == {"mode": "standard", "total_max_attempts": attempts}


def test_the_environments_proxy_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """No client has proxies of its own: those that the environment names are used."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:3128")
    made: list[Any] = [clients.sqs(clients.BATCH), clients.s3(), clients.secrets()]
    for client in made:
        http = client._endpoint.http_session
        assert http._proxy_config.proxy_url_for("https://sqs.invalid/") == "http://proxy.invalid:3128"


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda: read_secret("s"), id="secret"),
        pytest.param(lambda: SqsQueue("https://sqs.invalid/queue").send({}, group="acme"), id="send"),
    ],
)
def test_a_client_that_cannot_be_made_is_a_service_that_is_away(
    call: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """botocore's faults come out as UnavailableError from the client's making on: here no region is set."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(UnavailableError, match="NoRegionError"):
        call()


def test_a_bucket_has_one_client() -> None:
    """S3's client is made on first use and kept."""
    made: list[object] = []

    class Bucket:
        def put_object(self, **_: Any) -> None:
            pass

    def connect() -> Any:
        made.append(1)
        return Bucket()

    objects = S3Objects("bucket", connect=connect)
    assert not made
    objects.put("k", b"", "text/plain")
    objects.put("k", b"", "text/plain")
    assert len(made) == 1


def test_eight_threads_make_one() -> None:
    """Of eight threads that need it first at once, one makes it and all get the same."""
    made: list[object] = []

    def make() -> object:
        made.append(object())
        return made[-1]

    lazily, together = clients.Lazily(make), Barrier(8, timeout=30)

    def ask(_: int) -> object:
        together.wait()
        return lazily()

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(ask, range(8))) == {made[0]}
    assert len(made) == 1


def test_what_failed_is_made_again() -> None:
    """A client that could not be made is tried for again at the next call."""
    tries = iter([ValueError("no"), None])

    def make() -> str:
        fault = next(tries)
        if fault is not None:
            raise fault
        return "client"

    lazily = clients.Lazily(make)
    with pytest.raises(ValueError, match="no"):
        lazily()
    assert lazily() == "client"
