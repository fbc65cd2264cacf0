"""The arrows of docs/architecture.md hold, and modules are named for what they are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("layers/common/claimcheck", "local", "client", "operations", "functions")
PACKAGES = (*PRODUCT, "bench", "evals", "tests")
SAYS_NOTHING = {"util", "utils", "helper", "helpers", "common", "misc", "shared", "stuff", "tools"}
LINT = "from importlinter.cli import lint_imports_command as main; main()"


def lint(*arguments: str) -> subprocess.CompletedProcess[str]:
    """import-linter on this repository."""
    command = [sys.executable, "-c", LINT, "--no-cache", *arguments]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'layers' / 'common'}{os.pathsep}{ROOT}"}
    return subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False, env=environment
    )


def test_the_arrows_hold() -> None:
    """Every contract in pyproject.toml is kept."""
    done = lint()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_a_broken_arrow_is_found(tmp_path: Path) -> None:
    """The check fails where an arrow points outward, so that its silence means something."""
    contract = tmp_path / "contract.ini"
    contract.write_text(
        "[importlinter]\nroot_package = claimcheck\n"
        "[importlinter:contract:1]\nname = upside down\ntype = forbidden\n"
        "source_modules = claimcheck.usecases\nforbidden_modules = claimcheck.jobs\n",
        encoding="utf-8",
    )
    done = lint("--config", str(contract))
    assert done.returncode == 1
    assert "1 broken" in done.stdout


def modules(package: str) -> list[Path]:
    """Every module of a package, below the package's own folder."""
    return [path.relative_to(ROOT / package) for path in (ROOT / package).rglob("*.py")]


@pytest.mark.parametrize("package", PACKAGES)
def test_modules_are_named_for_what_they_are(package: str) -> None:
    """No module and no folder of a package is called after nothing in particular."""
    found = modules(package)
    assert found
    assert {part for path in found for part in path.with_suffix("").parts} & SAYS_NOTHING == set()


@pytest.mark.parametrize("package", [*PRODUCT, "openapi", "costs", "bench", "evals", "toolchain"])
def test_modules_can_be_read_in_one_go(package: str) -> None:
    """None has more than 300 lines: what is longer is two things."""
    lines = {
        path: len((ROOT / package / path).read_text(encoding="utf-8").splitlines())
        for path in modules(package)
    }
    assert lines
    assert {path: count for path, count in lines.items() if count > 300} == {}
