"""What one check of `run.py proof` is. A module of tests/proof/checks that has a `CHECK` is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from toolchain.environment import Environment


class NotProvedError(Exception):
    """What was to be proved does not hold, or could not be tried; the message says what was found."""


@dataclass(frozen=True)
class Ground:
    """Where a check works. `scratch`: a folder of its own, kept where the check fails; `say`: progress."""

    scratch: Path
    say: Callable[[str], None]


@dataclass(frozen=True)
class Check:
    """One thing that is proved.

    `run` returns the figures for the check's line and raises NotProvedError, or anything else, where it does
    not hold. `environments` are made before it runs, and only then.
    """

    name: str
    says: str
    run: Callable[[Ground], str]
    environments: tuple[Environment, ...] = ()
