"""From the Authorization header to a tenant: a key is known whole, or refused."""

from __future__ import annotations

import re

import pytest
from claimcheck.failures import UnavailableError
from claimcheck.refusals import KeyRefusedError
from claimcheck.store.faults import DatabaseUnavailableError
from claimcheck.usecases.authorize import Authorize, Caller, digest_of, new_key, prefix_of
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.usecases.scripted_database import ScriptedDatabase

KEY = f"ck_0123456789ab_{'aB3-_' * 8}xyz"  # the same in every process: test names are made of it


SHARED = "s" * 20


def knowing(key: str = KEY, *, stale: bool = False, usage_key: str | None = "u" * 20) -> ScriptedDatabase:
    """A database with one key of the tenant `acme`."""
    row = {
        "tenant_id": "acme",
        "key_sha256": digest_of(key),
        "scopes": ["jobs:read"],
        "usage_key": usage_key,
        "stale": stale,
    }
    return ScriptedDatabase(
        find_key=lambda params: [row] if params["prefix"] == prefix_of(key) else [],
        note_use=lambda _params: [],
    )


def refusal(header: str | None, database: ScriptedDatabase) -> KeyRefusedError:
    with pytest.raises(KeyRefusedError) as caught:
        Authorize(database, shared_usage_key=SHARED)(header)
    return caught.value


def test_a_tenant_without_a_usage_key_has_the_shared_one() -> None:
    """API Gateway refuses a usage key that it does not know, so one that it knows is named for everybody."""
    database = knowing(usage_key=None)
    assert Authorize(database, shared_usage_key=SHARED)(f"Bearer {KEY}").usage_key == SHARED


@pytest.mark.parametrize(
    "header", [f"Bearer {KEY}", f"bearer {KEY}", f"BEARER {KEY}", f"Bearer   {KEY}  ", f"\tBearer\t{KEY}"]
)
def test_a_known_key_gives_its_tenant(header: str) -> None:
    """The scheme's case and the white space around a key do not matter (RFC 9110)."""
    caller = Authorize(knowing(), shared_usage_key=SHARED)(header)
    assert caller == Caller("acme", "0123456789ab", ["jobs:read"], "u" * 20)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        KEY,
        f"Basic {KEY}",
        f"Bearer {KEY} {KEY}",
        f"Bearer{KEY}",
        "Bearer ck_short",
        f"Bearer {KEY[:-1]}",
        f"Bearer {KEY}x",
        f"Bearer {KEY.upper()}",
        f"Bearer {KEY.replace('ck_', 'sk_')}",
        f"Bearer {KEY[:-1]}é",
    ],
)
def test_what_cannot_be_a_key_is_not_looked_up(header: str | None) -> None:
    """A missing or malformed key is refused as malformed, without asking the database."""
    database = knowing()
    assert not refusal(header, database).known_form
    assert not database.calls


def test_an_unknown_prefix_is_refused() -> None:
    """A well-formed key that nobody has is refused as unknown."""
    assert refusal(f"Bearer {new_key()}", knowing()).known_form


def test_the_prefix_alone_opens_nothing() -> None:
    """A key with a live prefix and another secret is refused."""
    guessed = KEY[: len("ck_") + 12] + new_key()[len("ck_") + 12 :]
    assert prefix_of(guessed) == prefix_of(KEY)
    assert refusal(f"Bearer {guessed}", knowing()).known_form


@given(st.text())
def test_any_header_is_refused_or_a_key(header: str) -> None:
    """No header raises anything but the refusal."""
    refusal(header, knowing())


def test_the_database_sees_the_prefix_only() -> None:
    """The secret part of a key is never sent to the database."""
    database = knowing()
    Authorize(database, shared_usage_key=SHARED)(f"Bearer {KEY}")
    assert database.calls == [("find_key", {"prefix": prefix_of(KEY)})]


def test_its_use_is_noted_where_that_is_due() -> None:
    """A second statement follows only where no use was noted within the hour, and the key is right."""
    database = knowing(stale=True)
    Authorize(database, shared_usage_key=SHARED)(f"Bearer {KEY}")
    assert database.calls == [(name, {"prefix": prefix_of(KEY)}) for name in ("find_key", "note_use")]
    guessed = f"{KEY[:-1]}A"
    assert refusal(f"Bearer {guessed}", refused := knowing(stale=True)).known_form
    assert [name for name, _ in refused.calls] == ["find_key"]


def test_a_use_that_cannot_be_noted_turns_nobody_away() -> None:
    """The caller's key is good; when it was used is only for people."""
    database = knowing(stale=True)

    def away(_params: object) -> list[dict[str, object]]:
        raise DatabaseUnavailableError("lock timeout")

    database.answers["note_use"] = away
    assert Authorize(database, shared_usage_key=SHARED)(f"Bearer {KEY}").tenant_id == "acme"


def test_a_refusal_does_not_repeat_the_key() -> None:
    """The refusal of a key, which is logged, holds no part of it."""
    key = new_key()
    shown = str(refusal(f"Bearer {key}", knowing())) + str(refusal(f"Bearer {key}x", knowing()))
    assert prefix_of(key) not in shown


def test_a_database_that_is_away_is_no_refusal() -> None:
    """Where keys cannot be looked up, the caller is told of that and not that the key is wrong."""

    def away(_params: object) -> list[dict[str, object]]:
        raise DatabaseUnavailableError("cannot connect to the database")

    with pytest.raises(UnavailableError):
        Authorize(ScriptedDatabase(find_key=away), shared_usage_key=SHARED)(f"Bearer {KEY}")


def test_new_keys_are_unique_and_well_formed() -> None:
    """A fresh key has 48 bits to be found by and 256 bits of secret."""
    keys = {new_key() for _ in range(100)}
    assert len({prefix_of(key) for key in keys}) == 100
    assert all(re.fullmatch(r"ck_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", key) for key in keys)


def test_only_a_digest_is_kept() -> None:
    """What is kept of a key is its SHA-256, another for each key."""
    assert len(digest_of(KEY)) == 32
    assert digest_of(KEY) != digest_of(new_key())
