"""`Retry-After` (RFC 9110, section 10.2.3): seconds or a date, heard on 429 and 503, a day at most."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from claimcheck.webhooks.retry_after import MAX_S, retry_after_s
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(1994, 11, 6, 8, 49, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("1", 1),
        ("120", 120),
        (" 120\t", 120),
        ("007", 7),
        ("86400", 86_400),
        ("86401", MAX_S),
        ("9" * 5000, MAX_S),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 37),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 37),
        ("Sun Nov  6 08:49:37 1994", 37),
        ("Mon, 07 Nov 1994 08:49:00 GMT", MAX_S),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_S),
    ],
)
def test_seconds_and_dates(status: int, value: str, seconds: float) -> None:
    """Seconds, and the three forms of a date, from now on; never more than a day."""
    assert retry_after_s(status, value, now=NOW) == seconds


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "-1",
        "+1",
        "1.5",
        "1e3",
        "0x10",
        "１２０",
        "120, 240",
        "120 s",
        "soon",
        "nan",
        "inf",
        "Sun, 06 Nov 1994 08:48:59 GMT",
        "Sun, 06 Nov 1994 08:49:00 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Sun, 06 Nov 1994 08:49:37 PST",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 31 Feb 1995 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "1994-11-06T08:49:37Z",
    ],
)
def test_what_says_nothing(value: str | None) -> None:
    """Nothing, what is neither of both, and a date that has passed are no wish to wait."""
    assert retry_after_s(503, value, now=NOW) is None


@pytest.mark.parametrize("status", [100, 200, 202, 301, 307, 400, 410, 413, 500, 502, 504])
def test_other_answers_are_not_heard(status: int) -> None:
    """Only "too many requests" and "unavailable" may say when."""
    assert retry_after_s(status, "120", now=NOW) is None


@given(value=st.text(), now=st.floats(0, 1e11))
def test_whatever_stands_there(value: str, now: float) -> None:
    """Any header is nothing, or a time from 0 to a day."""
    wait = retry_after_s(503, value, now=now)
    assert wait is None or 0 <= wait <= MAX_S


@given(moment=st.datetimes(datetime(1900, 1, 1), datetime(9999, 1, 1)), wait=st.integers(1, 86_400))  # noqa: DTZ001
def test_a_date_is_its_distance(moment: datetime, wait: int) -> None:
    """A date so many seconds ahead is so many seconds."""
    at = moment.replace(microsecond=0, tzinfo=UTC)
    assert retry_after_s(429, format_datetime(at, usegmt=True), now=at.timestamp() - wait) == wait
