"""A small part of `python3 run.py proof openapi`: Schemathesis against the system, always the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fuzzing.fuzz import fuzz

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Running

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]


def test_the_api_answers_as_its_document_says(system: Running, tmp_path: Path) -> None:
    """Requests that fit and that do not, and the links from answer to call: no fault is found."""
    phases = ("examples", "fuzzing", "stateful")
    found = fuzz(system.url, system.key, tmp_path, examples=4, seed=1, phases=phases, timeout_s=200)
    assert found.faults == (), found.output
    assert found.cases >= 100
    assert found.calls >= 21
