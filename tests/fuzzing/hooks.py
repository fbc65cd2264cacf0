"""Loaded by Schemathesis itself: values it cannot know, and checks in this API's terms."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.generation.meta import CoverageScenario, coverage_scenario
from schemathesis.specs.openapi.checks import positive_data_acceptance

if TYPE_CHECKING:
    from schemathesis import Case, CheckContext, Response

_LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
_REST = st.from_regex(r"(/[A-Za-z0-9._~-]{0,9}){0,3}(\?[a-z]=[a-z0-9%]{0,5})?", fullmatch=True)

# The only addresses of a request are those of webhooks. The names are reserved: they lead nowhere (RFC 2606).
schemathesis.openapi.format(
    "uri",
    st.builds("https://{}.{}.invalid{}{}".format, _LABEL, _LABEL, st.sampled_from(["", ":8443"]), _REST),
)


@schemathesis.check
def unknown_method_is_no_route(ctx: CheckContext, response: Response, case: Case[Any]) -> bool | None:
    """404 `route_not_found` for a method that the document does not give a path."""
    if coverage_scenario(case) != CoverageScenario.UNSPECIFIED_HTTP_METHOD:
        return None
    if case.method == "POST" and case.path == "/jobs/{job_id}":  # the tasks' route: this is no task
        codes = {"task_unknown", "query_invalid", "body_too_large"}
    elif case.method == "GET" and case.path.startswith("/jobs/"):  # `extract` is taken for an id
        codes = {"job_not_found"}
    else:
        codes = {"route_not_found"}
    code = None if case.method == "HEAD" else _problem(response).get("code")
    if response.status_code != 404 or (code is not None and code not in codes):
        raise AssertionError(f"{case.method} {case.path} was answered {response.status_code} {code}")
    return None


@schemathesis.check
def what_fits_is_taken(ctx: CheckContext, response: Response, case: Case[Any]) -> bool | None:
    """A request that fits the document is not refused for what it says, but for what is stored alone."""
    problem = _problem(response) if response.status_code == 422 else {}
    if problem.get("code") == "idempotency_mismatch":
        return None
    pointers = [error["pointer"] for error in problem.get("errors", [])]
    if pointers == ["/document/document_id"] and problem["errors"][0]["detail"].startswith(
        "names no document"
    ):
        return None
    taken: bool | None = positive_data_acceptance(ctx, response, case)
    return taken


def _problem(response: Response) -> dict[str, Any]:
    try:
        found = json.loads(response.content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
