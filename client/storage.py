"""The storage behind the API: bytes go there and come from there by addresses that the API gave."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import httpx

from client.failures import ApiProblem, Damaged, Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from client.shapes import Json


class Storage:
    """Asked without our key, which is nobody else's business.

    Each call raises Unreachable, or ApiProblem `upload_refused` or `download_refused`.
    """

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport

    def put(self, target: Json, content: Iterable[bytes]) -> None:
        """Put bytes where `upload` of a document says."""
        patience = httpx.Timeout(30.0, connect=5.0, read=120.0)
        self._ask(
            "upload", target["method"], target["url"], patience, headers=target["headers"], content=content
        )

    def get(self, link: Json) -> bytes:
        """What a link of an answer leads to. Raises Damaged where it has not the SHA-256 that is said."""
        content = self._ask("download", "GET", link["url"], httpx.Timeout(60.0, connect=5.0)).content
        said = link.get("sha256")
        if said and hashlib.sha256(content).hexdigest() != said:
            raise Damaged(
                f"the storage gave {len(content)} bytes that do not have the SHA-256 {said}, which the API "
                "says they have: try again; if it stays, tell the service's owner"
            )
        return content

    def _ask(
        self, what: str, method: str, url: str, patience: httpx.Timeout, **request: Any
    ) -> httpx.Response:
        try:
            with httpx.Client(timeout=patience, transport=self._transport) as http:
                answer = http.request(method, url, **request)
        except httpx.HTTPError as error:
            raise Unreachable(f"the {what} was cut off ({error}): try again") from error
        if not answer.is_success:
            raise ApiProblem(
                status=answer.status_code,
                code=f"{what}_refused",
                title=f"The storage refused the {what}",
                detail=_code(answer),
            )
        return answer


def _code(answer: httpx.Response) -> str:
    """S3 answers with XML, of which its error code is enough."""
    match = re.search(r"<Code>(\w{1,60})</Code>", answer.text[:4096])
    return match[1] if match else ""
