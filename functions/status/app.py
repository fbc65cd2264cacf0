"""What a job is, was and says: everything under /jobs but taking one; /limits, /usage and /health."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from claimcheck.bootstrap import answering
from claimcheck.rest import JSON, Answer, Api, Request, known_tag, uncached
from claimcheck.telemetry import observed
from claimcheck.usecases.read import Filters

if TYPE_CHECKING:
    from claimcheck.bootstrap.answering import StatusService
    from claimcheck.store.reading import JobView

_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?([0-9]{1,5})\"?\s*(?:[,;]|$)", re.IGNORECASE)


@cache
def _api() -> Api:
    routes = _Routes(answering.status())
    return Api(
        {
            "GET /jobs/{id}": routes.job,
            "GET /jobs": routes.jobs,
            "POST /jobs/{id}/cancel": routes.cancel,
            "POST /jobs/{id}/redrive": routes.redrive,
            "DELETE /jobs/{id}": routes.delete,
            "GET /jobs/{id}/events": routes.events,
            "GET /jobs/{id}/document": routes.document,
            "GET /limits": routes.limits,
            "GET /usage": routes.usage,
            "GET /health": routes.health,
        }
    )


class _Routes:
    def __init__(self, service: StatusService) -> None:
        self._service = service

    def job(self, request: Request) -> Answer:
        wait_s = _wait_s(request.header("prefer"))
        read = self._service.read
        view = read.job(request.tenant_id, request.part("id"), wait_s=wait_s, base=request.base)
        return _job(view, if_none_match=request.header("if-none-match"), waited=wait_s > 0)

    def jobs(self, request: Request) -> Answer:
        filters = Filters(*(request.query(name) for name in ("status", "task", "cursor", "limit")))
        return uncached(self._service.read.jobs(request.tenant_id, filters, base=request.base))

    def cancel(self, request: Request) -> Answer:
        return _job(self._service.cancel(request.tenant_id, request.part("id"), base=request.base))

    def redrive(self, request: Request) -> Answer:
        return _job(self._service.redrive(request.tenant_id, request.part("id"), base=request.base))

    def delete(self, request: Request) -> Answer:
        self._service.purge.job(request.tenant_id, request.part("id"))
        return Answer(204)

    def events(self, request: Request) -> Answer:
        return uncached(self._service.read.trail(request.tenant_id, request.part("id")))

    def document(self, request: Request) -> Answer:
        return uncached(self._service.read.document(request.tenant_id, request.part("id")))

    def limits(self, request: Request) -> Answer:
        return uncached(self._service.allowance(request.tenant_id))

    def usage(self, request: Request) -> Answer:
        return uncached(self._service.usage(request.tenant_id, request.query("from"), request.query("to")))

    def health(self, _request: Request) -> Answer:
        return uncached(json.dumps(self._service.read.health()))


def _job(view: JobView, *, if_none_match: str | None = None, waited: bool = False) -> Answer:
    tag = f'"{view.version}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if waited:
        headers["Preference-Applied"] = "wait"
    if known_tag(tag, if_none_match):
        return Answer(304, headers=headers)
    return Answer(200, view.body, JSON, headers)


def _wait_s(prefer: str | None) -> float:
    """Seconds of `Prefer: wait=N` (RFC 7240); a preference that does not parse is none."""
    match = _WAIT.search(prefer or "")
    return float(match[1]) if match else 0.0


def _status(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return _api()(event)


handler = observed(_status)
