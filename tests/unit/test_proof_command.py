"""`run.py proof`: what it prints, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.proof import cli
from tests.proof.check import Check, Ground, NotProvedError
from toolchain.environment import Environment
from toolchain.processes import CannotGoOnError

if TYPE_CHECKING:
    from pathlib import Path


def holds(ground: Ground) -> str:
    assert ground.scratch.is_dir()
    return "7 of 7"


def does_not_hold(ground: Ground) -> str:
    raise NotProvedError("6 of 7")


def breaks(ground: Ground) -> str:
    raise ZeroDivisionError("by nothing")


CHECKS = {
    "good": Check("good", "seven", holds),
    "bad": Check("bad", "seven as well", does_not_hold),
    "broken": Check("broken", "nothing", breaks),
}


def test_a_check_that_holds(capsys: pytest.CaptureFixture[str]) -> None:
    """Where everything holds the answer is 0, and each check has a line with its figures."""
    assert cli.main(["good"], CHECKS) == 0
    line, closing = capsys.readouterr().out.splitlines()
    assert line.split()[:5] == ["good", "proved", "7", "of", "7"]
    assert closing.startswith("1 of 1 proved in")


@pytest.mark.parametrize(("name", "said"), [("bad", "FAILED  6 of 7"), ("broken", "ZeroDivisionError")])
def test_a_check_that_does_not_hold(name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A check that does not hold, and one that breaks, make the answer 1; the others run all the same."""
    assert cli.main([name, "good"], CHECKS) == 1
    first, second, closing = capsys.readouterr().out.splitlines()
    assert said in first
    assert "kept: " in first
    assert second.startswith("good")
    assert closing.startswith("1 of 2 proved")
    assert closing.endswith(f"; failed: {name}")


def test_a_check_whose_environment_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A check that could not be tried has failed."""

    class Unmakeable(Environment):
        def prepare(self, uv: str) -> None:
            raise CannotGoOnError(f"no packages by {uv}")

    check = Check("good", "seven", holds, (Unmakeable(tmp_path, tmp_path / "lock.txt", project=False),))
    assert cli.main([], {"good": check}) == 1
    assert "FAILED  no packages" in capsys.readouterr().out


def test_a_name_that_is_not_known() -> None:
    """A misspelt name is refused rather than passed over."""
    with pytest.raises(SystemExit) as refused:
        cli.main(["goood"], CHECKS)
    assert refused.value.code == 2


def test_every_check_is_found() -> None:
    """The checks are the modules of tests/proof/checks, each under a name and with a line that says what."""
    found = cli.found()
    assert found
    assert all(check.name == name and check.says for name, check in found.items())
