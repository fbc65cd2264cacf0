"""Links begin with the path below which the API is served: a stage, a domain's mapping, or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from claimcheck.rest import Request


def base(path: str, context: dict[str, Any]) -> str:
    """What a request to `path` is answered with."""
    return Request({"path": path, "requestContext": context}).base


@pytest.mark.parametrize(
    ("path", "whole", "found"),
    [
        pytest.param("/jobs/1", "/v1/jobs/1", "/v1", id="the stage"),
        pytest.param("/jobs", "/v1/jobs", "/v1", id="the stage, of a list"),
        pytest.param("/jobs", "/claims/api/jobs", "/claims/api", id="a mapping of two steps"),
        pytest.param("/jobs/1", "/jobs/1", "", id="a domain of its own"),
        pytest.param("/v1/jobs/1", "/v1/jobs/1", "", id="the same"),
        pytest.param("/jobs/1", "/elsewhere", "", id="another path"),
        pytest.param("/jobs/jobs", "/jobs/jobs/jobs", "/jobs", id="a base of the same name"),
    ],
)
def test_the_base_is_what_stands_before_the_path(path: str, whole: str, found: str) -> None:
    """The base is the request's whole path without the route's, and never ends in a slash."""
    assert base(path, {"path": whole}) == found


def test_a_gateway_that_tells_no_path_has_no_base() -> None:
    """Where the gateway says nothing of the whole path, links begin at the root."""
    assert base("/jobs/1", {"path": None}) == ""
