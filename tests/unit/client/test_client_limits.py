"""`claimcheck limits`."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from openapi.examples import LIMITS
from tests.unit.client.standin import Answer, StandIn, script
from tests.unit.client.test_client_commands import run


def printed(limits: Any, *words: str) -> str:
    """What the command prints where the API answers with `limits`."""
    with StandIn(script(Answer(200, limits))) as server:
        result = run(server.url, "limits", *words)
    assert result.exit_code == 0, result.stderr
    assert [(asked.method, asked.path) for asked in server.asked] == [("GET", "/limits")]
    return result.stdout


@pytest.mark.parametrize(
    "line",
    [
        ("jobs in flight", "3", "10,000"),
        (
            "US dollars a day",
            "12.4025, and 0.3100 at most by calls under way",
            "500.00 until 2026-11-25T00:00:00.000000Z",
        ),
        ("bytes of a document", "", "209,715,200"),
        ("requests a second", "", "100"),
        ("requests at once", "", "200"),
    ],
    ids=lambda line: line[0],
)
def test_each_limit_is_a_line(line: tuple[str, str, str]) -> None:
    """With what is used of it, and the most that may be."""
    rows = [[cell.strip() for cell in each.split("│")[1:-1]] for each in printed(LIMITS).splitlines()]
    assert list(line) in rows


def test_money_that_nobody_holds_is_not_mentioned() -> None:
    """Without calls under way only what was spent is shown."""
    limits = copy.deepcopy(LIMITS)
    limits["usd_per_day"]["reserved"] = 0
    assert "under way" not in printed(limits)


def test_who_is_counted_with_others_is_told() -> None:
    """At both numbers of requests."""
    limits = copy.deepcopy(LIMITS)
    limits["requests"]["shared"] = True
    assert printed(limits).count("together with other tenants") == 2


def test_json_is_what_the_api_said() -> None:
    """For programs."""
    assert json.loads(printed(LIMITS, "--json")) == LIMITS
