"""Hand-made trails: hashes written out from the format, not with the code under test."""

from __future__ import annotations

import hashlib
from typing import Any

from claimcheck.client.jsontext import loads

JOB_ID = "01938a3e-0000-7000-8000-000000000001"
KEY = "00ff" * 8
# jsonb's text, by hand: keys by length, then bytes.
RESULT_TEXT = '{"fields": {"net": 12.50, "name": "Größe"}, "evidence": {}}'
STEPS: tuple[tuple[str, str, int, str], ...] = (
    ("accepted", "pending", 0, '{"task": "extract", "input_digest": "aa"}'),
    ("claimed", "running", 1, '{"lease": "2026-11-24T04:05:00Z"}'),
    ("retry", "pending", 1, '{"code": "overloaded", "delay": 1.50}'),
    ("claimed", "running", 2, "{}"),
    ("completed", "completed", 2, ""),
)


def chain(steps: tuple[tuple[str, str, int, str], ...] = STEPS) -> tuple[Any, Any]:
    """A job and its trail, sound in every respect, as the client reads them."""
    result_digest = hashlib.sha256(bytes.fromhex(KEY) + RESULT_TEXT.encode()).hexdigest()
    previous, events = "0" * 64, []
    for seq, (kind, status, attempt, given) in enumerate(steps, start=1):
        detail = given or f'{{"result_digest": "{result_digest}"}}'
        at = f"2026-11-24T04:00:0{seq}.123456Z"
        content = f"{previous}\n{JOB_ID}\n{seq}\n{at}\n{kind}\n{status}\n{attempt}\n{detail}"
        own = hashlib.sha256(content.encode()).hexdigest()
        events.append(
            f'{{"seq": {seq}, "at": "{at}", "type": "{kind}", "status": "{status}", "attempt": {attempt}, '
            f'"detail": {detail}, "prev_hash": "{previous}", "hash": "{own}"}}'
        )
        previous = own
    status = steps[-1][1]
    result = RESULT_TEXT if status in {"completed", "partial"} else "null"
    trail = f'{{"job_id": "{JOB_ID}", "digest_key": "{KEY}", "events": [{", ".join(events)}]}}'
    job = (
        f'{{"job_id": "{JOB_ID}", "task": "extract", "status": "{status}", "result": {result}, '
        '"created_at": "2026-11-24T04:00:01Z"}'
    )
    return loads(job), loads(trail)
