"""Loaded by Schemathesis itself: values it cannot know, and checks in this API's terms."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import schemathesis
from claimcheck.jobs.names import TASK_NAMES
from claimcheck.usecases.usage import MAX_DAYS
from hypothesis import strategies as st
from schemathesis.generation.meta import CoverageScenario, coverage_scenario
from schemathesis.specs.openapi.checks import positive_data_acceptance

if TYPE_CHECKING:
    from schemathesis import Case, CheckContext, Response

_TASKS = {f"/jobs/{task}" for task in TASK_NAMES}
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
    if case.method == "OPTIONS" and response.status_code == 200 and not response.content:
        return None  # what SAM answers browsers on every path (Cors in the template)
    allowed = {"route_not_found"}
    if case.path in _TASKS and case.method in {"GET", "DELETE"}:  # `extract` is taken for a job's id
        allowed = {"job_not_found"}
    elif case.path == "/jobs/{job_id}" and case.method == "POST":  # and an id for a task
        allowed = {"task_unknown"}
    code = None if case.method == "HEAD" else _problem(response).get("code")
    if response.status_code != 404 or (code is not None and code not in allowed):
        raise AssertionError(f"{case.method} {case.path} was answered {response.status_code} {code}")
    return None


@schemathesis.check
def what_fits_is_taken(ctx: CheckContext, response: Response, case: Case[Any]) -> bool | None:
    """A request that fits the document is not refused for what it says.

    It may be for what is stored (a key that was used, a document that is not there, a job that was deleted)
    and for what JSON Schema has no words for (a name that stands in a list twice, what an address is, days
    that are too far apart).
    """
    problem = _problem(response) if response.status_code in {410, 422} else {}
    if problem.get("code") in {"idempotency_mismatch", "purged"}:
        return None
    if case.path == "/usage" and response.status_code == 400 and _apart(case.query):
        return None
    faults = problem.get("errors", [])
    if faults and all(_is_not_in_the_document(fault, case.body) for fault in faults):
        return None
    taken: bool | None = positive_data_acceptance(ctx, response, case)
    return taken


def _is_not_in_the_document(fault: dict[str, str], body: Any) -> bool:
    """What JSON Schema cannot say; of an address only the scheme. Those drawn here are to be taken."""
    pointer, detail = fault["pointer"], fault["detail"]
    if pointer in {"/webhook_url", "/url"} and isinstance(body, dict):
        return ".invalid" not in str(body.get(pointer[1:]))
    if pointer == "/document/document_id":
        return detail.startswith("names no document")
    return detail in {"is the name of an earlier field", "is the id of an earlier criterion"}


def _apart(query: Any) -> bool:
    """Whether these are two days of which the second is not among the 93 from the first on."""
    try:
        days = [date.fromisoformat(str((query or {}).get(name))) for name in ("from", "to")]
    except ValueError:
        return False
    return not 0 <= (days[1] - days[0]).days < MAX_DAYS


def _problem(response: Response) -> dict[str, Any]:
    try:
        found = json.loads(response.content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
