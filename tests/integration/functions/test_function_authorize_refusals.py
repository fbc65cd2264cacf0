"""authorize: what cannot be a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.functions.recorded import authorization

if TYPE_CHECKING:
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

MALFORMED = [
    None,
    "",
    "Bearer",
    "Bearer ",
    "Basic YTpi",
    "ck_0123456789ab_" + "A" * 43,
    "Bearer ck_0123456789ab_" + "A" * 42,
    "Bearer ck_0123456789AB_" + "A" * 43,
    "Bearer ck_0123456789ab_" + "A" * 42 + "é",
    "Bearer ck_0123456789ab_" + "A" * 43 + " more",
    "Bearer ' OR 1=1 --",
]


@pytest.mark.parametrize("header", MALFORMED)
def test_what_cannot_be_a_key_is_unauthorized(standing: tuple[Stage, Rows], header: str | None) -> None:
    """Exactly this exception is API Gateway's contract for 401."""
    with pytest.raises(Exception, match=r"\AUnauthorized\Z") as raised:
        standing[0].call("authorize", authorization(header))
    assert raised.type is Exception
    assert raised.value.__suppress_context__


def test_no_headers_at_all_are_unauthorized(standing: tuple[Stage, Rows]) -> None:
    """API Gateway sends null where a request has no header."""
    with pytest.raises(Exception, match=r"\AUnauthorized\Z"):
        standing[0].call("authorize", {**authorization(None), "headers": None})
