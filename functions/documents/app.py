"""POST /documents and GET, DELETE /documents/{id}: where a document's bytes are to be uploaded.

POST /estimates: what a job about a document of some size would use.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from claimcheck.bootstrap import answering
from claimcheck.rest import JSON, Answer, Api, Request, uncached
from claimcheck.telemetry import observed


@cache
def _api() -> Api:
    return Api(
        {
            "POST /documents": _post_document,
            "GET /documents/{id}": _get_document,
            "DELETE /documents/{id}": _delete_document,
            "POST /estimates": _post_estimate,
        }
    )


def _post_document(request: Request) -> Answer:
    shown = answering.documents().announce.post(request.tenant_id, request.body, base=request.base)
    headers = {"Location": f"{request.base}/documents/{shown.document_id}", "Cache-Control": "no-store"}
    return Answer(201 if shown.made else 200, shown.body, JSON, headers)


def _get_document(request: Request) -> Answer:
    announce = answering.documents().announce
    shown = announce.get(request.tenant_id, request.part("id"), base=request.base)
    return uncached(shown.body)


def _delete_document(request: Request) -> Answer:
    purge = answering.documents().purge
    purge.document(request.tenant_id, request.part("id"), jobs=request.query("jobs"))
    return Answer(204)


def _post_estimate(request: Request) -> Answer:
    return uncached(json.dumps(answering.estimate()(request.body)))


def _documents(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return _api()(event)


handler = observed(_documents)
