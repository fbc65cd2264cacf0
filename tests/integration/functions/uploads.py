"""A client that uploads, against the deployment's bucket."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.integration.functions.documents import CLAIM
from tests.integration.functions.recorded import arrivals, failed_ids, get_document, post_document, post_job

if TYPE_CHECKING:
    from tests.integration.functions.stage import Stage

CONTENT = CLAIM.encode()


def digest_of(content: bytes) -> str:
    """As it is announced."""
    return hashlib.sha256(content).hexdigest()


def key_of(content: bytes, tenant: str = "acme") -> str:
    """Where it is to lie in the bucket."""
    return f"documents/{tenant}/{digest_of(content)}"


def announcement(content: bytes = CONTENT, **changes: Any) -> dict[str, Any]:
    """What is said of bytes before they are uploaded."""
    said = {"name": "claim.txt", "media_type": "text/plain", "bytes": len(content)}
    return {**said, "sha256": digest_of(content), **changes}


def announce(stage: Stage, content: bytes = CONTENT, *, tenant: str = "acme", **changes: Any) -> Any:
    """Announce bytes; the document."""
    answer = stage.call("documents", post_document(announcement(content, **changes), tenant=tenant))
    assert answer["statusCode"] in {200, 201}, answer
    return json.loads(answer["body"])


def shown(stage: Stage, document_id: str, *, tenant: str = "acme") -> Any:
    """A document as it is now."""
    answer = stage.call("documents", get_document(document_id, tenant=tenant))
    assert answer["statusCode"] == 200, answer
    return json.loads(answer["body"])


def put(stage: Stage, upload: Any, content: bytes = CONTENT) -> None:
    """Upload with the headers that the answer says; tests/e2e tries whether others are refused."""
    lay_down(
        stage,
        content,
        urlsplit(upload["url"]).path.partition(f"/{stage.bucket}/")[2],
        ContentType=upload["headers"]["Content-Type"],
        ChecksumSHA256=upload["headers"]["x-amz-checksum-sha256"],
    )


def lay_down(stage: Stage, content: bytes, key: str, **more: Any) -> None:
    """Bytes in the bucket that nobody checked on their way."""
    stage.s3.put_object(Bucket=stage.bucket, Key=key, Body=content, **more)


def tell(stage: Stage, *keys: str) -> list[str]:
    """The bucket's event; the messages that failed."""
    return failed_ids(stage.call("uploads", arrivals(*keys)))


def name_in_job(stage: Stage, document_id: str, **more: Any) -> str:
    """A job that names a document; its id."""
    body = {"document": {"document_id": document_id, **more}, "fields": ["policy_number"]}
    answer = stage.call("submit", post_job("extract", body))
    assert answer["statusCode"] == 202, answer
    return str(json.loads(answer["body"])["job_id"])


def refusal(stage: Stage, body: Any) -> tuple[int, str, dict[str, str]]:
    """Status, code, and what is wrong with which field."""
    answer = stage.call("documents", post_document(body))
    problem = json.loads(answer["body"])
    assert answer["multiValueHeaders"]["Content-Type"] == ["application/problem+json"]
    errors = {each["pointer"]: each["detail"] for each in problem.get("errors", [])}
    return answer["statusCode"], problem["code"], errors
