"""`claimcheck keys`: what is asked of the function, and what a person sees."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from operations.durations import seconds
from tests.unit.operations.operator_standin import Operator, System

if TYPE_CHECKING:
    from pathlib import Path

KEY = "ck_0123456789ab_" + "a" * 43
SHOWN: dict[str, Any] = {
    "prefix": "ck_0123456789ab",
    "name": "ci\x1b[31m",
    "scopes": ["jobs:read"],
    "created_at": "2026-01-01T00:00:00.000000Z",
    "expires_at": None,
    "last_used_at": None,
    "state": "live",
}


def test_a_new_key_is_alone_on_stdout(tmp_path: Path) -> None:
    """`KEY=$(claimcheck keys create …)` is all that it takes; what it is goes to stderr."""
    operator = Operator({"result": {"key": KEY, **SHOWN, "expires_at": "2026-04-01T00:00:00.000000Z"}})
    options = ("--scopes", "jobs:read, admin", "--expires", "90d", "--name", "ci")
    with System(tmp_path, operator) as system:
        result = system.run("keys", "create", "--tenant", "acme", *options)
    assert (result.exit_code, result.stdout) == (0, f"{KEY}\n")
    assert "shown this once; scopes jobs:read; expires 2026-04-01" in result.stderr
    assert operator.asked == [
        {
            "command": "keys.create",
            "tenant": "acme",
            "scopes": ["jobs:read", "admin"],
            "expires_s": 7_776_000.0,
            "name": "ci",
        }
    ]


def test_what_is_not_said_is_not_asked(tmp_path: Path) -> None:
    """Without options the function's own defaults hold."""
    operator = Operator({"result": {"key": KEY, **SHOWN}})
    with System(tmp_path, operator) as system:
        result = system.run("keys", "create", "--tenant", "acme")
    assert operator.asked == [{"command": "keys.create", "tenant": "acme"}]
    assert "never expires" in result.stderr


def test_a_list_shows_every_key(tmp_path: Path) -> None:
    """With its state and its use; a name cannot steer the terminal."""
    with System(tmp_path, Operator({"result": {"tenant": "acme", "keys": [SHOWN]}})) as system:
        result = system.run("keys", "list", "--tenant", "acme")
    for told in ("ck_0123456789ab", "jobs:read", "live", "never"):
        assert told in result.stdout
    assert "\x1b[31m" not in result.stdout


@pytest.mark.parametrize("given_as", [KEY, KEY[:15], "0123456789ab"])
def test_a_key_is_revoked_by_its_public_part(given_as: str, tmp_path: Path) -> None:
    """Of a whole key, as it may be at hand where it leaked, the secret is not sent."""
    operator = Operator({"result": {"prefix": KEY[:15], "revoked": True, "live": 0, "cached_s": 60}})
    with System(tmp_path, operator) as system:
        result = system.run("keys", "revoke", given_as, "--tenant", "acme")
    assert operator.asked[0]["prefix"] in {KEY[:15], "0123456789ab"}
    assert result.stdout == "ck_0123456789ab is revoked; it may be let in for 60 s more\n"
    assert "no live key now" in result.stderr


def test_a_key_that_was_revoked_before_is_told(tmp_path: Path) -> None:
    """It is no failure."""
    answer = {"prefix": KEY[:15], "revoked": False, "live": 1, "cached_s": 60}
    with System(tmp_path, Operator({"result": answer})) as system:
        result = system.run("keys", "revoke", KEY[:15], "--tenant", "acme")
    assert (result.exit_code, result.stdout) == (0, "ck_0123456789ab was revoked before\n")


def test_a_rotation_tells_when_the_old_key_ends(tmp_path: Path) -> None:
    """The new key alone on stdout, the old one's end on stderr."""
    old = {**SHOWN, "expires_at": "2026-01-02T00:00:00.000000Z"}
    operator = Operator({"result": {"key": KEY, **SHOWN, "old": old, "cached_s": 60}})
    with System(tmp_path, operator) as system:
        result = system.run("keys", "rotate", "--tenant", "acme", "--grace", "2h")
    assert result.stdout == f"{KEY}\n"
    assert "the old one, ck_0123456789ab, expires 2026-01-02" in result.stderr
    assert operator.asked == [{"command": "keys.rotate", "tenant": "acme", "grace_s": 7_200.0}]


@pytest.mark.parametrize(
    "arguments",
    [
        ("keys", "create"),
        ("keys", "create", "--tenant", "acme", "--expires", "90"),
        ("keys", "create", "--tenant", "acme", "--expires", "-1d"),
        ("keys", "create", "--tenant", "acme", "--expires", "tomorrow"),
        ("keys", "rotate", "--tenant", "acme", "--grace", "1.5h"),
        ("keys", "revoke", "--tenant", "acme"),
        ("keys", "destroy"),
    ],
)
def test_a_mistake_asks_nothing(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """Exit code 2, before any system is asked."""
    operator = Operator()
    with System(tmp_path, operator) as system:
        result = system.run(*arguments)
    assert (result.exit_code, operator.asked) == (2, [])


def test_json_has_the_key_too(tmp_path: Path) -> None:
    """For programs: the answer as it came."""
    with System(tmp_path, Operator({"result": {"key": KEY, **SHOWN}})) as system:
        result = system.run("keys", "create", "--tenant", "acme", "--json")
    assert json.loads(result.stdout) == {"key": KEY, **SHOWN}


@given(st.integers(0, 999_999_999), st.sampled_from([("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)]))
def test_times_are_read_as_people_type_them(number: int, unit: tuple[str, int]) -> None:
    """A number and one of four letters."""
    assert seconds(f"{number}{unit[0]}") == number * unit[1]


@given(st.text())
def test_no_other_time_is_read(text: str) -> None:
    """Anything else is wrong use, and nothing besides is raised."""
    try:
        assert seconds(text) >= 0
    except typer.BadParameter as error:
        assert "90d" in str(error)  # noqa: PT017 (either is right, this one says how to write it)
