"""The form of a key: what is made is known again, and nothing else is."""

from __future__ import annotations

import hashlib
import re
import string

import pytest
from claimcheck.refusals import KeyRefusedError
from claimcheck.usecases.authorize import digest_of, new_key, prefix_of
from hypothesis import assume, given
from hypothesis import strategies as st

PREFIXES = st.text("0123456789abcdef", min_size=12, max_size=12)
SECRETS = st.text(string.ascii_letters + string.digits + "-_", min_size=43, max_size=43)
KEYS = st.builds("ck_{}_{}".format, PREFIXES, SECRETS)
ANYTHING = st.characters(codec="utf-8")


@given(PREFIXES, SECRETS)
def test_every_key_is_found_by_its_prefix(prefix: str, secret: str) -> None:
    """Also where the secret has underscores of its own."""
    assert prefix_of(f"ck_{prefix}_{secret}") == prefix


@given(KEYS, KEYS)
def test_two_keys_have_two_digests(one: str, other: str) -> None:
    """A digest is the SHA-256 of the whole key."""
    assert digest_of(one) == hashlib.sha256(one.encode()).digest()
    assert (digest_of(one) == digest_of(other)) == (one == other)


@given(KEYS, st.integers(0, 58), ANYTHING)
def test_one_character_makes_another_key_or_none(key: str, at: int, other: str) -> None:
    """Whatever one place is changed to, the digest is another one, or the form is refused."""
    changed = key[:at] + other + key[at + 1 :]
    assume(changed != key)
    if re.fullmatch(r"ck_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", changed):
        assert digest_of(changed) != digest_of(key)
        return
    with pytest.raises(KeyRefusedError) as refused:
        prefix_of(changed)
    assert not refused.value.known_form


@given(KEYS, st.integers(0, 58))
def test_a_part_of_a_key_is_no_key(key: str, length: int) -> None:
    """Neither its beginning nor its end."""
    for part in (key[:length], key[-length:] if length else ""):
        with pytest.raises(KeyRefusedError):
            prefix_of(part)


@given(KEYS, st.text(ANYTHING, min_size=1, max_size=3), st.booleans())
def test_a_key_with_more_around_it_is_no_key(key: str, more: str, before: bool) -> None:
    """Nor one with a line's end, which `$` of a regular expression would pass over."""
    for text in (more + key if before else key + more, f"{key}\n"):
        with pytest.raises(KeyRefusedError):
            prefix_of(text)


def test_new_keys_use_their_whole_space() -> None:
    """Over two hundred keys, every place of the secret takes at least twenty of the 64 characters."""
    secrets = [new_key()[16:] for _ in range(200)]
    assert all(len(secret) == 43 for secret in secrets)
    assert all(len({secret[at] for secret in secrets}) >= 20 for at in range(42))
    assert len({secret[42] for secret in secrets}) > 8  # the last one holds four bits
