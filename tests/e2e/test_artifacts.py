"""The built artifacts that the tests of this folder have just run on; CI sets CLAIMCHECK_BUILT."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.policy import built

if TYPE_CHECKING:
    from tests.e2e.conftest import Running

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.xdist_group("e2e"),
    pytest.mark.skipif(
        "CLAIMCHECK_BUILT" not in os.environ,
        reason="the system runs on the sources: CLAIMCHECK_BUILT is not set",
    ),
]
LAMBDA_PYTHON = (3, 13)


@pytest.fixture(scope="module")
def folder() -> Path:
    return Path(os.environ["CLAIMCHECK_BUILT"])


def test_every_artifact_is_small(folder: Path) -> None:
    """Each function with its layer is under 150 MB unzipped, a margin to the 250 that Lambda takes."""
    sizes = built.sizes_mb(folder)
    assert sizes
    assert {name: size for name, size in sizes.items() if size >= built.MAX_UNZIPPED_MB} == {}


def test_no_artifact_has_junk(folder: Path) -> None:
    """Neither tests nor caches, settings or keys are deployed."""
    assert [str(path) for path in built.junk(folder / "CommonLayer" / "python")] == []
    for function in built.system(folder).functions.values():
        assert [str(path) for path in built.junk(function.code_uri)] == []


def test_a_function_finds_nothing_of_the_checkout(folder: Path) -> None:
    """On Lambda's path there are the function, its layer and the runtime: an import from elsewhere fails."""
    for function in built.system(folder).functions.values():
        seen = built.seen_by(function)
        assert seen["foreign"] == []
        assert Path(str(seen["package"])).is_relative_to(folder.resolve())
        path = seen["path"]
        assert isinstance(path, list)
        assert built.strangers(folder, path) == []


def test_what_runs_is_what_was_built(folder: Path, system: Running) -> None:
    """The processes that answer stand in the artifacts' folders and have loaded no library from elsewhere."""
    parent = psutil.Process(int(json.loads((system.data / "up.json").read_text())["pid"]))
    running = [each for each in parent.children(recursive=True) if "awslambdaric" in each.cmdline()]
    assert running
    for each in running:
        assert Path(each.cwd()).is_relative_to(folder.resolve())
        assert built.strangers(folder, [mapped.path for mapped in each.memory_maps()]) == []
        version = each.environ()["AWS_EXECUTION_ENV"]
        assert version == "AWS_Lambda_python{}.{}".format(*LAMBDA_PYTHON)
