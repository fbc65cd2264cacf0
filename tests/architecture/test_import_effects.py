"""Importing the package does nothing but import: no environment, no client, nothing heavy."""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import claimcheck
import pytest

from tests.architecture import import_probe

if TYPE_CHECKING:
    from pathlib import Path

ROOT = import_probe.ROOT
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT / 'layers' / 'common'}{os.pathsep}{ROOT}"}
HEAVY = (
    "alembic",
    "anthropic",
    "boto3",
    "botocore",
    "charset_normalizer",
    "cryptography",
    "jsonschema",
    "opentelemetry",
    "PIL",
    "pypdfium2",
    "selectolax",
    "sqlalchemy",
)
HANDLERS = sorted([*ROOT.glob("functions/*/app.py"), ROOT / "functions" / "console" / "publish.py"])
LATENT = (
    "submit",
    "status",
    "authorize",
    "documents",
    "webhooks",
    "openapi",
    "console",
)  # a caller waits for these to start

# Alembic runs these inside of its own context: nobody imports them.
MIGRATIONS = "claimcheck.sql.migrations."


@cache
def probe(*names: str) -> dict[str, Any]:
    """What importing does, in a fresh process."""
    command = [sys.executable, str(ROOT / "tests" / "architecture" / "import_probe.py"), *names]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False, env=ENVIRONMENT
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


# What imports OpenTelemetry is imported itself only where tracing is on, which a test of its own shows.
SWITCHED = "claimcheck.telemetry.otlp"


def modules() -> list[str]:
    """Every module of the package that can be imported, but the one that a switch is for."""
    found = [module.name for module in pkgutil.walk_packages(claimcheck.__path__, "claimcheck.")]
    found.remove(SWITCHED)
    return [
        "claimcheck",
        *(name for name in found if not name.startswith(MIGRATIONS) or name.endswith("runner")),
    ]


def loaded_by(*names: str) -> set[str]:
    """Top-level packages that importing brings in."""
    return {module.partition(".")[0] for module in probe(*names)["loaded"]}


def test_no_module_reads_the_environment() -> None:
    """Importing every module of the package reads no environment variable."""
    report = probe(*modules())
    assert report["reads"] == []
    assert set(modules()) <= set(report["loaded"])


def test_no_module_opens_a_connection() -> None:
    """Importing every module of the package looks up no name, opens no socket and starts no process."""
    assert probe(*modules())["connections"] == []


def test_no_module_loads_an_sdk() -> None:
    """Importing every module loads neither SDK nor parser: what is not loaded has no client."""
    assert loaded_by(*modules()) & set(HEAVY) == set()


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda path: path.parent.name)
def test_no_handler_does_anything_at_import(handler: Path) -> None:
    """A function's module loads without settings, connections and SDKs: those come with the first event."""
    report = probe(str(handler))
    assert (report["reads"], report["connections"]) == ([], [])
    assert loaded_by(str(handler)) & set(HEAVY) == set()


@pytest.mark.parametrize("name", LATENT)
def test_what_a_caller_waits_for_starts_light(name: str) -> None:
    """The interface's functions load neither the worker's libraries nor the driver when they start."""
    loaded = loaded_by(str(ROOT / "functions" / name / "app.py"))
    assert loaded & {*HEAVY, "psycopg", "httpx", "asyncpg"} == set()
    assert "claimcheck" in loaded


def test_every_function_is_known() -> None:
    """All of the design's functions, and the one for dead letters, are probed."""
    assert {handler.parent.name for handler in HANDLERS} == {
        "authorize",
        "console",
        "deadletters",
        "documents",
        "economy",
        "migrate",
        "notify",
        "openapi",
        "operator",
        "process",
        "record",
        "schema",
        "status",
        "submit",
        "sweep",
        "uploads",
        "webhooks",
    }


@pytest.mark.parametrize(
    "line",
    ["import os; os.environ['HOME']", "import os; os.getenv('HOME')", "import os; dict(os.environ)"],
    ids=["environ", "getenv", "all"],
)
def test_the_probe_sees_a_read(line: str, tmp_path: Path) -> None:
    """The probe would notice a module that reads the environment at import."""
    planted = tmp_path / "functions" / "planted" / "app.py"
    planted.parent.mkdir(parents=True)
    planted.write_text(line, encoding="utf-8")
    code = (
        "from tests.architecture import import_probe as probe\n"
        f"probe.OURS = ({str(tmp_path)!r},)\n"
        f"probe.main([{str(planted)!r}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
        env=ENVIRONMENT,
    )
    assert "the environment is read at import" in done.stderr
