"""The body of a webhook: its shape, its size, and that it is the same bytes each time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from claimcheck.webhooks.events import MAX_RESULT_BYTES, body_of, message_id
from hypothesis import given
from hypothesis import strategies as st

AT = "2000-01-01T00:00:00.000Z"
THIN = '{"job_id":"1","links":{"self":"/jobs/1"}}'

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def data_of_size(size: int) -> str:
    """JSON text of exactly `size` bytes as UTF-8."""
    text = json.dumps({"result": ""})
    return json.dumps({"result": "x" * (size - len(text))})


@given(values)
def test_the_body_has_the_three_members(value: Any) -> None:
    """A body is JSON with `type`, `timestamp` and `data`, in Standard Webhooks' shape."""
    body = body_of("job.completed", AT, json.dumps(value), THIN)
    assert json.loads(body) == {"type": "job.completed", "timestamp": AT, "data": value}


def test_numbers_stay_as_the_database_wrote_them() -> None:
    """`data` goes in character for character: no number is rounded on its way."""
    exact = '{"amount": 12345678901234567890.10}'
    assert exact.encode() in body_of("job.completed", AT, exact, THIN)


@given(st.text())
def test_the_same_bytes_every_time(text: str) -> None:
    """Two attempts of one event send the same bytes."""
    data = json.dumps({"result": text}, ensure_ascii=False)
    assert body_of("job.completed", AT, data, THIN) == body_of("job.completed", AT, data, THIN)


def test_the_largest_result_is_sent_whole() -> None:
    """Data of exactly 256 kB goes into the body."""
    data = data_of_size(MAX_RESULT_BYTES)
    assert json.loads(body_of("job.completed", AT, data, THIN))["data"] == json.loads(data)


def test_a_larger_result_is_linked() -> None:
    """Data of one byte more is replaced by the thin data with the job's link."""
    data = data_of_size(MAX_RESULT_BYTES + 1)
    assert json.loads(body_of("job.completed", AT, data, THIN))["data"] == json.loads(THIN)


def test_size_is_counted_in_bytes() -> None:
    """Text outside of ASCII counts by its bytes, not by its characters."""
    data = json.dumps({"result": "€" * (MAX_RESULT_BYTES // 2)}, ensure_ascii=False)
    assert len(data) < MAX_RESULT_BYTES < len(data.encode())
    assert json.loads(body_of("job.completed", AT, data, THIN))["data"] == json.loads(THIN)


@pytest.mark.parametrize("character", ["x", '"', "\\", "\x01", "é", "€", "🎉"])
def test_a_body_fits_a_queue_message(character: str) -> None:
    """The largest body fits an SQS message (1 MiB), also where every character of it must be escaped."""
    size = len(json.dumps(character, ensure_ascii=False).encode()) - 2
    largest = json.dumps({"result": character * ((MAX_RESULT_BYTES - 20) // size)}, ensure_ascii=False)
    body = body_of("job.completed", AT, largest, THIN).decode()
    assert THIN not in body
    assert len(json.dumps({"body": body}, ensure_ascii=False).encode()) < 1_000_000


def test_an_event_keeps_its_id() -> None:
    """The id of a delivery's event is the same at every attempt."""
    assert message_id("0193") == message_id("0193") == "msg_0193"
