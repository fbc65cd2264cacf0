"""Settings of all tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from _pytest.nodeid import NodeId
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Machines here are shared and slow by turns: how long an example takes says nothing.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")


@pytest.fixture(scope="session", autouse=True)
def _home_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Commands keep profiles and a journal below these: not the ones of whoever runs the tests."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(home / "config"))
        patch.setenv("XDG_STATE_HOME", str(home / "state"))
        for name in ("CLAIMCHECK_URL", "CLAIMCHECK_KEY", "CLAIMCHECK_PROFILE"):
            patch.delenv(name, raising=False)
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--everything`: the long variants too, which would make people wait for CI."""
    parser.addoption("--everything", action="store_true", help="run the tests marked `long` as well")


def pytest_collection_modifyitems(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Skip what is marked `long`, with the command that runs it; put groups into the items' ids."""
    _name_groups(config, items)
    if config.getoption("--everything"):
        return
    left_out = pytest.mark.skip(reason="long: python3 run.py test --everything")
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(left_out)


def _name_groups(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Tests of one `xdist_group` run in one worker: it is told by the end of their ids.

    pytest-xdist 3.8 writes it where pytest 9.2 no longer reads it, and so each worker would start what the
    group shares.
    """
    if not getattr(config.option, "loadgroup", False):
        return
    for item in items:
        group = item.get_closest_marker("xdist_group")
        if group and not item.nodeid.endswith(f"@{group.args[0]}"):
            item._id = NodeId.parse(f"{item.nodeid}@{group.args[0]}")
