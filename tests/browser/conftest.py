"""One system, one browser and one set of seeds for all tests of this folder.

Their scope is the package, not the session: while Playwright runs, its thread counts as inside an event loop,
and tests of other folders that start one of their own would fail beside it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.pages import WITHIN_MS, Visitors
from tests.browser.seeds import Model, Receiver, sown
from tests.e2e.conftest import start
from toolchain.browser import chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from client.api import Api
    from tests.browser.pages import Visitor
    from tests.browser.seeds import Seeds
    from tests.e2e.conftest import Running

SITE = Path(__file__).resolve().parents[2] / "functions" / "console" / "site"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them in one worker, and none of them where they cannot be run; each says why."""
    why = None
    if chromium() is None:
        why = "no browser: apt-get install chromium, or set CLAIMCHECK_CHROMIUM"
    elif not (SITE / "console" / "index.html").exists():
        why = "the pages are not built: python3 run.py check says why"
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.xdist_group("browser"))
            if why is not None:
                item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The whole system with the offline model, loopback webhooks allowed."""
    process, system = start(tmp_path_factory.mktemp("browser"), "--allow-loopback-webhooks")
    yield system
    process.terminate()
    assert process.wait(20) == 0


@pytest.fixture(scope="package")
def model(running: Running) -> Model:
    """The offline model's controls."""
    return Model(running)


@pytest.fixture(scope="package")
def direct(running: Running) -> Iterator[Api]:
    """A client of the API beside the browser."""
    with running.api() as client:
        yield client


@pytest.fixture(scope="package")
def seeds(direct: Api, model: Model) -> Iterator[Seeds]:
    """Jobs of each kind."""
    receiver = Receiver()
    yield sown(direct, model, receiver)
    receiver.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. While it is open an event loop runs in this thread, and no other test's can."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=WITHIN_MS)
    program = chromium()
    assert program is not None
    sandbox = [] if os.geteuid() else ["--no-sandbox"]  # root has none
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=sandbox)
        yield launched
        launched.close()


@pytest.fixture
def visitors(browser: Browser, running: Running) -> Iterator[Visitors]:
    """New windows, each with a session of its own; at the end none of them has complained."""
    opened = Visitors(browser, running)
    yield opened
    opened.close()


@pytest.fixture
def visitor(visitors: Visitors) -> Visitor:
    """A window on a desk, light, not signed in."""
    return visitors.open()


@pytest.fixture
def user(visitors: Visitors) -> Visitor:
    """A window on a desk, light, signed in."""
    return visitors.open(signed_in=True)
