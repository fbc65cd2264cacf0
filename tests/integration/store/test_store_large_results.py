"""How long a result is, is known before it is written, and read without loading it."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from claimcheck.jobs.states import Status
from claimcheck.store.jobs import finish_job
from claimcheck.store.reading import get_job
from claimcheck.usecases.results import as_json, written_bytes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.store.jobs_in_states import TENANT, claimed
from tests.integration.store.traces import value

if TYPE_CHECKING:
    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda items: st.lists(items, max_size=4) | st.dictionaries(_TEXTS, items, max_size=4),
    max_leaves=12,
)
RESULTS = st.dictionaries(_TEXTS, _VALUES, max_size=4)


def stored_bytes(sql: Sql, result: dict[str, Any]) -> int:
    """The result's length as `status` measures it."""
    asked = "SELECT octet_length(%(result)s::jsonb::text)"
    return int(value(sql, asked, {"result": as_json(result).decode()}))


def has_exponent(found: object) -> bool:
    """Whether a float is in it that PostgreSQL writes in another way than Python."""
    match found:
        case float():
            return "e" in repr(found)
        case list():
            return any(map(has_exponent, found))
        case dict():
            return any(map(has_exponent, found.values()))
    return False


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(result=RESULTS)
def test_a_result_is_never_written_longer_than_was_reckoned(sql_connection: Sql, result: Any) -> None:
    """And exactly as long, but for floats with an exponent: what is linked to was put there."""
    stored = stored_bytes(sql_connection, result)
    assert stored <= written_bytes(result)
    if not has_exponent(result):
        # Negative zero loses its sign.
        minus_zeros = json.dumps(result).count("-0.0")
        assert written_bytes(result) - stored <= minus_zeros


def test_the_longest_numbers_are_reckoned_with(sql_connection: Sql) -> None:
    """The smallest, the largest and a long small float come out with hundreds of digits."""
    numbers = [5e-324, 1.7976931348623157e308, -2.2250738585072014e-308, math.nextafter(1e-307, 0)]
    for number in numbers:
        result = {"n": [number]}
        assert 300 < stored_bytes(sql_connection, result) <= written_bytes(result)


def test_a_result_over_the_bound_is_left_out(database: Database) -> None:
    """An answer at the bound holds it, one that is a byte longer does not; all else stays the same."""
    job = claimed(database)
    result = {"overview": 'Größe "'}
    finish_job(database, job.job_id, 1, status=Status.COMPLETED, result=result)
    whole = get_job(database, TENANT, job.job_id)
    assert whole is not None
    size = len(whole.body.encode())
    assert get_job(database, TENANT, job.job_id, most_bytes=size) == whole
    less = get_job(database, TENANT, job.job_id, most_bytes=size - 1)
    assert less is not None
    assert (whole.result_left_out, less.result_left_out) == (False, True)
    members = json.loads(whole.body)
    assert members.pop("result") == result
    assert json.loads(less.body) == members
    assert (less.job_id, less.attempt, less.version) == (job.job_id, 1, whole.version)


def test_a_job_without_a_result_is_whole_whatever_the_bound(database: Database) -> None:
    """There is nothing to leave out, and nothing to link to."""
    job = claimed(database)
    assert get_job(database, TENANT, job.job_id, most_bytes=1) == get_job(database, TENANT, job.job_id)
