"""Webhooks as we sign them and as somebody might alter them, and what a receiver has to make of each."""

from __future__ import annotations

import base64
import json
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimcheck.webhooks.signature import new_secret, signed_headers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ID = "msg_0193a4c2-7d10-7cc3-9e55-0b6a4f1f2a11"
JOB = "0193a4c2-7d10-7cc3-9e55-0b6a4f1f2a10"
_ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"


@dataclass(frozen=True, slots=True)
class Case:
    """A webhook as it arrives at a receiver that has one secret."""

    name: str
    secret: str
    body: bytes
    headers: Mapping[str, str]
    accepted: bool


def _event(fields: str) -> bytes:
    """An event in the form in which the database writes it; `fields` is JSON text."""
    data = f'{{"job_id" : "{JOB}", "task" : "extract", "status" : "completed", "result" : {{{fields}}}}}'
    return f'{{"type":"job.completed","timestamp":"2026-11-24T12:00:00.000000Z","data":{data}}}'.encode()


BODY = _event('"fee": "€ 400"')
BODIES: Mapping[str, bytes] = {
    "plain": _event('"law": "Ireland"'),
    "accents": _event('"Größe": "Żółć ñandú Ærøskøbing"'),
    "other scripts": _event('"甲方": "株式会社", "الطرف": "شركة", "צד": "חברה"'),
    "emoji": _event('"signed": "👩🏽‍⚖️ ✅ 🇮🇪"'),
    "combining": _event('"e": "e\u0301", "é": "\u00e9"'),
    "separators": _event('"a": "\u2028 \u2029 \u00a0 \ufeff"'),
    "escapes": _event(r'"a": "\u0001 \" \\ \/ \n \ud83d\ude00"'),
    "big numbers": _event('"n": 123456789012345678901234567890, "m": 12.50, "x": 1e400, "y": -0.0'),
    "long": _event('"text": "' + "Straße " * 30_000 + '"'),
    "thin": f'{{"type":"job.completed","data":{{"links":{{"self":"/jobs/{JOB}"}}}}}}'.encode(),
}


def before_a_rotation(now: int) -> Iterator[Case]:
    """One secret signs, and the receiver has it."""
    secret = new_secret()
    for name, body in BODIES.items():
        yield Case(name, secret, body, signed_headers(ID, now, body, [secret]), accepted=True)


def during_a_rotation(now: int) -> Iterator[Case]:
    """Both secrets sign; a receiver has the new one, the old one, or one that is neither."""
    new, old = new_secret(), new_secret()
    for name, body in BODIES.items():
        headers = signed_headers(ID, now, body, [new, old])
        yield Case(f"{name}, new", new, body, headers, accepted=True)
        yield Case(f"{name}, old", old, body, headers, accepted=True)
        yield Case(f"{name}, neither", new_secret(), body, headers, accepted=False)


def after_a_rotation(now: int) -> Iterator[Case]:
    """The new secret signs alone."""
    new, old = new_secret(), new_secret()
    for name, body in BODIES.items():
        headers = signed_headers(ID, now, body, [new])
        yield Case(f"{name}, new", new, body, headers, accepted=True)
        yield Case(f"{name}, old", old, body, headers, accepted=False)


def altered_bodies(now: int) -> Iterator[Case]:
    """One bit of the body flipped, in every byte of it; and the same JSON written in another way."""
    secret = new_secret()
    headers = signed_headers(ID, now, BODY, [secret])
    for place in range(len(BODY)):
        flipped = bytearray(BODY)
        flipped[place] ^= 1 << (place % 8)  # also bits that make it no UTF-8
        yield Case(f"body byte {place}", secret, bytes(flipped), headers, accepted=False)
    again = json.dumps(json.loads(BODY), ensure_ascii=False).encode()
    yield Case("written again", secret, again, headers, accepted=False)
    yield Case("nothing", secret, b"", headers, accepted=False)
    yield Case("a line feed more", secret, BODY + b"\n", headers, accepted=False)


def altered_headers(now: int, secret: str | None = None) -> Iterator[Case]:
    """One character of the id, the time or the signature is another; or the header is missing."""
    secret = secret or new_secret()
    good = signed_headers(ID, now, BODY, [secret])
    signature = good["webhook-signature"]
    for header, value in good.items():
        for place in range(len(value)):
            if header == "webhook-signature" and place == len(signature) - 2:
                continue  # below
            flipped = value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]
            yield Case(f"{header} {place}", secret, BODY, {**good, header: flipped}, accepted=False)
        without = {name: other for name, other in good.items() if name != header}
        yield Case(f"no {header}", secret, BODY, without, accepted=False)
    # Of the last character base64 uses four bits; Python's library does not look at the other two.
    last = _ALPHABET[_ALPHABET.index(signature[-2]) ^ 0b100]
    flipped = f"{signature[:-2]}{last}="
    yield Case("last character", secret, BODY, {**good, "webhook-signature": flipped}, accepted=False)
    cut = {**good, "webhook-signature": signature[:-8]}
    yield Case("signature cut", secret, BODY, cut, accepted=False)
    other = signed_headers("msg_other", now, BODY, [secret])
    yield Case("another's signature", secret, BODY, {**other, "webhook-id": ID}, accepted=False)


def times(now: int, secret: str | None = None) -> Iterator[Case]:
    """Rightly signed, at times around the five minutes of tolerance."""
    secret = secret or new_secret()
    for age, accepted in ((360, False), (240, True), (0, True), (-240, True), (-360, False), (86_400, False)):
        headers = signed_headers(ID, now - age, BODY, [secret])
        yield Case(f"{age} seconds old", secret, BODY, headers, accepted=accepted)
    good = signed_headers(ID, now, BODY, [secret])
    for value in ("yesterday", "nan", "inf", "9" * 400, f"-{now}"):
        yield Case(f"time {value[:9]}", secret, BODY, {**good, "webhook-timestamp": value}, accepted=False)


def versions(now: int, secret: str | None = None) -> Iterator[Case]:
    """Several signatures: one right `v1` is enough wherever it stands, and no other version counts."""
    secret = secret or new_secret()
    good = signed_headers(ID, now, BODY, [secret])
    right = good["webhook-signature"].removeprefix("v1,")
    wrong = base64.b64encode(bytes(32)).decode()
    ed25519 = base64.b64encode(bytes(range(64))).decode()
    for signatures, accepted in (
        (f"v1a,{ed25519}", False),
        (f"v1a,{right}", False),
        (f"v2,{right}", False),
        (f"V1,{right}", False),
        (f"v1,{wrong}", False),
        (f"v1,{wrong} v1,{wrong}", False),
        ("v1,", False),
        (f"v1a,{ed25519} v1,{right}", True),
        (f"v2,{right} v1,{right}", True),
        (f"v2,{wrong} v1,{right} v1a,{ed25519}", True),
        (f"v1,{wrong} v1,{wrong} v1,{right}", True),
        (f"v1,{right} v1,{wrong}", True),
    ):
        headers = {**good, "webhook-signature": signatures}
        yield Case(signatures, secret, BODY, headers, accepted=accepted)


GROUPS = (
    before_a_rotation,
    during_a_rotation,
    after_a_rotation,
    altered_bodies,
    altered_headers,
    times,
    versions,
)
