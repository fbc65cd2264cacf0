"""Everything that a deployment keeps, as bytes: a dump of the database and every version in the bucket."""

from __future__ import annotations

import base64
import re
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import quote

from local.postgres import _wheel_binaries

if TYPE_CHECKING:
    from tests.integration.functions.stage import Stage

HEX = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


def dumped(database_url: str) -> bytes:
    """The whole database as SQL text, by pg_dump."""
    command = [str(_wheel_binaries() / "pg_dump"), "--no-owner", "--inserts", database_url]
    return subprocess.run(command, check=True, capture_output=True, timeout=120).stdout


def bucket(stage: Stage) -> dict[str, bytes]:
    """What lies in the bucket, every version, by key."""
    found: dict[str, bytes] = {}
    pages = stage.s3.get_paginator("list_object_versions").paginate(Bucket=stage.bucket)
    for page in pages:
        for each in page.get("Versions", []):
            answer = stage.s3.get_object(Bucket=stage.bucket, Key=each["Key"], VersionId=each["VersionId"])
            found[f"{each['Key']}@{each['VersionId']}"] = answer["Body"].read()
    return found


def everything(stage: Stage, database_url: str) -> bytes:
    """Database and bucket, in one heap."""
    objects = bucket(stage)
    return dumped(database_url) + b"".join(key.encode() + content for key, content in objects.items())


def encodings(text: str) -> set[bytes]:
    """The forms in which `text` might be kept, each without what depends on its surroundings."""
    raw = text.encode()
    forms = {raw, raw.hex().encode(), text.encode("utf-16-le"), quote(text).encode(), raw[::-1]}
    for before in range(3):  # base64 shows a word in three ways, by the place where it begins
        encoded = base64.b64encode(b"\0" * before + raw)
        inner = encoded[4 if before else 0 : -4]
        forms |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return forms | {form.lower() for form in forms} | {form.upper() for form in forms}


def found_in(heap: bytes, words: dict[str, str]) -> set[str]:
    """Those of `words` (by what they were put into) that the heap holds in any form."""
    return {
        place
        for place, word in words.items()
        if any(form in heap for form in encodings(word) if len(form) >= 8)
    }


def hashes_in(heap: bytes) -> set[str]:
    """Every SHA-256 in the heap, and whatever else looks like one."""
    return {each.decode() for each in HEX.findall(heap.replace(b"\\x", b" "))}
