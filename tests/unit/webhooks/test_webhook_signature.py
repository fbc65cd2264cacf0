"""Signatures are those of Standard Webhooks: its public library accepts them, and nothing altered."""

from __future__ import annotations

import base64
import json
import time

import pytest
from claimcheck.webhooks.signature import new_secret, signed_headers
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

BODY = json.dumps({"type": "job.completed", "data": {"job_id": "1", "amount": "€ 5"}}).encode()


def signed(body: bytes, *secrets: str, message_id: str = "msg_1", age_s: int = 0) -> dict[str, str]:
    return signed_headers(message_id, int(time.time()) - age_s, body, secrets)


def accepted(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    """What a receiver with the public library says."""
    try:
        Webhook(secret).verify(body, headers, json_parse=False)
    except WebhookVerificationError:
        return False
    return True


@given(st.text())
def test_the_public_library_accepts_any_body(text: str) -> None:
    """A receiver's library verifies what we signed, whatever the body says."""
    secret, body = new_secret(), text.encode()
    assert accepted(secret, body, signed(body, secret))


def test_the_known_answer_of_the_specification() -> None:
    """The example of the Standard Webhooks libraries is signed to the very same bytes."""
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_both_secrets_of_a_rotation_verify() -> None:
    """While two secrets live, a receiver that knows either of them accepts the message."""
    new, old = new_secret(), new_secret()
    headers = signed(BODY, new, old)
    assert accepted(new, BODY, headers)
    assert accepted(old, BODY, headers)


def test_another_secret_does_not_verify() -> None:
    """A receiver with a secret that did not sign refuses the message."""
    assert not accepted(new_secret(), BODY, signed(BODY, new_secret(), new_secret()))


@given(st.integers(0, len(BODY) - 1), st.integers(0, 6))
def test_a_flipped_bit_is_refused(place: int, bit: int) -> None:
    """One changed bit anywhere in the body makes the receiver refuse it."""
    secret = new_secret()
    headers = signed(BODY, secret)
    flipped = bytearray(BODY)
    flipped[place] ^= 1 << bit
    try:
        flipped.decode()
    except UnicodeDecodeError:
        return  # the library reads text only
    assert not accepted(secret, bytes(flipped), headers)


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp"])
def test_id_and_time_are_signed_too(header: str) -> None:
    """A message under another id or another time is refused."""
    secret = new_secret()
    other = signed(BODY, secret, message_id="msg_2", age_s=60)[header]
    assert not accepted(secret, BODY, signed(BODY, secret) | {header: other})


def test_an_old_message_cannot_be_sent_again() -> None:
    """A correctly signed message that is six minutes old is refused by the receiver."""
    secret = new_secret()
    assert not accepted(secret, BODY, signed(BODY, secret, age_s=360))


def test_a_new_secret_has_256_bits_and_its_prefix() -> None:
    """A secret is `whsec_` and 32 random bytes as base64, and no two are the same."""
    secrets = {new_secret() for _ in range(50)}
    assert len(secrets) == 50
    for secret in secrets:
        prefix, _, encoded = secret.partition("_")
        assert prefix == "whsec"
        assert len(base64.b64decode(encoded, validate=True)) == 32


@pytest.mark.parametrize("secret", ["whsec_not base64!", "whsec_AAA", "geheim ü"])
def test_a_malformed_secret_signs_nothing(secret: str) -> None:
    """A secret that is no base64 raises ValueError instead of signing with something else."""
    with pytest.raises(ValueError, match=r"."):
        signed_headers("msg_1", 0, BODY, [secret])
