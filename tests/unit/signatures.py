"""AWS's signature, version 4, over a request as it arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from botocore.credentials import Credentials

REGION = "eu-central-1"


def signature_over(
    headers: Mapping[str, str],
    names: Sequence[str],
    body: bytes,
    *,
    url: str,
    service: str,
    credentials: Credentials,
) -> str:
    """What AWS computes over a POST with these headers, of which `names` are signed."""
    copy = AWSRequest("POST", url, headers={name: headers[name] for name in names}, data=body)
    copy.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(credentials, service, REGION)
    found: str = signer.signature(signer.string_to_sign(copy, signer.canonical_request(copy)), copy)
    return found
