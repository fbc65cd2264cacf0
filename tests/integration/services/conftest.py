"""Data directories and programs for the tests of `local/`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.services.observed import Script, using, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Callable[[str], Script]]:
    """Run a program with the test's data directory as its argument; killed at the end."""
    scripts: list[Script] = []

    def start(source: str) -> Script:
        scripts.append(Script(source, tmp_path / "data"))
        return scripts[-1]

    yield start
    for one in scripts:
        if one.process.poll() is None:
            one.kill()


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data directory inside one of mode 0700, as a home directory is; nothing may run on it afterwards."""
    tmp_path.chmod(0o700)
    directory = tmp_path / "data"
    yield directory
    wait_for("every process of the test to end", lambda: not using(directory))
