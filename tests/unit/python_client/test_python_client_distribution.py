"""The wheel of the client: this package alone, with its types, and it works without the rest."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pydantic
import pytest
from claimcheck.client import VERSION

from toolchain import sync_client

ROOT = Path(__file__).resolve().parents[3]
# Without `site` there is no .pth file, and so none of the checkout.
PROGRAM = """
import json, sys
sys.path[:0] = sys.argv[1:]
import claimcheck.client
from claimcheck.client import AsyncClient, Client, verify_webhook
loaded = sorted({name.partition(".")[0] for name in sys.modules} & {"boto3", "psycopg", "typer"})
others = []
for name in ("claimcheck.jobs", "client", "local"):
    try:
        __import__(name)
        others.append(name)
    except ImportError:
        pass
print(json.dumps({"from": claimcheck.client.__file__, "others": others, "loaded": loaded}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As a release would build it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT / "client", check=True, capture_output=True, timeout=120)
    (made,) = folder.glob("*.whl")
    return made


def test_it_holds_the_client_alone(wheel: Path) -> None:
    """Every module of it, its marker of types, and nothing else; its version is the client's."""
    source = ROOT / "layers" / "common" / "claimcheck" / "client"
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    modules = {f"claimcheck/client/{path.relative_to(source)}" for path in source.rglob("*.py")}
    assert names == modules | {"claimcheck/client/py.typed"}
    assert wheel.name.startswith(f"claimcheck_client-{VERSION}-py3-none-any")


def test_it_works_without_the_rest(wheel: Path, tmp_path: Path) -> None:
    """With httpx, Pydantic and Standard Webhooks, and no other part of the checkout in sight."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    libraries = Path(pydantic.__file__).parents[1]
    command = [sys.executable, "-I", "-S", "-c", PROGRAM, str(tmp_path), str(libraries)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    assert Path(seen["from"]).is_relative_to(tmp_path)
    assert (seen["others"], seen["loaded"]) == ([], [])


def test_what_it_needs_is_what_we_test_with() -> None:
    """Each requirement of the distribution is one of the checkout's, whose versions are locked."""
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    theirs = tomllib.loads((ROOT / "client" / "pyproject.toml").read_text())["project"]["dependencies"]
    names = [each.partition(">")[0] for each in ours]
    assert {each.partition(">")[0] for each in theirs} <= set(names)


def test_the_client_without_an_event_loop_is_current() -> None:
    """`python -m toolchain.sync_client` would change nothing."""
    assert sync_client.main(["--check"]) == 0


def test_a_change_by_hand_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """So that its silence means something; what is made of nothing is found as well."""
    for name, text in sync_client.made().items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(sync_client, "TARGET", tmp_path)
    assert sync_client.main(["--check"]) == 0
    (tmp_path / "jobs.py").write_text((tmp_path / "jobs.py").read_text() + "\n")
    assert sync_client.main(["--check"]) == 1
    assert sync_client.main([]) == 0
    (tmp_path / "left.py").write_text("")
    assert sync_client.main(["--check"]) == 1
