from __future__ import annotations

import sys
from pathlib import Path

import pytest

from toolchain import interpreters
from toolchain.environment import Environment
from toolchain.processes import CannotGoOnError

LOCK = Path(__file__).parents[3] / "requirements" / "dev.txt"


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def test_an_interpreter_that_runs_is_described() -> None:
    """A candidate is asked rather than believed by its name."""
    found = interpreters.probe(sys.executable)
    assert found is not None
    assert found.version == sys.version_info[:2]


@pytest.mark.parametrize(
    "text",
    ["#!/bin/sh\necho 'pyenv: python3.13: command not found' >&2\nexit 127\n", "#!/no/such/interpreter\n"],
    ids=["a shim without a version", "a dead interpreter line"],
)
def test_a_python_that_does_not_run_is_passed_over(tmp_path: Path, text: str) -> None:
    """Being on PATH is no proof: pyenv's shims exist for versions that are not selected."""
    assert interpreters.probe(str(program(tmp_path / "python3.13", text))) is None


def test_the_preferred_version_wins_over_the_running_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """3.13, which Lambda runs, is taken before others; one that can make no pip comes last."""
    machine = [
        interpreters.Interpreter("a", (3, 11), complete=True, has_pip=True),
        interpreters.Interpreter("b", (3, 13), complete=False, has_pip=True),
        interpreters.Interpreter("c", (3, 15), complete=True, has_pip=True),
        interpreters.Interpreter("d", (3, 12), complete=True, has_pip=True),
    ]
    monkeypatch.setattr(interpreters, "interpreters", lambda: iter(machine))
    assert interpreters.find_python().path == "d"


def test_without_a_new_enough_python_the_message_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the version needed and commands that install it."""
    monkeypatch.setattr(interpreters, "interpreters", lambda: iter(()))
    with pytest.raises(CannotGoOnError, match=r"3\.11 or newer.*apt install"):
        interpreters.find_python()


def test_a_mirror_that_pip_uses_is_handed_to_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    """uv reads no settings of pip; a machine that only reaches a mirror works all the same."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_INDEX_STRATEGY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    here = Environment(Path(sys.prefix), LOCK, project=False)
    assert here.index_settings()["UV_DEFAULT_INDEX"] == "http://127.0.0.1:9/simple"


def test_the_fingerprint_changes_with_the_lock_file(tmp_path: Path) -> None:
    """A changed lock file, and nothing less, makes the next run install again."""
    before = Environment(tmp_path, LOCK, project=True).fingerprint()
    assert Environment(tmp_path, LOCK, project=True).fingerprint() == before
    other = tmp_path / "dev.txt"
    other.write_bytes(LOCK.read_bytes() + b"\n")
    assert Environment(tmp_path, other, project=True).fingerprint() != before
